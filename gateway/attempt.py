"""One operation of one caller: executed, written down, and looked at once more before anything of it leaves.

Nothing leaves unless its audit entry is on disk, and unless nobody in it has opted out in the meantime. Where somebody
has, it is executed anew, and that person is then nobody whom the gateway knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import structlog

from gateway.errors import Refusal
from gateway.federation.defer import Deferred
from gateway.federation.errors import FORBIDDEN, INTERNAL_ERROR, ResponseError
from gateway.federation.execute import Outcome
from gateway.federation.prepared import Prepared
from gateway.generation import Generation
from gateway.pipeline import Operation, RequestInfo
from policies.bundle import Policies
from policies.caller import Caller
from resolvers.context import RecordContext
from resolvers.errors import RegistryDown
from resolvers.people import PatientLoader

log = structlog.get_logger("gateway")

ATTEMPTS = 3
"""How often an operation is executed when people opt out while it runs; then the request is refused."""


@dataclass(frozen=True, slots=True)
class Access:
    """What is written down before an answer, or a frame of it, leaves."""

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


ContextFactory = Callable[[Caller, RequestInfo, datetime, float, Policies], RecordContext]


@dataclass(slots=True)
class Attempt:
    """The work on one request. `denied` is what was cut out of the operation, with the rules that say so."""

    generation: Generation
    operation: Operation
    caller: Caller
    request: RequestInfo
    denied: Sequence[tuple[str, str]]
    make_context: ContextFactory
    audit: Audit | None
    seconds: float
    _people: list[PatientLoader] = field(default_factory=list)

    def begin(self, parts: Sequence[Prepared] = ()) -> RecordContext:
        """A context for one execution, of these parts: the first has its time from the request's arrival, others from
        now."""
        now = asyncio.get_running_loop().time()
        policies = self.generation.policies
        assert policies is not None, "the record has no graph without policy"
        start = now if self._people else min(self.request.started, now)
        context = self.make_context(self.caller, self.request, datetime.now(UTC), start + self.seconds, policies)
        context.people = PatientLoader(context)
        context.names = frozenset[str]().union(*(part.names for part in parts)) if parts else None
        self._people.append(context.people)
        return context

    def close(self) -> None:
        """Stop what is still being looked up."""
        for people in self._people:
            people.close()

    async def answer(self, prepared: Prepared, *, encodable: bool = False) -> Outcome:
        """Execute until nobody in the outcome has opted out meanwhile. `encodable`: its data is only to be encoded.
        Raises Refusal."""
        for _ in range(ATTEMPTS):
            context = self.begin([prepared])
            outcome = await self._execute(prepared, context, encodable)
            if await self._may_leave(outcome, context):
                return outcome
        raise Refusal("REGISTRY_UNAVAILABLE")

    async def _execute(self, prepared: Prepared, context: RecordContext, encodable: bool) -> Outcome:
        """Run it; what breaks it off, the caller's going away included, is written down: somebody may have been asked."""
        try:
            return await self.generation.executor.run(prepared, self.operation.values, context, encodable=encodable)
        except BaseException:
            await asyncio.shield(self._write(Outcome(None, [ResponseError(INTERNAL_ERROR)]), context))
            raise

    async def refuse(self) -> None:
        """Write down that the whole operation was refused: nothing was executed. Raises Refusal."""
        await self._write(Outcome(None, [ResponseError(FORBIDDEN)]), self.begin())

    async def settle(self, prepared: Prepared, outcome: Outcome, context: RecordContext) -> Outcome:
        """The outcome that may leave of a part that was executed in `context`. Raises Refusal."""
        return outcome if await self._may_leave(outcome, context) else await self.answer(prepared)

    async def settle_later(self, prepared: Prepared, outcome: Outcome, context: RecordContext, at: Deferred) -> Outcome:
        """As `settle`, for a frame after the first: what is refused then costs the frame."""
        try:
            return await self.settle(prepared, outcome, context)
        except Refusal as refusal:
            return Outcome(None, [ResponseError(refusal.code.name, at.path, message=refusal.message)])
        except Exception as error:
            log.error("frame_failed", request_id=self.request.id, error=type(error).__name__)
            return Outcome(None, [ResponseError(INTERNAL_ERROR, at.path)])

    async def _may_leave(self, outcome: Outcome, context: RecordContext) -> bool:
        """Write it down; whether nobody has opted out since they were let through. Whom a gate has found out about
        in the meantime is executed anew, too: they would be missing otherwise, where unknown people are an error."""
        journal, people = context.journal, context.people
        assert people is not None
        shown = journal.patients - journal.refused
        await self._write(outcome, context)
        try:
            if self.operation.kind == "query":
                if journal.refused and journal.refused & people.let_through():
                    return False
                if shown and await people.refuse_opted_out(shown):
                    return False
        except RegistryDown as error:
            raise Refusal("REGISTRY_UNAVAILABLE") from error
        if any(error.code == "REGISTRY_UNAVAILABLE" for error in outcome.errors):
            raise Refusal("REGISTRY_UNAVAILABLE")
        return True

    async def _write(self, outcome: Outcome, context: RecordContext) -> None:
        if self.audit is None:
            return
        access = Access(
            self.operation, self.caller, self.request, context, outcome, self.generation.number, self.denied
        )
        try:
            await self.audit.record(access)
        except Exception as error:
            raise Refusal("AUDIT_UNAVAILABLE") from error
