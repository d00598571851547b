"""Problems: GP Connect ProblemHeader (STU3 Condition)."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from policies.sections import Section
from resolvers.record.allergies import Verification
from resolvers.record.conditions import Condition, ConditionStatus, Significance
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.concepts import FhirNote, FhirReference, concept, concepts, notes_text
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.extensions import FhirExtension, first
from resolvers.sources.gp_connect.kept import FhirMeta, Kept

SECTION = Section.CONDITIONS


class FhirCondition(msgspec.Struct):
    fhir_type: ClassVar[str] = "Condition"
    meta: FhirMeta | None = None
    extension: list[FhirExtension] = []
    clinicalStatus: str | None = None  # noqa: N815
    verificationStatus: str | None = None  # noqa: N815
    category: list[CodeableConcept] = []
    severity: CodeableConcept | None = None
    code: CodeableConcept | None = None
    bodySite: list[CodeableConcept] = []  # noqa: N815
    onsetDateTime: str | None = None  # noqa: N815
    abatementDateTime: str | None = None  # noqa: N815
    assertedDate: str | None = None  # noqa: N815
    asserter: FhirReference | None = None
    note: list[FhirNote] = []


CONDITION = Lenient(FhirCondition)


def read_problems(kept: Kept) -> list[Condition]:
    """Every kept problem that was not entered in error."""
    found = kept.each("Condition", CONDITION, SECTION)
    return [_problem(kept, key, source) for key, source in found if source.verificationStatus != "entered-in-error"]


def _problem(kept: Kept, key: str, source: FhirCondition) -> Condition:
    onset = kept.date(SECTION, "Condition.onsetDateTime", source.onsetDateTime)
    asserted = kept.date(SECTION, "Condition.assertedDate", source.assertedDate)
    significance = first(source.extension, "ProblemSignificance")
    marked = significance.valueCode if significance is not None else None
    return Condition(
        kept.id(key),
        onset or asserted,
        kept.recorded_by(source.asserter),
        kept.as_of(source.meta),
        code=concept(source.code),
        status=kept.coded(SECTION, "Condition.clinicalStatus", ConditionStatus, source.clinicalStatus),
        verification=kept.coded(SECTION, "Condition.verificationStatus", Verification, source.verificationStatus),
        categories=[coding.code for category in source.category for coding in category.codings if coding.code],
        significance=kept.coded(SECTION, "Condition.extension", Significance, marked),
        severity=concept(source.severity),
        body_sites=concepts(source.bodySite),
        onset=onset,
        ended=kept.date(SECTION, "Condition.abatementDateTime", source.abatementDateTime),
        note=notes_text(source.note),
    )
