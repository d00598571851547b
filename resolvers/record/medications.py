"""Medications (PRSB: Medications and medical devices; UK Core MedicationStatement, MedicationRequest)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, Organisation, PartialDateTime, Quantity


@strawberry.enum(description="Whether a medicine is being taken now, as far as the source knows.")
class MedicationStatus(Enum):
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    STOPPED = "stopped"
    PLANNED = "planned"
    NOT_TAKEN = "not-taken"
    UNKNOWN = "unknown"


@strawberry.enum(description="How a medicine is supplied.")
class PrescriptionType(Enum):
    ACUTE = "acute"
    REPEAT = "repeat"
    REPEAT_DISPENSING = "repeat-dispensing"
    DELAYED = "delayed-prescribing"


@record_type("One issue of a prescription (GP Connect MedicationRequest with intent order).")
class MedicationIssue(msgspec.Struct, gc=False):
    date: Annotated[PartialDateTime | None, says("When it was issued.")] = None
    quantity: Annotated[str | None, says("How much was supplied, in words.")] = None
    status: Annotated[str | None, says("The issue's status at the source.")] = None


@record_type(
    "A medicine that a person takes, took or was prescribed (PRSB: Medications and medical devices; UK Core "
    "MedicationStatement or MedicationRequest; GP Connect MedicationStatement with its plan and issues). `date` is the start."
)
class Medication(Entry, gc=False):
    medicine: Annotated[
        CodeableConcept | None,
        says("The medicine, in dm+d or SNOMED CT where the source codes it (PRSB: Medication name)."),
    ] = None
    status: Annotated[MedicationStatus | None, says("Whether it is being taken now.")] = None
    prescription_type: Annotated[
        PrescriptionType | None,
        says("Acute or repeat (extension MedicationRepeatInformation, GP Connect prescriptionType)."),
    ] = None
    dosage: Annotated[
        str | None, says("Dose and frequency as the prescriber wrote them (PRSB: Dose directions; FHIR dosage.text).")
    ] = None
    dose: Annotated[Quantity | None, says("The amount per dose where the source gives it as a number.")] = None
    route: Annotated[CodeableConcept | None, says("How it is given (PRSB: Route).")] = None
    patient_instruction: Annotated[str | None, says("What the person was told (FHIR dosage.patientInstruction).")] = (
        None
    )
    quantity: Annotated[str | None, says("How much is supplied, in words.")] = None
    start: Annotated[PartialDateTime | None, says("When it began (effectivePeriod.start, authoredOn).")] = None
    end: Annotated[PartialDateTime | None, says("When it ended or will end.")] = None
    last_issued: Annotated[
        PartialDateTime | None, says("When it was last issued (extension StatementLastIssueDate).")
    ] = None
    reasons: Annotated[list[CodeableConcept] | None, says("Why it is taken (PRSB: Indication).")] = msgspec.field(
        default_factory=list
    )
    stopped_reason: Annotated[str | None, says("Why it was stopped, in words.")] = None
    prescribed_by: Annotated[
        Organisation | None, says("Where it was prescribed, when that is not the organisation that recorded it.")
    ] = None
    issues: Annotated[list[MedicationIssue] | None, says("The prescriptions issued.")] = msgspec.field(
        default_factory=list
    )
    note: Annotated[str | None, says("The author's comment.")] = None
