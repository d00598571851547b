"""The adapter over the real upstream client and a real socket: what is true in memory is true on the wire."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.upstream.client import UpstreamClient
from gateway.upstream.settings import UpstreamSettings
from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.sources.fhir_r4.adapter import FhirR4Adapter
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.source import Answer, Ask, Coverage, Source
from resolvers.sources.upstream import Reply
from tests.resolvers.fhir_r4.server import (
    BASE,
    TRUST,
    Everything,
    FhirServer,
    allergy,
    codes,
    declared,
    observation,
    patient,
    question,
)
from tests.resolvers.recorded import Sent


def _application(server: FhirServer, port: int) -> Starlette:
    async def serve(request: Request) -> Response:
        path = request.url.path.removeprefix("/fhir").strip("/")
        query = tuple(request.query_params.multi_items())
        sent = Sent(request.method, path, query, dict(request.headers), await request.body(), 0.0)
        server.upstream.sent.append(sent)
        reply = server(sent)
        assert isinstance(reply, Reply)
        body = reply.body.replace(BASE.encode(), f"http://127.0.0.1:{port}/fhir".encode())
        return Response(body, reply.status, {"content-type": "application/fhir+json", **reply.headers})

    return Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "POST"])])


@asynccontextmanager
async def served(server: FhirServer, **options: object) -> AsyncIterator[Source]:
    """The server on a socket, and it as a source."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        config = uvicorn.Config(_application(server, port), log_level="warning", lifespan="off", date_header=False)
        http = uvicorn.Server(config)
        task = asyncio.create_task(http.serve([listener]))
        while not http.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait for
            await asyncio.sleep(0.005)
        client = UpstreamClient(UpstreamSettings("trust", f"http://127.0.0.1:{port}/fhir"))
        try:
            adapter = FhirR4Adapter(client, "rfl", TRUST, FhirR4Options(**options))  # type: ignore[arg-type]
            yield Source("rfl", TRUST, adapter, Coverage(everybody=True))
        finally:
            await client.aclose()
            http.should_exit = True
            await task


async def ask(source: Source, *sections: Section) -> Answer:
    wanted = question(*sections)
    deadline = asyncio.get_running_loop().time() + 20
    timed = Ask(wanted.subject, wanted.sections, wanted.caller, wanted.request_id, deadline, wanted.now)
    return await source.ask(timed, Everything())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch": True},
        {"post": True},
        {"everything": True},
        {"patient_by": PatientBy.IDENTIFIER},
        {"patient_by": PatientBy.CHAIN},
    ],
)
async def test_every_way_of_asking_works_on_the_wire(options: dict[str, object]) -> None:
    rows = [observation(f"o{each}") for each in range(12)]
    server = FhirServer([patient(), allergy("a1"), *rows], page=5, total=True)
    async with served(server, **options) as source:
        found = await ask(source, Section.ALLERGIES, Section.TEST_RESULTS)
    assert [entry.id for entry in found[Section.ALLERGIES].entries] == ["rfl:AllergyIntolerance/a1"]
    assert len(found[Section.TEST_RESULTS].entries) == 12
    assert {part.status for part in found.values()} == {SourceState.ANSWERED}
    assert found[Section.ALLERGIES].as_of == "2026-11-22T11:59:58Z"


async def test_a_declared_batch_is_one_request() -> None:
    statement = declared(
        {"Patient": ["identifier"], "AllergyIntolerance": ["patient"], "Flag": ["patient"]}, batch=True
    )
    server = FhirServer([patient(), allergy("a1")], statement)
    async with served(server, batch=True) as source:
        await ask(source, Section.ALLERGIES, Section.ALERTS)
    assert [(sent.method, sent.path) for sent in server.upstream.sent] == [
        ("GET", "metadata"),
        ("GET", "Patient"),
        ("POST", ""),
    ]


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(429, b'{"resourceType":"OperationOutcome"}', {"ratelimit-remaining": "0"}), SourceState.UNAVAILABLE),
        (Reply(401, b'{"resourceType":"OperationOutcome","issue":[{"code":"login"}]}'), SourceState.REFUSED),
        (Reply(302, b"", {"location": "https://evil.example/"}), SourceState.UNAVAILABLE),
        (Reply(200, b'{"resourceType":"Bundle","entry":[{"res'), SourceState.UNAVAILABLE),
    ],
)
async def test_a_refused_search_costs_its_section_on_the_wire(reply: Reply, state: SourceState) -> None:
    server = FhirServer([patient(), observation("o1")], replies={"AllergyIntolerance": reply})
    async with served(server) as source:
        found = await ask(source, Section.ALLERGIES, Section.TEST_RESULTS)
    assert (found[Section.ALLERGIES].status, codes(found[Section.ALLERGIES])) == (state, [])
    assert found[Section.TEST_RESULTS].status is SourceState.ANSWERED
