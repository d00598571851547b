"""Consultations: a GP Connect Encounter, and the lists that say what was noted: consultation, topics, headings.

GP Connect Access Record: Structured, "List - consultation structure". A consultation is shown where both its Encounter
and its list were kept. Which topics are kept is policy's decision (links.toml); here they are only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

import msgspec

from policies.sections import Section
from resolvers.record.consultations import Consultation, ConsultationNote, ConsultationTopic
from resolvers.record.values import CodeableConcept, Period
from resolvers.sources.fhir.concepts import (
    SNOMED,
    FhirPeriod,
    FhirQuantity,
    FhirReference,
    concept,
    concepts,
)
from resolvers.sources.fhir.dates import fhir_date
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.booked import LOCATION
from resolvers.sources.gp_connect.extensions import FhirExtension, find, first
from resolvers.sources.gp_connect.kept import FhirMeta, Kept
from resolvers.sources.gp_connect.lists import CONSULTATION, HEADING, TOPIC
from resolvers.sources.gp_connect.noted import Noted
from resolvers.sources.gp_connect.problems import CONDITION

SECTION = Section.CONSULTATIONS
SAW, WROTE = "PPRF", "REC"
MINUTES = {"min": 1.0, "m": 1.0, "h": 60.0, "s": 1 / 60}


class _Participant(msgspec.Struct):
    type: list[CodeableConcept] = []
    individual: FhirReference | None = None

    def was(self, code: str) -> bool:
        return any(coding.code == code for kind in self.type for coding in kind.codings)


class _Place(msgspec.Struct):
    location: FhirReference | None = None


class FhirEncounter(msgspec.Struct):
    fhir_type: ClassVar[str] = "Encounter"
    meta: FhirMeta | None = None
    status: str | None = None
    type: list[CodeableConcept] = []
    participant: list[_Participant] = []
    period: FhirPeriod | None = None
    length: FhirQuantity | None = None
    location: list[_Place] = []
    serviceProvider: FhirReference | None = None  # noqa: N815


class _Entry(msgspec.Struct):
    item: FhirReference | None = None


class FhirPart(msgspec.Struct):
    """A list of the consultation's structure."""

    fhir_type: ClassVar[str] = "List"
    status: str | None = None
    title: str | None = None
    code: CodeableConcept | None = None
    extension: list[FhirExtension] = []
    encounter: FhirReference | None = None
    date: str | None = None
    entry: list[_Entry] = []

    @property
    def is_of(self) -> str | None:
        codings = self.code.codings if self.code is not None else []
        return next((coding.code for coding in codings if coding.system == SNOMED), None)

    @property
    def items(self) -> list[FhirReference]:
        return [entry.item for entry in self.entry if entry.item is not None]


_ENCOUNTER = Lenient(FhirEncounter)
_PART = Lenient(FhirPart)


def read_consultations(kept: Kept) -> list[Consultation]:
    """Every kept consultation that was not entered in error."""
    return list(_Reading(kept).consultations())


class _Reading:
    """The lists at hand. What is wrong with one is told when it is shown, so that none beside the record is told of."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.noted = Noted(kept, SECTION)
        self.parts: dict[str, FhirPart] = {}
        self.bad: dict[str, tuple[str, ...]] = {}
        for key, part, bad in kept.quietly("List", _PART):
            self.bad[key] = bad
            if part is not None and part.status != "entered-in-error":
                self.parts[key] = part

    def consultations(self) -> Iterator[Consultation]:
        wholes: dict[str, list[str]] = {}
        for key, part in self.parts.items():
            encounter = self.kept.key_of(part.encounter)
            if part.is_of == CONSULTATION and encounter is not None:
                wholes.setdefault(encounter, []).append(key)
        for encounter, lists in wholes.items():
            found = self.kept.one(FhirReference(encounter), "Encounter", _ENCOUNTER, SECTION)
            if found is not None and found.status != "entered-in-error":
                yield self._consultation(encounter, found, [self._told(key) for key in lists])

    def _consultation(self, key: str, source: FhirEncounter, lists: list[FhirPart]) -> Consultation:
        period = self._period(source.period or FhirPeriod())
        changed = next(filter(None, (fhir_date(each.date) for each in lists)), None)
        people = sorted(source.participant, key=lambda each: 0 if each.was(SAW) else 1 if each.was(WROTE) else 2)
        return Consultation(
            self.kept.id(key),
            period.start,
            self.kept.recorded_by(*(each.individual for each in people), source.serviceProvider),
            changed or self.kept.as_of(source.meta),
            kind=next(iter(concepts(source.type)), None),
            period=period if period.start or period.end else None,
            minutes=_minutes(source.length),
            location=self._location(source),
            topics=[topic for each in lists for topic in self._topics(each)],
        )

    def _period(self, source: FhirPeriod) -> Period:
        return Period(
            start=self.kept.date(SECTION, "Encounter.period.start", source.start),
            end=self.kept.date(SECTION, "Encounter.period.end", source.end),
        )

    def _location(self, source: FhirEncounter) -> str | None:
        places = (self.kept.get(place.location, "Location", LOCATION) for place in source.location)
        return next((place.name for place in places if place is not None and place.name), None)

    def _topics(self, whole: FhirPart) -> Iterator[ConsultationTopic]:
        """The topics in order; what a practice files outside any topic makes one without a title, at the end."""
        loose: list[FhirReference] = []
        for item in whole.items:
            key = self.kept.key_of(item)
            if key in self.parts and self.parts[key].is_of == TOPIC:
                yield self._topic(self._told(key), self.parts[key].items)
            else:
                loose.append(item)
        if any(self.kept.key_of(item) is not None for item in loose):
            yield self._topic(FhirPart(), loose)

    def _topic(self, part: FhirPart, items: Iterable[FhirReference]) -> ConsultationTopic:
        notes: list[ConsultationNote] = []
        problems = self._problems(part)
        flat: list[FhirReference] = []
        held: list[FhirReference] = []
        for item in items:
            key = self.kept.key_of(item)
            if key not in self.parts:
                flat.append(item)
            elif self.parts[key].is_of == HEADING:
                below = self._told(key)
                notes.append(ConsultationNote(heading=below.title, text=self.noted.text(below.items)))
                problems += [problem for problem in self._problems(below) if problem not in problems]
                held += below.items
        text = self.noted.text(flat)
        if text is not None:
            notes.insert(0, ConsultationNote(text=text))
        return ConsultationTopic(
            title=part.title, problems=problems, notes=notes, entries=self.noted.entries([*flat, *held])
        )

    def _problems(self, part: FhirPart) -> list[CodeableConcept]:
        headers = (
            first([each], "RelatedProblemHeader", "target") for each in find(part.extension, "RelatedProblemHeader")
        )
        named = [header.valueReference for header in headers if header is not None]
        problems = (self.kept.get(each, "Condition", CONDITION) for each in named)
        codes = [concept(each.code) for each in problems if each is not None]
        return [code for code in codes if code is not None]

    def _told(self, key: str) -> FhirPart:
        for place in self.bad.pop(key, ()):
            self.kept.notes.invalid(SECTION, place)
        return self.parts[key]


def _minutes(source: FhirQuantity | None) -> int | None:
    if source is None or source.value is None:
        return None
    factor = MINUTES.get(source.code or source.unit or "")
    return round(source.value * factor) if factor is not None else None
