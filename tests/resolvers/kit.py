"""A record in memory: organisations that answer from lists, and count how often they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from gateway.federation.fetcher import SubgraphRequest, SubgraphResponse
from gateway.federation.local_fetcher import LocalFetcher
from policies.bundle import Policies
from policies.caller import Caller
from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.context import AnswerCache, RecordContext
from resolvers.directory import Directory
from resolvers.people import PatientLoader
from resolvers.record.allergies import Allergy
from resolvers.record.conditions import Condition
from resolvers.record.people import Address, HumanName
from resolvers.record.social import SocialCareEntry
from resolvers.record.status import SourceState
from resolvers.record.values import CodeableConcept, Coding, Entry, Organisation, RecordedBy
from resolvers.schema import graphql_core_schema
from resolvers.sources.demographics import Person, Search
from resolvers.sources.source import Ask, Coverage, Fetched, ReadNotes, Source
from resolvers.sources.upstream import UpstreamError

NUMBER = "9990000026"
OTHER = "9990000034"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KINDS: dict[Section, type[Entry]] = {
    Section.ALLERGIES: Allergy,
    Section.CONDITIONS: Condition,
    Section.SOCIAL_CARE: SocialCareEntry,
}


@cache
def policies() -> Policies:
    return Policies.load()


def item(key: str, words: str, when: str | None = "2026-01-01", code: str | None = None) -> dict[str, Any]:
    """A raw entry as the in-memory organisation keeps it."""
    coding = [{"system": "http://snomed.info/sct", "code": code, "display": words}] if code else []
    return {"id": key, "words": words, "date": when, "code": {"coding": coding, "text": words}}


@dataclass
class Memory:
    """An adapter over lists of raw items by section."""

    name: str
    items: dict[Section, list[dict[str, Any]]]
    failure: UpstreamError | None = None
    delay: float = 0.0
    partial: frozenset[Section] = frozenset()
    asked: list[Ask] = field(default_factory=list)

    @property
    def gives(self) -> frozenset[Section]:
        return frozenset(self.items)

    async def fetch(self, ask: Ask) -> Fetched:
        self.asked.append(ask)
        await asyncio.sleep(self.delay)
        if self.failure is not None:
            raise self.failure
        items = [
            Item(f"{section.value}/{raw['id']}", msgspec.json.encode(raw))
            for section in ask.sections & self.gives
            for raw in self.items[section]
        ]
        return Fetched(items=items, partial=set(self.partial), as_of=ask.now)

    def read(self, kept: Sequence[Item], ask: Ask, notes: ReadNotes) -> dict[Section, list[Entry]]:
        found: dict[Section, list[Entry]] = {}
        for one in kept:
            section = Section(one.key.partition("/")[0])
            raw = msgspec.json.decode(one.raw)
            codings = [Coding(**coding) for coding in raw["code"]["coding"]]
            entry: Any = KINDS[section](id=f"{self.name}:{raw['id']}", date=raw["date"])
            entry.code = CodeableConcept(text=raw["words"], codings=codings)
            entry.recorded_by = RecordedBy(organisation=Organisation(ods_code=self.name.upper()))
            if isinstance(entry, Allergy):
                entry.no_known_allergies = raw["words"] == "No known allergies"
            found.setdefault(section, []).append(entry)
        return found


@dataclass
class People:
    """A demographics service over a dict."""

    known: dict[str, Person]
    failure: UpstreamError | None = None
    asked: list[str] = field(default_factory=list)
    organisation: Organisation = field(default_factory=lambda: Organisation(ods_code="X26", name="Demographics"))
    forgotten: list[str] = field(default_factory=list)

    async def person(self, nhs_number: str, caller: Caller, request_id: str, deadline: float) -> Person | None:
        self.asked.append(nhs_number)
        if self.failure is not None:
            raise self.failure
        return self.known.get(nhs_number)

    async def search(self, search: Search, caller: Caller, request_id: str, deadline: float) -> Sequence[Person]:
        return list(self.known.values())

    def forget(self, nhs_number: str) -> None:
        self.forgotten.append(nhs_number)


@dataclass
class Register:
    """An opt-out registry over a set; `down` makes it unreadable."""

    out: set[str] = field(default_factory=set)
    down: bool = False

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        if self.down:
            raise ConnectionError
        return frozenset(self.out & set(nhs_numbers))

    async def add(self, nhs_number: str, *, by: str, reason: str) -> None:
        self.out.add(nhs_number)

    async def withdraw(self, nhs_number: str, *, by: str, reason: str) -> None:
        self.out.discard(nhs_number)

    async def supersede(self, nhs_number: str, current: str, *, by: str) -> None:
        if self.out & {nhs_number, current}:
            self.out |= {nhs_number, current}


@dataclass
class Limit:
    """Admits everybody unless told otherwise."""

    open: bool = True

    async def admit(self, caller: Caller, nhs_numbers: Collection[str]) -> bool:
        return self.open


def person(number: str = NUMBER, **changes: Any) -> Person:
    """A person with an address, a practice and a home borough."""
    facts: dict[str, Any] = {
        "nhs_number": number,
        "asked_number": number,
        "names": [HumanName(use="usual", family="Made-Up", given=["Ann"])],
        "birth_date": "1980-05-05",
        "gender": "female",
        "address": Address(lines=["1 Weir Lane"], postcode="N1 1ZZ"),
        "practice": Organisation(ods_code="Y99001", name="Practice"),
        "local_authority": "E09000019",
    }
    return Person(**(facts | changes))


def source(memory: Memory, coverage: Coverage | None = None) -> Source:
    """The memory as a source that serves everybody, unless told otherwise."""
    organisation = Organisation(ods_code=memory.name.upper(), name=memory.name)
    return Source(memory.name, organisation, memory, coverage or Coverage(everybody=True))


def context(
    *sources: Source,
    people: People | None = None,
    register: Register | None = None,
    limit: Limit | None = None,
    role: str = "gp",
    cache: AnswerCache | None = None,
    seconds: float = 5.0,
    patient: str | None = None,
) -> RecordContext:
    """A request's context over these sources, with its patient loader."""
    made = RecordContext(
        caller=Caller("https://issuer.example", "somebody", role, "Y99001", patient=patient),
        policies=policies(),
        now=NOW,
        deadline=asyncio.get_running_loop().time() + seconds,
        request_id="0b5c9d2e-0000-4000-8000-000000000000",
        directory=Directory(people or People({NUMBER: person()}), sources),
        consent=register or Register(),
        admission=limit or Limit(),
        cache=cache,
    )
    made.people = PatientLoader(made)
    return made


async def ask(query: str, made: RecordContext) -> SubgraphResponse:
    """Run a query on the record subgraph as the engine does."""
    fetcher = LocalFetcher(graphql_core_schema())
    return await fetcher.fetch(SubgraphRequest("record", query, None, {}, "query"), made)


STATES = {state.name: state for state in SourceState}
