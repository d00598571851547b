"""The whole gateway in this process: HTTP, engine, policies, adapters, stores; only the organisations are in memory.

One graph serves every test; what an organisation or a partner holds is the `World` at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
import msgspec
from graphql import build_ast_schema, execute, parse
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from gateway.app import Gateway
from gateway.attempt import Access
from gateway.bridges import Answers, entry_of
from gateway.config import Config, Rate
from gateway.engine import RecordEngine
from gateway.federation.fetcher import SubgraphRequest, SubgraphResponse
from gateway.federation.http_fetcher import HttpFetcher, Sending
from gateway.federation.subgraph import SubgraphInput
from gateway.generation import Generation
from gateway.graph import compose_graph
from gateway.metrics import Metrics
from gateway.operation.documents import TrustedDocuments
from gateway.operation.prepare import Operations
from gateway.partners import GatewayContext
from gateway.pipeline import RequestInfo
from gateway.rate import MemoryRate
from gateway.reach import Reach
from gateway.stores.cache import EntryCache
from gateway.stores.cache_backend import backend_for
from policies.bundle import Policies
from policies.caller import Caller
from resolvers.directory import Directory
from resolvers.record.values import Organisation
from resolvers.sources.pds.demographics import Pds, PdsOptions
from resolvers.sources.pds.localities import Localities
from resolvers.sources.source import Source
from resolvers.sources.upstream import Reply, Upstream, UpstreamError
from tests.resolvers.kit import Register
from tests.resolvers.recorded import Recorded, Sent, ok

PERSON, UNKNOWN, OPTED_OUT = "9990000018", "9990000042", "9990000034"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PATIENCE = 86_400.0
"""Seconds: a machine that stands still for a while is no difference between two answers."""
REQUEST_ID = "0b5c9d2e-0000-4000-8000-000000000000"
HEAD = """\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
  @link(url: "https://specs.joinup.example/record/v1.0", import: ["@section", "@entry", "@neverSensitive"])
  @composeDirective(name: "@section") @composeDirective(name: "@entry") @composeDirective(name: "@neverSensitive")
directive @section(name: String!) on OBJECT | INTERFACE | FIELD_DEFINITION
directive @entry(codings: [String!]! = [], text: [String!]! = [], labels: [String!]! = []) on OBJECT | INTERFACE
directive @neverSensitive(reason: String!) on OBJECT | FIELD_DEFINITION
scalar NHSNumber
"""
PARTNER = """\
type Query { watched: [Patient!] @section(name: "falls") watchedLast: Patient @section(name: "falls") }
type Patient @key(fields: "nhsNumber") { nhsNumber: NHSNumber! visits: [Visit!] @section(name: "falls") }
type Visit @section(name: "falls") @entry(text: ["text"]) { id: ID! text: String }
"""
MACHINERY = """
scalar _Any union _Entity = Patient
extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
"""
Visit = Mapping[str, Any]


@cache
def policies() -> Policies:
    return Policies.load()


@dataclass(eq=False)
class World:
    """What everybody holds. `visits` are the partner's, each with the NHS number of its `patient`."""

    sources: tuple[Source, ...] = ()
    visits: list[Visit] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    """Numbers of the people whom the partner's own root fields give."""
    opted_out: set[str] = field(default_factory=set)
    people: dict[str, Any] = field(default_factory=dict)
    """PDS Patients by number."""


@dataclass(frozen=True)
class Seen:
    """All that one request leaves behind, but for the time it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    metrics: tuple[str, ...]
    logs: tuple[str, ...]
    audit: tuple[Any, ...]

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def says(self, *words: str) -> bool:
        text = repr(self).casefold()
        return any(word.casefold() in text for word in words)


class Partner:
    """The partner's subgraph over the HTTP seam, answering for the world at work."""

    def __init__(self) -> None:
        self.world = World()
        self._schema = build_ast_schema(parse(HEAD + PARTNER + MACHINERY), assume_valid_sdl=True)
        self._fetcher = HttpFetcher(
            {"falls": Recorded(self._answer)}, lambda _request, made: Sending(made.deadline, {})
        )

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        return await self._fetcher.fetch(request, context)

    def _answer(self, sent: Sent) -> Reply:
        watched = [self._patient(number) for number in self.world.watched]
        root = {
            "watched": watched,
            "watchedLast": watched[0] if watched else None,
            "_entities": lambda _info, representations: [self._patient(one["nhsNumber"]) for one in representations],
        }
        result = execute(self._schema, parse(sent.json["query"]), root, variable_values=sent.json.get("variables"))
        assert not result.errors, result.errors
        return Reply(200, msgspec.json.encode({"data": result.data}), {"content-type": "application/json"})

    def _patient(self, number: str) -> dict[str, Any]:
        own = [{"id": one["id"], "text": one["text"]} for one in self.world.visits if one["patient"] == number]
        return {"__typename": "Patient", "nhsNumber": number, "visits": own}


