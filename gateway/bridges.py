"""The stores, as the record and the engine want to see them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from gateway.attempt import Access
from gateway.federation.errors import FORBIDDEN, INTERNAL_ERROR
from gateway.federation.execute import Outcome
from gateway.stores.audit import AuditStore
from gateway.stores.audit_entry import AuditEntry, DeniedField, SourceAsked
from gateway.stores.cache import EntryCache, Place
from gateway.stores.optout import OptOutRegistry
from policies.sections import Section
from resolvers.sources import codec
from resolvers.sources.source import Answer

NOT_AVAILABLE = "PATIENT_NOT_AVAILABLE"


class Registry:
    """The opt-out registry with the clock and the words of the record's mutations."""

    def __init__(self, registry: OptOutRegistry, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._registry = registry
        self._clock = clock

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        return await self._registry.opted_out(nhs_numbers)

    async def add(self, nhs_number: str, *, by: str, reason: str) -> None:
        await self._registry.add(nhs_number, by, reason, self._clock())

    async def withdraw(self, nhs_number: str, *, by: str, reason: str) -> None:
        await self._registry.withdraw(nhs_number, by, reason, self._clock())

    async def supersede(self, nhs_number: str, current: str, *, by: str) -> None:
        await self._registry.supersede(nhs_number, current, by, self._clock())


class Trail:
    """The audit store as the engine's `Audit`: one entry per request, on disk before the answer leaves."""

    def __init__(self, store: AuditStore, policy_version: Callable[[], str]) -> None:
        self._store = store
        self._policy_version = policy_version

    async def record(self, access: Access) -> None:
        await self._store.append(entry_of(access, self._policy_version()))


def entry_of(access: Access, policy_version: str) -> AuditEntry:
    """What is written down: who, why, about whom, which parts, who was asked. Nothing that anybody answered."""
    caller, journal, operation = access.caller, access.context.journal, access.operation
    return AuditEntry(
        request_id=access.request.id,
        at=access.context.now,
        subject=f"{caller.issuer}|{caller.subject}",
        role=caller.role,
        organisation=caller.organisation,
        purpose=caller.purpose,
        kind=_kind(operation.kind, journal.sections),
        outcome=_outcome(access.outcome),
        patients=tuple(sorted(journal.patients)),
        operation_name=operation.name or "",
        operation_hash=operation.hash,
        sections=tuple(sorted(section.value for section in journal.sections)),
        sources=_sources(journal.sources, access.outcome.fetched),
        denied=tuple(DeniedField(field, rule) for field, rule in access.denied),
        policy_version=policy_version,
        client_id=caller.client or "",
    )


def _kind(kind: str, sections: Collection[Section]) -> str:
    if kind == "mutation":
        return "registry"
    return "search" if Section.DEMOGRAPHICS in sections else "read"


def _outcome(outcome: Outcome) -> str:
    codes = {error.code for error in outcome.errors}
    if NOT_AVAILABLE in codes:
        return "NOT_AVAILABLE"
    whole = {error.code for error in outcome.errors if error.path is None}
    if FORBIDDEN in whole:
        return "REFUSED"
    if outcome.data is None and INTERNAL_ERROR in whole:
        return "FAILED"
    return "PARTIAL" if codes - {"FORBIDDEN"} else "ANSWERED"


def _sources(asked: Mapping[str, object], fetched: Sequence[str]) -> tuple[SourceAsked, ...]:
    record = [SourceAsked(name, getattr(state, "value", str(state))) for name, state in sorted(asked.items())]
    partners = [SourceAsked(name, "FETCHED") for name in sorted(set(fetched) - {"record"})]
    return tuple(record + partners)


class Answers:
    """The entry cache as the record's `AnswerCache`: one entry per source, person and set of sections."""

    def __init__(self, cache: EntryCache, seconds: float) -> None:
        self._cache = cache
        self._seconds = seconds

    async def look_up(self, source: str, nhs_number: str, sections: frozenset[Section], variant: str) -> CachedHere:
        parts = (source, variant, *sorted(section.value for section in sections))
        found = await self._cache.get(nhs_number, parts, dict[str, bytes])
        answer = None if found.value is None else _answer(found.value, sections)
        return CachedHere(answer, self._cache, found.place, self._seconds)

    async def drop(self, nhs_number: str) -> None:
        await self._cache.drop_patient(nhs_number)


@dataclass(frozen=True, slots=True)
class CachedHere:
    """A look-up's outcome, and the place where the answer belongs."""

    answer: Answer | None
    _cache: EntryCache
    _place: Place
    _seconds: float

    async def keep(self, answer: Answer) -> None:
        value = {section.value: codec.encode(part) for section, part in answer.items()}
        await self._cache.put(self._place, value, self._seconds)


def _answer(stored: Mapping[str, bytes], sections: frozenset[Section]) -> Answer | None:
    """The stored answer; None for one that another version wrote."""
    try:
        return {section: codec.decode(section, stored[section.value]) for section in sections}
    except (KeyError, msgspec.MsgspecError):
        return None
