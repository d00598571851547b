"""Hospital stays and their discharge summaries (PRSB: Admission details, Discharge details; UK Core Encounter, Composition)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
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


@record_type("One headed part of a document (FHIR Composition.section), as plain text.")
class DocumentSection(msgspec.Struct, gc=False):
    heading: Annotated[str | None, says("The heading, for example a PRSB discharge heading.")] = None
    text: Annotated[str | None, says("The text, markup removed.")] = None


@record_type("What the hospital wrote on discharge (PRSB: eDischarge summary; FHIR Composition).")
class DischargeSummary(msgspec.Struct, gc=False):
    title: Annotated[str | None, says("Its title.")] = None
    date: Annotated[PartialDateTime | None, says("When it was written.")] = None
    status: Annotated[str | None, says("preliminary, final, amended.")] = None
    sections: Annotated[list[DocumentSection] | None, says("Its parts in order.")] = []


@record_type(
    "A hospital stay or attendance (PRSB: Admission details, Discharge details; UK Core Encounter). `date` is "
    "the admission."
)
class HospitalStay(Entry, gc=False):
    status: Annotated[StayStatus | None, says("Where it stands.")] = None
    kind: Annotated[StayKind | None, says("Inpatient, emergency, outpatient and so on.")] = None
    types: Annotated[list[CodeableConcept] | None, says("What was done, in the hospital's terms (FHIR type).")] = []
    specialty: Annotated[CodeableConcept | None, says("The specialty or treatment function (PRSB: Specialty).")] = None
    admitted: Annotated[PartialDateTime | None, says("When it began (PRSB: Date/time of admission).")] = None
    discharged: Annotated[PartialDateTime | None, says("When it ended (PRSB: Date/time of discharge).")] = None
    admission_method: Annotated[
        CodeableConcept | None, says("How the person came in (UK Core extension AdmissionMethod).")
    ] = None
    discharge_method: Annotated[
        CodeableConcept | None, says("How the person left (UK Core extension DischargeMethod).")
    ] = None
    discharge_destination: Annotated[
        CodeableConcept | None, says("Where the person went (PRSB: Discharge destination).")
    ] = None
    reasons: Annotated[list[CodeableConcept] | None, says("Why (PRSB: Reason for admission).")] = msgspec.field(
        default_factory=list
    )
    diagnoses: Annotated[
        list[CodeableConcept] | None, says("Diagnoses of this stay (FHIR Encounter.diagnosis, resolved).")
    ] = []
    ward: Annotated[str | None, says("Ward or clinic, in words.")] = None
    discharge_summary: Annotated[
        DischargeSummary | None, says("The summary that the hospital wrote, where there is one.")
    ] = None
