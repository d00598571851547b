"""Allergies from AllergyIntolerance (UK Core AllergyIntolerance 2.5)."""

from __future__ import annotations

from resolvers.record.allergies import Allergy, AllergyStatus, Criticality, Reaction, ReactionSeverity, Verification
from resolvers.record.values import CodeableConcept, PartialDateTime
from resolvers.sources.fhir_r4 import parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import Extension, extended
from resolvers.sources.fhir_r4.reading import Reading, concept, concepts, note

END = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AllergyIntoleranceEnd"
SNOMED = "http://snomed.info/sct"

# "No known allergy" and its children, which say so of one kind of substance (SNOMED CT, 716186003 and below).
NO_KNOWN = frozenset(
    {
        "716186003",  # allergy
        "409137002",  # drug allergy
        "429625007",  # food allergy
        "428607008",  # environmental allergy
        "428197003",  # insect allergy
        "716220001",  # animal allergy
        "716184000",  # latex allergy
        "1003774007",  # latex allergy, as it is coded since 2021
        "160244002",  # allergies (inactive, replaced by 716186003)
    }
)

STATUS = {each.value: each for each in AllergyStatus}
VERIFICATION = {each.value: each for each in Verification}
CRITICALITY = {each.value: each for each in Criticality}
SEVERITY = {each.value: each for each in ReactionSeverity}
KINDS = frozenset({"allergy", "intolerance"})
CATEGORIES = frozenset({"food", "medication", "environment", "biologic"})


def allergy(source: fhir.AllergyIntolerance, reading: Reading) -> Allergy | None:
    """One allergy; None where it was entered in error."""
    sure = source.verification_status
    if sure is not None and any(coding.code == "entered-in-error" for coding in sure.coding):
        return None
    onset = source.onset_date_time or (source.onset_period.start if source.onset_period is not None else None)
    recorded = reading.date(source.recorded_date, "AllergyIntolerance.recordedDate")
    end, reason = _end(source, reading)
    return Allergy(
        reading.id(source),
        recorded,
        reading.recorded_by(source, source.recorder, source.asserter),
        reading.as_of(source),
        code=concept(source.code),
        no_known_allergies=_none_known(source.code),
        kind=_kind(source, reading),
        categories=_categories(source, reading),
        status=reading.coded(STATUS, source.clinical_status, "AllergyIntolerance.clinicalStatus"),
        verification=reading.coded(VERIFICATION, sure, "AllergyIntolerance.verificationStatus"),
        criticality=reading.listed(CRITICALITY, source.criticality, "AllergyIntolerance.criticality"),
        reactions=[_reaction(each, reading) for each in source.reaction],
        onset=reading.date(onset, "AllergyIntolerance.onset"),
        end=end,
        end_reason=reason,
        note=note(source.note),
    )


def _none_known(code: CodeableConcept | None) -> bool:
    if code is None:
        return False
    return any(coding.system == SNOMED and coding.code in NO_KNOWN for coding in code.codings)


def _kind(source: fhir.AllergyIntolerance, reading: Reading) -> str | None:
    if source.type is None or source.type in KINDS:
        return source.type
    reading.invalid("AllergyIntolerance.type")
    return None


def _categories(source: fhir.AllergyIntolerance, reading: Reading) -> list[str]:
    found = [each for each in source.category if each in CATEGORIES]
    if len(found) < sum(each is not None for each in source.category):
        reading.invalid("AllergyIntolerance.category")
    return [each for each in found if each is not None]


def _reaction(source: parts.Manifested, reading: Reading) -> Reaction:
    return Reaction(
        manifestations=concepts(source.manifestation),
        severity=reading.listed(SEVERITY, source.severity, "AllergyIntolerance.reaction.severity"),
        onset=reading.date(source.onset, "AllergyIntolerance.reaction.onset"),
        description=source.description,
    )


def _end(source: fhir.AllergyIntolerance, reading: Reading) -> tuple[PartialDateTime | None, str | None]:
    """UK Core puts the extension on clinicalStatus since 2.2, on the resource before."""
    status = source.clinical_status
    ended: Extension | None = extended(source.extension, END)
    if ended is None and status is not None:
        ended = extended(status.extension, END)
    if ended is None:
        return None, None
    day = extended(ended.extension, "endDate")
    why = extended(ended.extension, "reasonEnded")
    date = reading.date(day.value_date_time if day is not None else None, "AllergyIntolerance.extension.endDate")
    return date, why.value_string if why is not None else None
