"""Hospital stays and their discharge summaries (PRSB: Admission details, Discharge details; UK Core Encounter, Composition)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.enum(description="Where a stay stands.")
class StayStatus(Enum):
    PLANNED = "planned"
    IN_PROGRESS = "in-progress"
    ON_LEAVE = "onleave"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@strawberry.enum(description="What kind of stay or attendance it is (FHIR Encounter.class).")
class StayKind(Enum):
    INPATIENT = "IMP"
    DAY_CASE = "SS"
    EMERGENCY = "EMER"
    OUTPATIENT = "AMB"
    HOME = "HH"
    VIRTUAL = "VR"
    OTHER = "OTH"


@strawberry.type(description="One headed part of a document (FHIR Composition.section), as plain text.")
class DocumentSection:
    heading: str | None = strawberry.field(
        default=None, description="The heading, for example a PRSB discharge heading."
    )
    text: str | None = strawberry.field(default=None, description="The text, markup removed.")


@strawberry.type(description="What the hospital wrote on discharge (PRSB: eDischarge summary; FHIR Composition).")
class DischargeSummary:
    title: str | None = strawberry.field(default=None, description="Its title.")
    date: PartialDateTime | None = strawberry.field(default=None, description="When it was written.")
    status: str | None = strawberry.field(default=None, description="preliminary, final, amended.")
    sections: list[DocumentSection] | None = strawberry.field(default_factory=list, description="Its parts in order.")


@strawberry.type(
    description="A hospital stay or attendance (PRSB: Admission details, Discharge details; UK Core Encounter). `date` is "
    "the admission."
)
class HospitalStay(Entry):
    status: StayStatus | None = strawberry.field(default=None, description="Where it stands.")
    kind: StayKind | None = strawberry.field(default=None, description="Inpatient, emergency, outpatient and so on.")
    types: list[CodeableConcept] | None = strawberry.field(
        default_factory=list, description="What was done, in the hospital's terms (FHIR type)."
    )
    specialty: CodeableConcept | None = strawberry.field(
        default=None, description="The specialty or treatment function (PRSB: Specialty)."
    )
    admitted: PartialDateTime | None = strawberry.field(
        default=None, description="When it began (PRSB: Date/time of admission)."
    )
    discharged: PartialDateTime | None = strawberry.field(
        default=None, description="When it ended (PRSB: Date/time of discharge)."
    )
    admission_method: CodeableConcept | None = strawberry.field(
        default=None, description="How the person came in (UK Core extension AdmissionMethod)."
    )
    discharge_method: CodeableConcept | None = strawberry.field(
        default=None, description="How the person left (UK Core extension DischargeMethod)."
    )
    discharge_destination: CodeableConcept | None = strawberry.field(
        default=None, description="Where the person went (PRSB: Discharge destination)."
    )
    reasons: list[CodeableConcept] | None = strawberry.field(
        default_factory=list, description="Why (PRSB: Reason for admission)."
    )
    diagnoses: list[CodeableConcept] | None = strawberry.field(
        default_factory=list, description="Diagnoses of this stay (FHIR Encounter.diagnosis, resolved)."
    )
    ward: str | None = strawberry.field(default=None, description="Ward or clinic, in words.")
    discharge_summary: DischargeSummary | None = strawberry.field(
        default=None, description="The summary that the hospital wrote, where there is one."
    )
