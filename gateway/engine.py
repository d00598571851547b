"""From a checked operation to its answer: scope, plan, execute, gate, project, audit, and one last look at opt-outs.

What leaves is decided by `gateway.attempt`: once for an answer in one piece, and for each frame of one in parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from gateway.attempt import Attempt, Audit, ContextFactory
from gateway.entry import check_representations
from gateway.errors import Refusal
from gateway.federation.defer import Deferred
from gateway.federation.errors import FORBIDDEN, ResponseError
from gateway.federation.execute import Outcome
from gateway.federation.incremental import Frame, deliver
from gateway.federation.prepared import Prepared
from gateway.federation.walk import PlanningError
from gateway.generation import Generation, Parts, Ready, RoleView
from gateway.pipeline import Answer, Complete, Frames, Operation, RequestInfo, Visible
from policies.access import may_act
from policies.caller import Caller
from policies.decision import Withhold


class Working(Protocol):
    """Whatever holds the generation at work."""

    @property
    def generation(self) -> Generation: ...


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
        try:
            check_purpose(generation, caller)
        except Refusal:
            attempt = Attempt(generation, operation, caller, request, (), self.make_context, self.audit, self.deadline)
            await attempt.refuse()
            raise
        check_representations(operation.values)
        with planning():
            labels = generation.labels(f"{caller.issuer}|{caller.subject}")
            ready = generation.ready(
                caller.role, operation.shape, operation.text, operation.ast, operation.name, labels
            )
        view = generation.view(caller.role)
        attempt = Attempt(
            generation, operation, caller, request, ready.denied, self.make_context, self.audit, self.deadline
        )
        if request.incremental and ready.deferring is not None:
            return await _in_parts(attempt, _parts(attempt, ready, labels), view)
        generation.in_flight += 1
        try:
            return _reply(await attempt.answer(ready.prepared, encodable=True), view)
        finally:
            asyncio.get_running_loop().call_soon(attempt.close)  # once the answer is on its way
            generation.in_flight -= 1


@contextmanager
def planning() -> Iterator[None]:
    """Whoever asks for what no subgraph can be asked for is told no more than that."""
    try:
        yield
    except PlanningError as error:
        raise Refusal("GRAPHQL_VALIDATION_FAILED") from error


def _parts(attempt: Attempt, ready: Ready, labels: frozenset[str]) -> Parts:
    operation = attempt.operation
    with planning():
        return attempt.generation.parts(
            attempt.caller.role,
            operation.shape,
            operation.ast,
            operation.name,
            ready.deferring or (),
            operation.values,
            labels,
        )


async def _in_parts(attempt: Attempt, parts: Parts, view: RoleView) -> Answer:
    """The frames of an answer, once the first may leave; in one piece where nothing is to follow. Raises Refusal."""
    frames = _frames(attempt, parts, view)
    first = await anext(frames)
    if first.payload.get("hasNext"):
        return Frames(Stream(first, frames))
    await frames.aclose()
    return Complete(_encode(first.payload), bool(first.outcome.errors))


async def _frames(attempt: Attempt, parts: Parts, view: RoleView) -> AsyncGenerator[Frame]:
    generation, values = attempt.generation, attempt.operation.values
    generation.in_flight += 1
    context = attempt.begin([parts.first, *(part for _, part in parts.deferred)])

    async def settle(prepared: Prepared, outcome: Outcome, at: Deferred | None) -> Outcome:
        if at is None:
            return await attempt.settle(prepared, outcome, context)
        return await attempt.settle_later(prepared, outcome, context, at)

    frames = deliver(
        generation.executor, parts.first, parts.deferred, values, context, settle, lambda error: _entry(error, view)
    )
    try:
        async with aclosing(frames):
            async for frame in frames:
                yield frame
    finally:
        attempt.close()
        generation.in_flight -= 1


class Stream:
    """The bytes of frames of which the first is there already. Closing it ends the work on the others."""

    def __init__(self, first: Frame, rest: AsyncGenerator[Frame]) -> None:
        self._first: Frame | None = first
        self._rest = rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        frame, self._first = self._first, None
        if frame is None:
            frame = await anext(self._rest)
        return _encode(frame.payload)

    async def aclose(self) -> None:
        await self._rest.aclose()


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
