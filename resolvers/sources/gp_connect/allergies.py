"""Allergies: GP Connect AllergyIntolerance (STU3), active, resolved and 'no known allergies'."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from policies.sections import Section
from resolvers.record.allergies import Allergy, AllergyStatus, Criticality, Reaction, ReactionSeverity, Verification
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.concepts import (
    FhirNote,
    FhirReference,
    concept,
    concepts,
    member,
    notes_text,
)
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.fhir.no_known import says_no_known_allergies
from resolvers.sources.gp_connect.extensions import FhirExtension, first
from resolvers.sources.gp_connect.kept import FhirMeta, Kept

SECTION = Section.ALLERGIES
NULL_FLAVOR = "http://hl7.org/fhir/v3/NullFlavor"


class _Reaction(msgspec.Struct):
    manifestation: list[CodeableConcept] = []
    severity: str | None = None
    onset: str | None = None
    description: str | None = None


class FhirAllergy(msgspec.Struct):
    fhir_type: ClassVar[str] = "AllergyIntolerance"
    meta: FhirMeta | None = None
    extension: list[FhirExtension] = []
    clinicalStatus: str | None = None  # noqa: N815
    verificationStatus: str | None = None  # noqa: N815
    type: str | None = None
    category: list[str] = []
    criticality: str | None = None
    code: CodeableConcept | None = None
    onsetDateTime: str | None = None  # noqa: N815
    assertedDate: str | None = None  # noqa: N815
    recorder: FhirReference | None = None
    asserter: FhirReference | None = None
    note: list[FhirNote] = []
    reaction: list[_Reaction] = []


_DECODER = Lenient(FhirAllergy)


def read_allergies(kept: Kept) -> list[Allergy]:
    """Every kept AllergyIntolerance that was not entered in error."""
    found = kept.each("AllergyIntolerance", _DECODER, SECTION)
    return [_allergy(kept, key, source) for key, source in found if source.verificationStatus != "entered-in-error"]


def _allergy(kept: Kept, key: str, source: FhirAllergy) -> Allergy:
    end = first(source.extension, "AllergyIntoleranceEnd", "endDate")
    reason = first(source.extension, "AllergyIntoleranceEnd", "reasonEnded")
    place = "AllergyIntolerance"
    return Allergy(
        kept.id(key),
        kept.date(SECTION, f"{place}.assertedDate", source.assertedDate),
        kept.recorded_by(source.recorder, source.asserter),
        kept.as_of(source.meta),
        code=concept(source.code),
        no_known_allergies=says_no_known_allergies(source.code),
        kind=source.type,
        categories=source.category,
        status=kept.coded(SECTION, f"{place}.clinicalStatus", AllergyStatus, source.clinicalStatus),
        verification=kept.coded(SECTION, f"{place}.verificationStatus", Verification, source.verificationStatus),
        criticality=kept.coded(SECTION, f"{place}.criticality", Criticality, source.criticality),
        reactions=[_reaction(kept, reaction) for reaction in source.reaction],
        onset=kept.date(SECTION, f"{place}.onsetDateTime", source.onsetDateTime),
        end=kept.date(SECTION, f"{place}.extension", end.valueDateTime if end is not None else None),
        end_reason=reason.valueString if reason is not None else None,
        note=notes_text(source.note),
    )


def _reaction(kept: Kept, source: _Reaction) -> Reaction:
    """A reaction; the null flavour that stands in for 'no manifestation given' is left out."""
    said = [m for m in source.manifestation if not any(coding.system == NULL_FLAVOR for coding in m.codings)]
    return Reaction(
        manifestations=concepts(said),
        severity=member(ReactionSeverity, source.severity),
        onset=kept.date(SECTION, "AllergyIntolerance.reaction.onset", source.onset),
        description=source.description,
    )
