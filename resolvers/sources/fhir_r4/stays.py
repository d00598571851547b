"""Hospital stays from Encounter (UK Core 2.5), with the discharge summary that a Composition holds.

A discharge summary whose Encounter is not here is a stay of its own, so that it is not lost. The text of a
Composition's sections is the document itself, and shown; the narrative of a resource never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from resolvers.record.stays import DischargeSummary, DocumentSection, HospitalStay, StayKind, StayStatus
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir_r4 import parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import Extension, extended
from resolvers.sources.fhir_r4.narrative import plain
from resolvers.sources.fhir_r4.reading import Reading, concept, concepts, words

_BASE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
ADMISSION_METHOD = f"{_BASE}AdmissionMethod"
DISCHARGE_METHOD = f"{_BASE}DischargeMethod"

STATUS = {
    "planned": StayStatus.PLANNED,
    "arrived": StayStatus.IN_PROGRESS,
    "triaged": StayStatus.IN_PROGRESS,
    "in-progress": StayStatus.IN_PROGRESS,
    "onleave": StayStatus.ON_LEAVE,
    "finished": StayStatus.FINISHED,
    "cancelled": StayStatus.CANCELLED,
    "unknown": StayStatus.UNKNOWN,
}
KINDS = {each.value: each for each in StayKind} | {"ACUTE": StayKind.INPATIENT, "NONAC": StayKind.INPATIENT}
DISCHARGE = frozenset(
    {
        ("http://snomed.info/sct", "373942005"),
        ("http://loinc.org", "18842-5"),
        ("http://loinc.org", "11490-0"),
        ("http://loinc.org", "28655-9"),
        ("http://loinc.org", "59258-4"),
    }
)
DEPTH = 8  # of nested Composition sections


def stays(
    encounters: Sequence[fhir.Encounter], compositions: Sequence[fhir.Composition], reading: Reading
) -> list[HospitalStay]:
    """Every stay, and every discharge summary with or without one."""
    found: dict[str, HospitalStay] = {}
    for encounter in encounters:
        if encounter.status != "entered-in-error":
            found[str(reading.id(encounter))] = _stay(encounter, reading)
    for composition in sorted(filter(_is_discharge, compositions), key=lambda each: each.date or ""):
        summary = _summary(composition, reading)
        about = reading.resolve(composition.encounter, composition, fhir.Encounter)
        stay = found.get(str(reading.id(about))) if about is not None else None
        if stay is not None:
            stay.discharge_summary = summary
        else:
            lone = _alone(composition, summary, reading)
            found[str(lone.id)] = lone
    return list(found.values())


def _stay(source: fhir.Encounter, reading: Reading) -> HospitalStay:
    period = reading.period(source.period, "Encounter.period")
    inside = source.hospitalization or parts.Hospitalization()
    authors = [each.individual for each in source.participant]
    return HospitalStay(
        reading.id(source),
        period.start if period is not None else None,
        reading.recorded_by(source, source.service_provider, *authors),
        reading.as_of(source),
        status=reading.listed(STATUS, source.status, "Encounter.status"),
        kind=KINDS.get(source.kind.code, StayKind.OTHER) if source.kind is not None and source.kind.code else None,
        types=concepts(source.type),
        specialty=concept(source.service_type),
        admitted=period.start if period is not None else None,
        discharged=period.end if period is not None else None,
        admission_method=_method(ADMISSION_METHOD, source, inside),
        discharge_method=_method(DISCHARGE_METHOD, source, inside),
        discharge_destination=concept(inside.discharge_disposition),
        reasons=reading.concepts_meant(source.reason_code, source.reason_reference, source),
        diagnoses=reading.concepts_meant((), (each.condition for each in source.diagnosis if each.condition), source),
        ward=_ward(source, reading),
    )


def _method(url: str, source: fhir.Encounter, inside: parts.Hospitalization) -> CodeableConcept | None:
    """UK Core puts the methods on the Encounter or on its hospitalization, by version."""
    found: Extension | None = extended(inside.extension, url) or extended(source.extension, url)
    return concept(found.value_codeable_concept) if found is not None else None


def _ward(source: fhir.Encounter, reading: Reading) -> str | None:
    places = (reading.resolve(each.location, source, fhir.Location) for each in source.location)
    return ", ".join(dict.fromkeys(place.name for place in places if place is not None and place.name)) or None


def _is_discharge(source: fhir.Composition) -> bool:
    """Whether a document is a discharge summary, by its code, or by its words where it is not coded so."""
    if source.status == "entered-in-error" or source.type is None:
        return False
    if any((coding.system, coding.code) in DISCHARGE for coding in source.type.codings):
        return True
    return any("discharge" in text.lower() for text in _said(source.type))


def _said(source: CodeableConcept) -> Iterator[str]:
    if source.text:
        yield source.text
    yield from (coding.display for coding in source.codings if coding.display)


def _summary(source: fhir.Composition, reading: Reading) -> DischargeSummary:
    return DischargeSummary(
        title=source.title,
        date=reading.date(source.date, "Composition.date"),
        status=source.status,
        sections=list(_sections(source.section, 0)),
    )


def _sections(inside: Iterable[parts.Part], depth: int) -> Iterator[DocumentSection]:
    """Sections in reading order, those inside others after them."""
    for part in inside:
        text = plain(part.text.div) if part.text is not None else None
        heading = part.title or words(part.code)
        if text or (heading and not part.section):
            yield DocumentSection(heading=heading, text=text)
        if depth < DEPTH:
            yield from _sections(part.section, depth + 1)


def _alone(source: fhir.Composition, summary: DischargeSummary, reading: Reading) -> HospitalStay:
    return HospitalStay(
        reading.id(source),
        summary.date,
        reading.recorded_by(source, source.custodian, *source.author),
        reading.as_of(source),
        discharge_summary=summary,
    )
