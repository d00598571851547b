"""Conditions from Condition (UK Core Condition 2.6)."""

from __future__ import annotations

from resolvers.record.allergies import Verification
from resolvers.record.conditions import Condition, ConditionStatus, Significance
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import extended
from resolvers.sources.fhir_r4.reading import Reading, codes_of, concept, concepts, note, words

SIGNIFICANCE_URL = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ProblemSignificance"

STATUS = {each.value: each for each in ConditionStatus}
VERIFICATION = {each.value: each for each in Verification}
SIGNIFICANCE = {each.value: each for each in Significance}


def condition(source: fhir.Condition, reading: Reading) -> Condition | None:
    """One problem or diagnosis; None where it was entered in error."""
    sure = source.verification_status
    if sure is not None and any(coding.code == "entered-in-error" for coding in sure.coding):
        return None
    began = source.onset_date_time or (source.onset_period.start if source.onset_period is not None else None)
    over = source.abatement_date_time or (source.abatement_period.end if source.abatement_period is not None else None)
    onset = reading.date(began, "Condition.onset")
    return Condition(
        reading.id(source),
        onset or reading.date(source.recorded_date, "Condition.recordedDate"),
        reading.recorded_by(source, source.recorder, source.asserter),
        reading.as_of(source),
        code=concept(source.code),
        status=reading.coded(STATUS, source.clinical_status, "Condition.clinicalStatus"),
        verification=reading.coded(VERIFICATION, sure, "Condition.verificationStatus"),
        categories=codes_of(source.category),
        significance=_significance(source, reading),
        severity=concept(source.severity),
        body_sites=concepts(source.body_site),
        onset=onset,
        ended=reading.date(over, "Condition.abatement"),
        note=note(source.note),
    )


def _significance(source: fhir.Condition, reading: Reading) -> Significance | None:
    """The extension carries a code, or a concept of which the code or the word is 'major' or 'minor'."""
    found = extended(source.extension, SIGNIFICANCE_URL)
    if found is None:
        return None
    coded = found.value_codeable_concept
    code = coded.codings[0].code if coded is not None and coded.codings else None
    said = found.value_code or code or words(coded)
    return reading.listed(SIGNIFICANCE, said.lower() if said else None, "Condition.extension.problemSignificance")
