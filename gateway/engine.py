"""From a checked operation to its answer: scope, plan, execute, gate, project, audit, and one last look at opt-outs.

An answer leaves only when its audit entry is on disk, and only if nobody in it has opted out in the meantime. Where
somebody has, the operation is executed anew, and that person is then nobody whom the gateway knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from gateway.errors import Refusal
from gateway.federation.errors import FORBIDDEN, ResponseError
from gateway.federation.execute import Outcome
from gateway.federation.walk import PlanningError
from gateway.generation import Generation, Ready, RoleView
from gateway.pipeline import Answer, Complete, Operation, RequestInfo, Visible
from policies.access import may_act
from policies.bundle import Policies
from policies.caller import Caller
from policies.decision import Withhold
from resolvers.context import RecordContext
from resolvers.errors import RegistryDown
from resolvers.people import PatientLoader

ATTEMPTS = 3
"""How often an operation is executed when people opt out while it runs; then the request is refused."""


@dataclass(frozen=True, slots=True)
class Access:
    """What is written down of one request before its answer leaves."""

    operation: Operation
    caller: Caller
    request: RequestInfo
    context: RecordContext
    outcome: Outcome
    generation: int
    denied: Sequence[tuple[str, str]]


class Audit(Protocol):
    """The audit store as the engine needs it."""

    async def record(self, access: Access) -> None:
        """Write the entry durably. Raises where that cannot be done: then nothing is answered."""
        ...


class Working(Protocol):
    """Whatever holds the generation at work."""

    @property
    def generation(self) -> Generation: ...


ContextFactory = Callable[[Caller, RequestInfo, datetime, float, Policies], RecordContext]


@dataclass(slots=True)
class RecordEngine:
    """Implements `gateway.pipeline.Engine` over the generation of the graph that is at work.

    `make_context` builds a request's context; `audit` and `make_context` share nothing between requests.
    """

    graph: Working
    make_context: ContextFactory
    audit: Audit | None
    deadline: float
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)
    checks: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    starters: Sequence[Callable[[], Awaitable[None]]] = ()

    async def start(self) -> None:
        for starter in self.starters:
            await starter()

    async def close(self) -> None:
        await self.resources.aclose()

    def ready(self) -> Mapping[str, bool]:
        return {"supergraph": True, **{name: check() for name, check in self.checks.items()}}

    def schema_for(self, caller: Caller) -> Visible:
        generation = self.graph.generation
        view = generation.view(caller.role)
        return Visible(generation.api, f"{generation.number}:{caller.role}", view.may_introspect)

    async def answer(self, operation: Operation, caller: Caller, request: RequestInfo) -> Answer:
        generation = self.graph.generation
        generation.in_flight += 1
        try:
            return await self._answer(generation, operation, caller, request)
        finally:
            generation.in_flight -= 1

    async def _answer(
        self, generation: Generation, operation: Operation, caller: Caller, request: RequestInfo
    ) -> Complete:
        view = generation.view(caller.role)
        check_purpose(generation, caller)
        try:
            ready = generation.ready(caller.role, operation.hash, operation.text, operation.ast, operation.name)
        except PlanningError as error:
            raise Refusal("GRAPHQL_VALIDATION_FAILED") from error
        for _ in range(ATTEMPTS):
            outcome = await self._once(generation, ready, operation, caller, request)
            if outcome is not None:
                return _reply(outcome, view)
        raise Refusal("REGISTRY_UNAVAILABLE")

    async def _once(
        self,
        generation: Generation,
        ready: Ready,
        operation: Operation,
        caller: Caller,
        request: RequestInfo,
    ) -> Outcome | None:
        """One execution, written down. None where somebody in it has opted out since they were let through."""
        deadline = min(request.started, asyncio.get_running_loop().time()) + self.deadline
        policies = generation.policies
        assert policies is not None, "the record has no graph without policy"
        context = self.make_context(caller, request, datetime.now(UTC), deadline, policies)
        people = context.people = PatientLoader(context)
        try:
            outcome = await generation.executor.run(ready.prepared, operation.values, context)
            shown = context.journal.patients - context.journal.refused
            await self._write(Access(operation, caller, request, context, outcome, generation.number, ready.denied))
            if operation.kind == "query" and shown and await people.refuse_opted_out(shown):
                return None
        except RegistryDown as error:
            raise Refusal("REGISTRY_UNAVAILABLE") from error
        finally:
            people.close()
        if any(error.code == "REGISTRY_UNAVAILABLE" for error in outcome.errors):
            raise Refusal("REGISTRY_UNAVAILABLE")
        return outcome

    async def _write(self, access: Access) -> None:
        if self.audit is None:
            return
        try:
            await self.audit.record(access)
        except Exception as error:
            raise Refusal("AUDIT_UNAVAILABLE") from error


def check_purpose(generation: Generation, caller: Caller) -> None:
    """Refuse a caller whose role may not act for the purpose that their token states."""
    if generation.policies is None:
        return
    decision = may_act(caller, generation.policies.roles)
    if isinstance(decision, Withhold):
        raise Refusal("FORBIDDEN", extensions={"rule": decision.rule})


_encode = msgspec.json.Encoder().encode


def _reply(outcome: Outcome, view: RoleView) -> Complete:
    body: dict[str, Any] = {}
    if outcome.errors:
        body["errors"] = [_entry(error, view) for error in outcome.errors]
    body["data"] = outcome.data
    return Complete(_encode(body), bool(outcome.errors))


def _entry(error: ResponseError, view: RoleView) -> dict[str, Any]:
    entry = error.to_json()
    if error.code == FORBIDDEN and error.about is not None:
        entry["extensions"]["rule"] = view.denied.get(error.about)
    return entry
