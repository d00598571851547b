"""A source: one organisation's API. Ask it, sift what it sends through policy, and only then read it.

`Source.ask` is the only way from an organisation to the record, and `sift` stands in the middle of it: an
adapter fetches raw items and, separately, reads those that policy kept. No adapter can forget the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from policies.caller import Caller
from policies.decision import Show
from policies.sections import Section
from policies.sensitivity.gate import Item, SensitivityPolicy
from resolvers.record.status import SourceState, SourceWarning
from resolvers.record.values import Entry, Organisation
from resolvers.sources.upstream import Failure, UpstreamError


@dataclass(frozen=True, slots=True)
class Subject:
    """The person asked about. `birth_date` is an ISO date (YYYY-MM-DD) or None where it is not known."""

    nhs_number: str
    birth_date: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one source.

    `since` gives, per section, the earliest ISO date worth sending (recent-history windows); a source may send more.
    `deadline` is in seconds of the running event loop's clock. `now` is an ISO instant in UTC. `names` are those that
    occur in the operation: of an entry, fields of other names may be left unread; None: any may be selected.
    """

    subject: Subject
    sections: frozenset[Section]
    caller: Caller
    request_id: str
    deadline: float
    now: str
    since: Mapping[Section, str] = field(default_factory=dict)
    names: frozenset[str] | None = None


@dataclass(slots=True)
class SectionAnswer:
    """What one source has for one section, after policy.

    `status` is EMPTY, not ANSWERED, when no entry survived. `known_none` is true when the source says that it
    asked and there is none, other than by an entry.
    """

    status: SourceState
    entries: list[Entry] = field(default_factory=list)
    warnings: list[SourceWarning] = field(default_factory=list)
    as_of: str | None = None
    known_none: bool = False


Answer = dict[Section, SectionAnswer]


@dataclass(slots=True)
class Fetched:
    """An adapter's raw catch: items not yet judged, and what went wrong on the way, per section.

    `warnings` come from the envelope (lists, OperationOutcomes), never from an item. `partial` marks sections of
    which something is known to be missing. `known_none` holds for sections the envelope declares empty on purpose.
    """

    items: list[Item] = field(default_factory=list)
    failures: dict[Section, SourceState] = field(default_factory=dict)
    warnings: dict[Section, list[SourceWarning]] = field(default_factory=dict)
    partial: set[Section] = field(default_factory=set)
    known_none: set[Section] = field(default_factory=set)
    as_of: str | None = None


class Adapter(Protocol):
    """How one kind of API is asked and read. Adapters hold no state of a request."""

    @property
    def gives(self) -> frozenset[Section]:
        """The sections that this source can answer."""
        ...

    async def fetch(self, ask: Ask) -> Fetched:
        """Get the raw items for `ask.sections` (a subset of `gives`). Raises UpstreamError when nothing came."""
        ...

    def read(self, kept: Sequence[Item], ask: Ask, notes: ReadNotes) -> dict[Section, list[Entry]]:
        """Turn the items that policy kept into entries. A bad value costs its field: leave it None and tell `notes`."""
        ...


@dataclass(slots=True)
class ReadNotes:
    """What reading found wrong, per section. Only kept items are ever read, so a note reveals nothing withheld."""

    warnings: dict[Section, list[SourceWarning]] = field(default_factory=dict)
    partial: set[Section] = field(default_factory=set)

    def invalid(self, section: Section, where: str) -> None:
        """A value at `where` (for example 'AllergyIntolerance.onsetDateTime') could not be read; say so once."""
        self.partial.add(section)
        known = self.warnings.setdefault(section, [])
        text = f"A value of {where} could not be read and is left out."
        if all(warning.text != text for warning in known):
            known.append(SourceWarning(code="invalid-value", text=text))


