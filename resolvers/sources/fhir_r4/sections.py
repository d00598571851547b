"""Which mapper reads which resources into which section.

An item with a modifier that we do not know, or without an id, is left out, and the section says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.values import Entry
from resolvers.sources.fhir_r4 import (
    alerts,
    allergies,
    appointments,
    bundle,
    conditions,
    documents,
    immunisations,
    medications,
    plans,
    procedures,
    results,
    stays,
    team,
)
from resolvers.sources.fhir_r4.bundle import Found
from resolvers.sources.fhir_r4.reading import Home, Reading
from resolvers.sources.fhir_r4.searches import SEARCHES
from resolvers.sources.source import Ask, ReadNotes

ByType = dict[str, list[Any]]
Mapper = Callable[[ByType, Reading], Iterable[Entry | None]]


def _each(kind: str, mapper: Callable[[Any, Reading], Entry | None]) -> Mapper:
    return lambda found, reading: [mapper(resource, reading) for resource in found[kind]]


def _medications(found: ByType, reading: Reading) -> Iterable[Entry | None]:
    yield from (medications.request(each, reading) for each in found["MedicationRequest"])
    yield from (medications.statement(each, reading) for each in found["MedicationStatement"])


def _team(found: ByType, reading: Reading) -> Iterable[Entry | None]:
    for each in found["CareTeam"]:
        yield from team.members(each, reading)
    yield from (team.related(each, reading) for each in found["RelatedPerson"])


MAPPERS: dict[Section, Mapper] = {
    Section.ALLERGIES: _each("AllergyIntolerance", allergies.allergy),
    Section.MEDICATIONS: _medications,
    Section.CONDITIONS: _each("Condition", conditions.condition),
    Section.HOSPITAL_STAYS: lambda found, reading: stays.stays(found["Encounter"], found["Composition"], reading),
    Section.APPOINTMENTS: _each("Appointment", appointments.appointment),
    Section.TEST_RESULTS: lambda found, reading: results.results(
        found["Observation"], found["DiagnosticReport"], reading
    ),
    Section.IMMUNISATIONS: _each("Immunization", immunisations.immunisation),
    Section.PROCEDURES: _each("Procedure", procedures.procedure),
    Section.DOCUMENTS: _each("DocumentReference", documents.document),
    Section.ALERTS: _each("Flag", alerts.alert),
    Section.CARE_PLANS: _each("CarePlan", plans.plan),
    Section.CARE_TEAM: _team,
}

OF_TYPE = {search.type: section for section, searches in SEARCHES.items() for search in searches}


def read(kept: Sequence[Item], ask: Ask, notes: ReadNotes, home: Home) -> dict[Section, list[Entry]]:
    """The entries of the asked sections, from the items that policy kept and nothing else."""
    usable: list[Found] = []
    by_type: ByType = defaultdict(list)
    for item in kept:
        found = item if isinstance(item, Found) else _found(item)
        if found is None:
            continue
        if found.lost or found.resource.id is None:
            _complain(found, ask, notes)
            if not found.usable:
                continue
        usable.append(found)
        if found.matched:
            by_type[type(found.resource).__name__].append(found.resource)
    reading = Reading(usable, ask, notes, home)
    answer: dict[Section, list[Entry]] = {}
    for section, mapper in MAPPERS.items():
        if section in ask.sections:
            reading.section = section
            answer[section] = [entry for entry in mapper(by_type, reading) if entry is not None]
    return answer


def _found(item: Item) -> Found | None:
    """An item that came without its decoded resource."""
    resource, lost = bundle.one(item.raw)
    return Found(item.key, item.raw, resource, lost) if resource is not None else None


def _complain(found: Found, ask: Ask, notes: ReadNotes) -> None:
    """Say what of this item could not be read, now that it is known that policy kept it."""
    kind = type(found.resource).__name__
    section = OF_TYPE.get(kind)
    if section is not None and section in ask.sections and found.matched:
        for path in found.lost if found.resource.id is not None else (*found.lost, f"{kind}.id"):
            notes.invalid(section, path)
