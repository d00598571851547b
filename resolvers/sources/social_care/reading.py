"""From kept items to entries: adult social care, alerts, named workers and plans.

An item is read only when it is an adult's or an adult carer's, and began after the person's eighteenth birthday:
children's social care is no part of the record, in no section. Whatever is left out for that leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import strawberry

from policies import childhood
from policies.decision import Show
from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.alerts import Alert, AlertStatus
from resolvers.record.plans import CarePlan, CarePlanActivity, CarePlanStatus
from resolvers.record.social import SocialCareEntry, SocialCareKind, SocialCareStatus
from resolvers.record.team import CareTeamMember, ContactKind
from resolvers.record.values import Entry, Organisation, PartialDateTime, Period, RecordedBy
from resolvers.sources.fhir.concepts import concept, concepts, member, words
from resolvers.sources.fhir.dates import fhir_date
from resolvers.sources.social_care.envelope import NAMELESS, SAME
from resolvers.sources.social_care.shapes import ITEM, LISTS, LISTS_OF, CareItem
from resolvers.sources.source import Ask, ReadNotes

E = TypeVar("E", bound=Enum)
ADULT_CLIENTS = frozenset({"adult", "carer"})
ENTERED_IN_ERROR = "entered-in-error"
KINDS: Mapping[str, SocialCareKind] = {
    "Service": SocialCareKind.SERVICE,
    "Assessment": SocialCareKind.ASSESSMENT,
    "Contact": SocialCareKind.CONTACT,
    "SupportReason": SocialCareKind.SUPPORT_REASON,
    "Equipment": SocialCareKind.EQUIPMENT,
    "Flag": SocialCareKind.FLAG,
}


@dataclass(slots=True)
class Reading:
    """What the readers of one answer share."""

    source_id: str
    organisation: Organisation
    ask: Ask
    notes: ReadNotes

    def date(self, section: Section, place: str, text: str | None) -> PartialDateTime | None:
        value = fhir_date(text)
        if value is None and text is not None:
            self.notes.invalid(section, place)
        return value

    def coded(self, section: Section, place: str, kind: type[E], code: str | None) -> E | None:
        value = member(kind, code)
        if value is None and code is not None:
            self.notes.invalid(section, place)
        return value

    def recorded_by(self, item: CareItem) -> RecordedBy:
        return RecordedBy(organisation=self.organisation, role=item.recordedByRole)

    def as_of(self, item: CareItem) -> PartialDateTime:
        return fhir_date(item.updated) or PartialDateTime(self.ask.now)

    def period(self, item: CareItem) -> Period | None:
        start, end = fhir_date(item.start), fhir_date(item.end)
        return Period(start=start, end=end) if start or end else None


def read_section(kept: Sequence[Item], section: Section, reading: Reading) -> list[Entry]:
    """The entries of one section."""
    make = MAKERS[section]
    kinds = {LISTS[name] for name in LISTS_OF[section]}
    return [make(reading, kind, id_, item) for kind, id_, item in _adult_items(kept, kinds, section, reading)]


def _adult_items(
    kept: Sequence[Item], kinds: set[str], section: Section, reading: Reading
) -> Iterator[tuple[str, str, CareItem]]:
    seen: set[tuple[str, str]] = set()
    for each in kept:
        kind, _, id_ = each.key.rstrip(SAME).partition("/")
        if kind not in kinds:
            continue
        item, bad = ITEM.decode(each.raw)
        if item is None or not _is_adult(item, reading.ask.subject.birth_date):
            continue  # whose it is cannot be told, so that not even its being there may be told
        if item.status == ENTERED_IN_ERROR:
            continue
        for place in bad:
            reading.notes.invalid(section, place.replace("item", kind, 1))
        if id_.startswith(NAMELESS) or (kind, id_) in seen:
            reading.notes.invalid(section, f"{kind}.id")
            continue
        seen.add((kind, id_))
        yield kind, id_, item


def _is_adult(item: CareItem, born: str | None) -> bool:
    return item.clientType in ADULT_CLIENTS and isinstance(childhood.keeps(fhir_date(item.start), born), Show)


def _social(reading: Reading, kind: str, id_: str, item: CareItem) -> SocialCareEntry:
    section = Section.SOCIAL_CARE
    start = reading.date(section, f"{kind}.start", item.start)
    outcomes = [text for text in map(words, item.outcomes) if text]
    return SocialCareEntry(
        strawberry.ID(f"{reading.source_id}:{kind}/{id_}"),
        start,
        reading.recorded_by(item),
        reading.as_of(item),
        kind=KINDS[kind],
        code=concept(item.type),
        status=reading.coded(section, f"{kind}.status", SocialCareStatus, item.status),
        start=start,
        end=reading.date(section, f"{kind}.end", item.end),
        description=item.description,
        outcome="; ".join(outcomes) or None,
        frequency=item.frequency,
        provider=item.provider.name if item.provider is not None else None,
        team=item.team.name if item.team is not None else None,
    )


def _alert(reading: Reading, kind: str, id_: str, item: CareItem) -> Alert:
    """A flag is an entry of two sections; its two ids differ, so that no client takes one for the other."""
    status = {"active": AlertStatus.ACTIVE, "ended": AlertStatus.INACTIVE}.get(item.status or "")
    category = concept(item.category)
    return Alert(
        strawberry.ID(f"{reading.source_id}:Alert/{id_}"),
        reading.date(Section.ALERTS, f"{kind}.start", item.start),
        reading.recorded_by(item),
        reading.as_of(item),
        code=concept(item.type),
        status=status,
        categories=[category] if category is not None else [],
        period=reading.period(item),
    )


def _worker(reading: Reading, kind: str, id_: str, item: CareItem) -> CareTeamMember:
    return CareTeamMember(
        strawberry.ID(f"{reading.source_id}:{kind}/{id_}"),
        reading.date(Section.CARE_TEAM, f"{kind}.start", item.start),
        reading.recorded_by(item),
        reading.as_of(item),
        kind=ContactKind.PROFESSIONAL,
        name=item.name,
        role=item.role,
        team=item.team.name if item.team is not None else None,
        organisation=reading.organisation,
        telephone=item.telephone,
        period=reading.period(item),
    )


def _plan(reading: Reading, kind: str, id_: str, item: CareItem) -> CarePlan:
    section = Section.CARE_PLANS
    categories = [each for each in (item.type, item.category) if each is not None]
    return CarePlan(
        strawberry.ID(f"{reading.source_id}:{kind}/{id_}"),
        reading.date(section, f"{kind}.start", item.start),
        reading.recorded_by(item),
        reading.as_of(item),
        title=item.title,
        status=reading.coded(section, f"{kind}.status", CarePlanStatus, item.status),
        categories=concepts(categories),
        description=item.description,
        period=reading.period(item),
        goals=item.goals,
        activities=[CarePlanActivity(description=each.description, status=each.status) for each in item.activities],
    )


MAKERS: Mapping[Section, Callable[[Reading, str, str, CareItem], Entry]] = {
    Section.SOCIAL_CARE: _social,
    Section.ALERTS: _alert,
    Section.CARE_TEAM: _worker,
    Section.CARE_PLANS: _plan,
}
