"""What the record is measured against: the same schema, sources and policy under Strawberry's own executor, Starlette
and plain httpx, without token check, federation, opt-out store or audit.

    python -m bench.baseline PORT SOURCES_PORT NUMBER_OF_SOURCES
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from policies.bundle import Policies
from policies.caller import Caller
from resolvers.context import RecordContext
from resolvers.directory import Directory
from resolvers.mutation import Mutation
from resolvers.query import Query
from resolvers.record.values import Organisation
from resolvers.scalars import SCALARS
from resolvers.sources.fhir_r4.adapter import FhirR4Adapter
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.pds.demographics import Pds, PdsOptions
from resolvers.sources.pds.localities import Localities
from resolvers.sources.source import Coverage, Source
from resolvers.sources.upstream import Reply

CALLER = Caller(issuer="bench", subject="bench", role="gp", organisation="Y00001")


class PlainHttpx:
    """An Upstream that is an httpx.AsyncClient and nothing more."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._client = httpx.AsyncClient(base_url=base_url)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float,
        idempotent: bool | None = None,
    ) -> Reply:
        timeout = deadline - asyncio.get_running_loop().time()
        answer = await self._client.request(
            method, path, params=dict(query) or None, headers=headers, content=content, timeout=timeout
        )
        return Reply(answer.status_code, answer.content, answer.headers)


class Everybody:
    """Nobody has opted out, and nobody asks for too many."""

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        return frozenset()

    async def add(self, nhs_number: str, *, by: str, reason: str) -> None: ...

    async def withdraw(self, nhs_number: str, *, by: str, reason: str) -> None: ...

    async def supersede(self, nhs_number: str, current: str, *, by: str) -> None: ...

    async def admit(self, caller: Caller, nhs_numbers: Collection[str]) -> bool:
        return True


class Endpoint(GraphQL[RecordContext, None]):
    """The endpoint, with a context as the gateway makes it."""

    def __init__(self, schema: Any, directory: Directory, policies: Policies) -> None:
        super().__init__(schema, graphql_ide=None)
        self._directory, self._policies = directory, policies

    async def get_context(self, request: Any, response: Any) -> RecordContext:
        deadline = asyncio.get_running_loop().time() + 10.0
        everybody = Everybody()
        return RecordContext(
            CALLER, self._policies, datetime.now(UTC), deadline, "bench", self._directory, everybody, everybody
        )


def application(sources_port: int, count: int) -> Starlette:
    address = f"http://127.0.0.1:{sources_port}"
    options = FhirR4Options(patient_by=PatientBy.NHS_NUMBER, everything=True)
    sources = []
    for place in range(count):
        organisation = Organisation(ods_code=f"Y1{place:04d}", name=f"Organisation {place}")
        adapter = FhirR4Adapter(PlainHttpx(f"{address}/fhir/{place}"), f"org-{place}", organisation, options)
        sources.append(Source(f"org-{place}", organisation, adapter, Coverage(everybody=True)))
    pds = Pds(
        PlainHttpx(f"{address}/pds"), Organisation(name="PDS"), Localities.load(), PdsOptions(requests_per_second=1e6)
    )
    schema = strawberry.federation.Schema(
        query=Query,
        mutation=Mutation,
        config=StrawberryConfig(scalar_map=SCALARS, sort_schema=False),
        federation_version="2.9",
        extensions=[ParserCache(), ValidationCache()],  # type: ignore[list-item]  # instances: a class would cache nothing
    )

    async def health(_: Request) -> Response:
        return Response(b"{}")

    app = Starlette()
    app.add_route("/health/ready", health)
    app.mount("/graphql", Endpoint(schema, Directory(pds, tuple(sources)), Policies.load(None)))
    return app


if __name__ == "__main__":
    port, sources_port, count = map(int, sys.argv[1:4])
    uvicorn.run(application(sources_port, count), port=port, loop="uvloop", http="httptools", access_log=False)
