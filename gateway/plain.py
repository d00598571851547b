"""A plain federation gateway: any supergraph, and nothing of the record. For audits and benchmarks.

No identity, no policy, no opt-out, no audit: whoever can reach it sees whatever its subgraphs answer. `@defer` is not
served, and nothing of the caller's request is passed on but the operation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from gateway.app import Gateway
from gateway.config import Config, Limits, Server
from gateway.errors import Refusal
from gateway.federation.execute import Executor
from gateway.federation.fetcher import Fetcher, SubgraphRequest
from gateway.federation.http_fetcher import HttpFetcher, Sending
from gateway.federation.share import InFlight
from gateway.federation.supergraph import Subgraph
from gateway.federation.supergraph_read import read_supergraph
from gateway.federation.walk import PlanningError
from gateway.generation import Generation
from gateway.identity.anonymous import Everybody
from gateway.operation.documents import TrustedDocuments
from gateway.operation.prepare import Operations
from gateway.pipeline import Complete, Operation, RequestInfo, Visible
from gateway.upstream.client import UpstreamClient
from gateway.upstream.settings import UpstreamSettings
from gateway.upstream.transport.limits import Limits as TransportLimits
from policies.caller import Caller

log = structlog.get_logger("gateway")

WARNING = (
    "NO POLICY: this gateway knows no callers, withholds nothing, asks no opt-out registry and writes no audit. "
    "Never put it before systems that hold data about people."
)
NOBODY = Caller("", "", "", "")
DEADLINE_SECONDS = 30.0
SUBGRAPH_LIMITS = TransportLimits(read_seconds=DEADLINE_SECONDS, max_connections=256, max_body_bytes=64 * 1024 * 1024)
LIMITS = Limits(
    body_bytes=1_048_576,
    source_bytes=262_144,
    tokens=20_000,
    nesting=100,
    depth=60,
    fields=20_000,
    root_fields=200,
    aliases=2_000,
    directives=2_000,
    cost=10_000_000,
)
"""Wide: the operations of audits and benchmarks are their authors' own."""

_encode = msgspec.json.Encoder().encode
_in_order = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class PlainEngine:
    """Implements `gateway.pipeline.Engine` over one generation without policy."""

    generation: Generation
    resources: AsyncExitStack
    share: bool = False
    _in_flight: InFlight[Complete] = field(default_factory=InFlight)

    async def start(self) -> None:
        log.warning("policy_is_off", reason=WARNING)

    async def close(self) -> None:
        await self.resources.aclose()

    def ready(self) -> Mapping[str, bool]:
        return {"supergraph": True}

    def schema_for(self, caller: Caller) -> Visible:
        return Visible(self.generation.api, "", may_introspect=True)

    async def answer(self, operation: Operation, caller: Caller, request: RequestInfo) -> Complete:
        """Plan, execute, project. Raises Refusal for what no subgraph can be asked for.

        With `share`, equal queries under way at the same time are one execution: nothing but operation and variables
        is passed on here, so that nothing else can change an answer.
        """
        if not self.share or operation.kind != "query":
            return await self._run(operation)
        key = (operation.hash, operation.name, _in_order(operation.values))
        return await self._in_flight.once(key, lambda: self._run(operation))

    async def _run(self, operation: Operation) -> Complete:
        try:
            ready = self.generation.ready("", operation.shape, operation.text, operation.ast, operation.name)
        except PlanningError as error:
            raise Refusal("GRAPHQL_VALIDATION_FAILED") from error
        deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
        outcome = await self.generation.executor.run(ready.prepared, operation.values, deadline, encodable=True)
        body: dict[str, Any] = {}
        if outcome.errors:
            body["errors"] = [error.to_json() for error in outcome.errors]
        body["data"] = outcome.data
        return Complete(_encode(body), bool(outcome.errors))


def plain_gateway(sdl: str, host: str, port: int, *, share: bool = False) -> Gateway:
    """The application over a supergraph's SDL (join v0.1 to v0.5), with its subgraphs at the addresses that it names.
    `share` lets equal queries under way at the same time be one. Raises SupergraphError; ValueError for an address that cannot be used."""
    supergraph = read_supergraph(sdl)
    resources = AsyncExitStack()
    fetchers = {one.name: fetcher(one, resources) for one in supergraph.subgraphs.values()}
    generation = Generation(supergraph, Executor(fetchers), None)
    config = Config(
        server=Server(host=host, port=port, graphiql=False, in_flight=5_000, log_level="warning"), limits=LIMITS
    )
    operations = Operations(LIMITS, TrustedDocuments({}))
    return Gateway(config, PlainEngine(generation, resources, share), Everybody(NOBODY), operations)


def fetcher(subgraph: Subgraph, resources: AsyncExitStack) -> Fetcher:
    """A fetcher for one subgraph. Raises ValueError."""
    if not subgraph.url:
        raise ValueError(f"subgraph {subgraph.name}: the supergraph has no address for it; compose it with its URL")
    try:
        settings = UpstreamSettings(subgraph.name, subgraph.url, SUBGRAPH_LIMITS, concurrency=256, max_waiting=5_000)
        client = UpstreamClient(settings)
    except ValueError as error:
        raise ValueError(f"subgraph {subgraph.name}: {error}") from None
    resources.push_async_callback(client.aclose)
    return HttpFetcher({subgraph.name: client}, sending, SUBGRAPH_LIMITS.max_body_bytes)


def sending(_request: SubgraphRequest, deadline: float) -> Sending:
    """Every request goes out for itself, without headers of the caller's."""
    return Sending(deadline, {})
