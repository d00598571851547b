"""Medications (PRSB: Medications and medical devices; UK Core MedicationStatement, MedicationRequest)."""

from __future__ import annotations

from enum import Enum

import strawberry

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


@strawberry.type(description="One issue of a prescription (GP Connect MedicationRequest with intent order).")
class MedicationIssue:
    date: PartialDateTime | None = strawberry.field(default=None, description="When it was issued.")
    quantity: str | None = strawberry.field(default=None, description="How much was supplied, in words.")
    status: str | None = strawberry.field(default=None, description="The issue's status at the source.")


@strawberry.type(
    description="A medicine that a person takes, took or was prescribed (PRSB: Medications and medical devices; UK Core "
    "MedicationStatement or MedicationRequest; GP Connect MedicationStatement with its plan and issues). `date` is the start."
)
class Medication(Entry):
    medicine: CodeableConcept | None = strawberry.field(
        default=None,
        description="The medicine, in dm+d or SNOMED CT where the source codes it (PRSB: Medication name).",
    )
    status: MedicationStatus | None = strawberry.field(default=None, description="Whether it is being taken now.")
    prescription_type: PrescriptionType | None = strawberry.field(
        default=None,
        description="Acute or repeat (extension MedicationRepeatInformation, GP Connect prescriptionType).",
    )
    dosage: str | None = strawberry.field(
        default=None,
        description="Dose and frequency as the prescriber wrote them (PRSB: Dose directions; FHIR dosage.text).",
    )
    dose: Quantity | None = strawberry.field(
        default=None, description="The amount per dose where the source gives it as a number."
    )
    route: CodeableConcept | None = strawberry.field(default=None, description="How it is given (PRSB: Route).")
    patient_instruction: str | None = strawberry.field(
        default=None, description="What the person was told (FHIR dosage.patientInstruction)."
    )
    quantity: str | None = strawberry.field(default=None, description="How much is supplied, in words.")
    start: PartialDateTime | None = strawberry.field(
        default=None, description="When it began (effectivePeriod.start, authoredOn)."
    )
    end: PartialDateTime | None = strawberry.field(default=None, description="When it ended or will end.")
    last_issued: PartialDateTime | None = strawberry.field(
        default=None, description="When it was last issued (extension StatementLastIssueDate)."
    )
    reasons: list[CodeableConcept] | None = strawberry.field(
        default_factory=list, description="Why it is taken (PRSB: Indication)."
    )
    stopped_reason: str | None = strawberry.field(default=None, description="Why it was stopped, in words.")
    prescribed_by: Organisation | None = strawberry.field(
        default=None,
        description="Where it was prescribed, when that is not the organisation that recorded it.",
    )
    issues: list[MedicationIssue] | None = strawberry.field(
        default_factory=list, description="The prescriptions issued."
    )
    note: str | None = strawberry.field(default=None, description="The author's comment.")