@dataclass
class Working:
    generation: Generation


@cache
def graph() -> tuple[Working, Partner]:
    partner = Partner()
    composed = compose_graph([SubgraphInput("falls", HEAD + PARTNER)], policies())
    return Working(composed.generation({"falls": partner}, 1000)), partner


class Known:
    """Believes whatever role the test says."""

    def __init__(self, caller: Caller) -> None:
        self.its = caller

    async def caller(self, authorization: list[bytes]) -> Caller:
        return self.its

    def ready(self) -> bool:
        return True

    async def warm(self) -> None:
        return

    async def close(self) -> None:
        return


class Observed:
    """An upstream whose calls are counted as the real client counts them."""

    def __init__(self, name: str, inner: Upstream, reach: Reach) -> None:
        self._name, self._inner, self._reach = name, inner, reach
        self.base_url = inner.base_url

    async def send(self, *args: Any, **more: Any) -> Reply:
        try:
            reply = await self._inner.send(*args, **more)
        except UpstreamError as error:
            self._reach.observe(self._name, error.failure.value, 0.0)
            raise
        self._reach.observe(self._name, f"{reply.status // 100}xx", 0.0)
        return reply


class Trail:
    """An audit store in memory, of the real entries."""

    def __init__(self) -> None:
        self.entries: list[Any] = []

    async def record(self, access: Access) -> None:
        self.entries.append(msgspec.to_builtins(entry_of(access, policies().version)))


class Whole:
    """A gateway over a world, for one caller."""

    def __init__(self, world: World, role: str = "gp", cache_s: float = 60.0, register: Register | None = None) -> None:
        self.world = world
        self._register = register or Register(world.opted_out)
        self.trail = Trail()
        registry = CollectorRegistry(auto_describe=True)
        self.reach = Reach(registry)
        self.caller = Caller(
            "https://id.test", "somebody", role, "Y99001", patient=PERSON if role == "patient" else None
        )
        working, self._partner = graph()
        self._directory = Directory(self._pds(), world.sources, self.reach.reachable)
        self._rate = MemoryRate(Rate(patients=100_000))
        self._cache = Answers(EntryCache(backend_for(None), b"k" * 32), cache_s)
        engine = RecordEngine(working, self._context, self.trail, PATIENCE)
        config = msgspec.convert({}, Config)
        operations = Operations(config.limits, TrustedDocuments({}))
        self.app = Gateway(config, engine, Known(self.caller), operations, metrics=Metrics(registry))

    def _pds(self) -> Pds:
        def answer(sent: Sent) -> Reply:
            if sent.path == "Patient":
                entries = [{"resource": one, "search": {"score": 1}} for one in self.world.people.values()]
                return ok({"resourceType": "Bundle", "type": "searchset", "entry": entries})
            found = self.world.people.get(sent.path.rpartition("/")[2])
            issue = {"severity": "error", "code": "not-found", "details": {"coding": [{"code": "RESOURCE_NOT_FOUND"}]}}
            return ok(found) if found else ok({"resourceType": "OperationOutcome", "issue": [issue]}, 404)

        upstream = Observed("pds", Recorded(answer), self.reach)
        options = PdsOptions(requests_per_second=1e6, remember_s=0.0)
        return Pds(upstream, Organisation(ods_code="X26"), Localities.load(), options, lambda: "2026-11-22T09:00:00Z")

    def _context(
        self, caller: Caller, request: RequestInfo, _now: datetime, deadline: float, covering: Policies
    ) -> GatewayContext:
        return GatewayContext(
            caller=caller,
            policies=covering,
            now=NOW,
            deadline=deadline,
            request_id=request.id,
            directory=self._directory,
            consent=self._register,
            admission=self._rate,
            cache=self._cache,
            request=request,
        )

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None, accept: str = "*/*") -> Seen:
        """One request over HTTP, and what it left behind."""
        self._partner.world = self.world
        before = len(self.trail.entries)
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)  # type: ignore[arg-type]
        headers = {"authorization": "Bearer x", "x-request-id": REQUEST_ID, "accept": accept}
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers) as client:
            with capture_logs() as logs:
                reply = await client.post("/graphql", json={"query": query, "variables": dict(variables or {})})
            page = (await client.get("/metrics")).text
        return Seen(
            reply.status_code,
            tuple(sorted(reply.headers.items())),
            reply.content,
            tuple(line for line in page.splitlines() if "_seconds" not in line and "_created" not in line),
            tuple(repr(sorted(one.items())) for one in logs),
            tuple(repr({**one, "at": None}) for one in self.trail.entries[before:]),
        )
