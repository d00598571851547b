"""Which mapper reads which resources into which section.

An item with a modifier that we do not know is left out and the section says so: a modifier may turn the meaning
round, and FHIR forbids to process what it modifies (R4, extensibility, section 2.4.0.3.1). The same holds for `implicitRules`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

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
    usable = [found for found in map(_found, kept) if found is not None and _usable(found, ask, notes)]
    reading = Reading(usable, ask, notes, home)
    by_type: ByType = defaultdict(list)
    for found in usable:
        if found.matched:
            by_type[type(found.resource).__name__].append(found.resource)
    answer: dict[Section, list[Entry]] = {}
    for section, mapper in MAPPERS.items():
        if section in ask.sections:
            reading.section = section
            answer[section] = [entry for entry in mapper(by_type, reading) if entry is not None]
    return answer


def _found(item: Item) -> Found | None:
    """The item with its decoded resource; decoded here where it came without."""
    if isinstance(item, Found):
        return item
    resource, lost = bundle.one(item.raw)
    return Found(item.key, item.raw, resource, lost) if resource is not None else None


def _usable(found: Found, ask: Ask, notes: ReadNotes) -> bool:
    """Say what of this item could not be read, now that it is known that policy kept it."""
    raw = found.raw
    if found.resource.id and not found.lost and b'"modifierExtension"' not in raw and b'"implicitRules"' not in raw:
        return True
    kind = type(found.resource).__name__
    refusing = [] if found.resource.id else [f"{kind}.id"]
    refusing += _modifiers(found)
    section = OF_TYPE.get(kind)
    if section is not None and section in ask.sections and found.matched:
        for path in (*found.lost, *refusing):
            notes.invalid(section, path)
    return not refusing


def _modifiers(found: Found) -> list[str]:
    kind = type(found.resource).__name__
    return [
        f"{kind}.{name}"
        for name in ("modifierExtension", "implicitRules")
        if _holds(msgspec.json.decode(found.raw), name)
    ]


def _holds(node: Any, name: str) -> bool:
    """Whether a property of this name, not empty, stands anywhere in a decoded resource."""
    if isinstance(node, dict):
        return any((key == name and bool(child)) or _holds(child, name) for key, child in node.items())
    return isinstance(node, list) and any(_holds(child, name) for child in node)
