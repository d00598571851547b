"""What one request brings to the record: who asks, under which policy, until when, and through which doors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from policies.bundle import Policies
from policies.caller import Caller
from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.sources.source import Answer

if TYPE_CHECKING:
    from resolvers.directory import Directory
    from resolvers.people import PatientLoader


class Consent(Protocol):
    """The opt-out registry as the record needs it."""

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        """Those of the numbers whose person has opted out. Raises where the registry cannot be read."""
        ...


class OptOuts(Consent, Protocol):
    """The registry as a privacy officer works with it."""

    async def add(self, nhs_number: str, *, by: str, reason: str) -> None: ...

    async def withdraw(self, nhs_number: str, *, by: str, reason: str) -> None: ...

    async def supersede(self, nhs_number: str, current: str, *, by: str) -> None:
        """Record that `current` replaced the number: what holds for one then holds for both."""
        ...


class CachedAnswer(Protocol):
    """What a look-up found, and the place to keep what it did not find."""

    @property
    def answer(self) -> Answer | None: ...

    async def keep(self, answer: Answer) -> None:
        """Keep an answer there for a while. Never raises."""
        ...


class AnswerCache(Protocol):
    """A short-lived store of what passed the sensitivity gate. A miss is never an error."""

    async def look_up(self, source: str, nhs_number: str, sections: frozenset[Section], variant: str) -> CachedAnswer:
        """One source's answer for exactly these sections. `variant` holds whatever else can change it."""
        ...

    async def drop(self, nhs_number: str) -> None:
        """Forget everything about a person, on every worker that shares the store. Never raises."""
        ...


class Admission(Protocol):
    """The limit on distinct patients per caller."""

    async def admit(self, caller: Caller, nhs_numbers: Collection[str]) -> bool: ...


@dataclass(slots=True)
class Journal:
    """What the request did, for the audit entry: no clinical content."""

    patients: set[str] = field(default_factory=set)
    sections: set[Section] = field(default_factory=set)
    sources: dict[str, SourceState] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def asked(self, source: str, section: Section, state: SourceState) -> None:
        """Note what became of asking `source` for `section`."""
        self.sources[f"{source}/{section.value}"] = state


@dataclass(slots=True)
class RecordContext:
    """Everything a resolver may use. `now` is in UTC; `deadline` is in seconds of the event loop's clock."""

    caller: Caller
    policies: Policies
    now: datetime
    deadline: float
    request_id: str
    directory: Directory
    consent: OptOuts
    admission: Admission
    cache: AnswerCache | None = None
    journal: Journal = field(default_factory=Journal)
    people: PatientLoader | None = None
    names: frozenset[str] | None = None
    """Every name that occurs in what is asked of the record by this request; None where that is not known."""