FAILED = {
    Failure.TIMED_OUT: SourceState.TIMED_OUT,
    Failure.UNAVAILABLE: SourceState.UNAVAILABLE,
    Failure.REFUSED: SourceState.REFUSED,
    Failure.MALFORMED: SourceState.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whom a source cares for, as its configuration says.

    `everybody`: ask for every person in the area (hospitals, trusts). `practices`: only people registered with one of
    these (ODS codes). `local_authorities`: only people who live in one of these (ONS codes).
    """

    everybody: bool = False
    practices: frozenset[str] = frozenset()
    local_authorities: frozenset[str] = frozenset()


Keeps = Callable[[Section, list[Entry]], list[Entry]]
"""Which of a section's entries are of the record: recent enough, and not of childhood. It does not depend on the caller."""


def keeps_all(_section: Section, entries: list[Entry]) -> list[Entry]:
    """For whoever asks outside a record."""
    return entries


@dataclass(frozen=True, slots=True)
class Source:
    """One configured organisation. `id` is short, stable and unique; it prefixes every entry's id."""

    id: str
    organisation: Organisation
    adapter: Adapter
    coverage: Coverage

    async def ask(self, ask: Ask, policy: SensitivityPolicy, keeps: Keeps = keeps_all) -> Answer:
        """Ask, sift, read. Never raises for an upstream's fault: each section carries its own status, which comes of
        what `keeps` leaves: an entry outside the record makes no source answered and no section partial."""
        sections = ask.sections & self.adapter.gives
        try:
            fetched = await self.adapter.fetch(ask)
        except UpstreamError as error:
            return {section: SectionAnswer(FAILED[error.failure]) for section in sections}
        kept = sift(fetched.items, policy)
        notes = ReadNotes()
        read = self.adapter.read(kept, ask, notes)
        found = {section: keeps(section, read.get(section, [])) for section in sections}
        if notes.partial:
            self._forget_gone(kept, ask, notes, read, found)
        return {section: _answer(section, found[section], fetched, notes) for section in sections}

    def _forget_gone(
        self,
        kept: Sequence[Item],
        ask: Ask,
        notes: ReadNotes,
        read: Mapping[Section, list[Entry]],
        found: Mapping[Section, list[Entry]],
    ) -> None:
        """Take out of the notes what only entries outside the record caused, by reading without them."""
        for section in notes.partial & found.keys():
            shown = {each.id for each in found[section]}
            gone = {each.id for each in read.get(section, [])} - shown
            if not gone:
                continue
            without = ReadNotes()
            behind = _behind(gone, kept)
            self.adapter.read([item for item in kept if item.key not in behind], ask, without)
            if section not in without.partial:
                notes.partial.discard(section)
            notes.warnings[section] = without.warnings.get(section, [])


def _behind(entries: Collection[str], items: Sequence[Item]) -> set[str]:
    """The keys of the items of which these entries were made. An entry's id is its source's, then its item's key; an
    adapter may mark a key, or make an entry of another kind's name of it."""
    names = {name.partition(":")[2] for name in entries}
    exact = {item.key for item in items if item.key.partition("!")[0] in names}
    found = {key.partition("!")[0] for key in exact}
    loose = {name.rpartition("/")[2].rstrip("'") for name in names - found}
    return exact | {item.key for item in items if item.key.partition("!")[0].rpartition("/")[2].rstrip("'") in loose}


def sift(items: Sequence[Item], policy: SensitivityPolicy) -> list[Item]:
    """The items that policy lets anybody see; the rest leave no trace."""
    decisions = policy.sift(items)
    return [item for item, decision in zip(items, decisions, strict=True) if isinstance(decision, Show)]


def _answer(section: Section, entries: list[Entry], fetched: Fetched, notes: ReadNotes) -> SectionAnswer:
    failure = fetched.failures.get(section)
    if failure is not None and not entries:
        return SectionAnswer(failure, warnings=fetched.warnings.get(section, []))
    if failure is not None or section in fetched.partial or section in notes.partial:
        status = SourceState.PARTIAL
    else:
        status = SourceState.ANSWERED if entries else SourceState.EMPTY
    return SectionAnswer(
        status,
        entries,
        [*fetched.warnings.get(section, []), *notes.warnings.get(section, [])],
        fetched.as_of,
        section in fetched.known_none,
    )
