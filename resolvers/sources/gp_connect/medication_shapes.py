"""The STU3 shapes of medication: statement, request and medicine, as far as the record shows them."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.concepts import FhirNote, FhirPeriod, FhirQuantity, FhirReference
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.extensions import FhirExtension
from resolvers.sources.gp_connect.kept import FhirMeta


class SupplyQuantity(FhirQuantity):
    extension: list[FhirExtension] = msgspec.field(default_factory=list)


class FhirReason(msgspec.Struct):
    """A Condition or Observation that a medicine is taken for, as far as it gives the reason."""

    code: CodeableConcept | None = None


class FhirMedication(msgspec.Struct):
    fhir_type: ClassVar[str] = "Medication"
    id: str = ""
    code: CodeableConcept | None = None


class FhirDosage(msgspec.Struct):
    text: str | None = None
    patientInstruction: str | None = None  # noqa: N815
    route: CodeableConcept | None = None
    doseQuantity: FhirQuantity | None = None  # noqa: N815


class FhirDispense(msgspec.Struct):
    validityPeriod: FhirPeriod | None = None  # noqa: N815
    quantity: SupplyQuantity | None = None


class FhirStatement(msgspec.Struct):
    fhir_type: ClassVar[str] = "MedicationStatement"
    meta: FhirMeta | None = None
    contained: list[FhirMedication] = []
    extension: list[FhirExtension] = []
    basedOn: list[FhirReference] = []  # noqa: N815
    status: str | None = None
    taken: str | None = None
    medicationReference: FhirReference | None = None  # noqa: N815
    medicationCodeableConcept: CodeableConcept | None = None  # noqa: N815
    effectivePeriod: FhirPeriod | None = None  # noqa: N815
    effectiveDateTime: str | None = None  # noqa: N815
    reasonCode: list[CodeableConcept] = []  # noqa: N815
    reasonReference: list[FhirReference] = []  # noqa: N815
    note: list[FhirNote] = []
    dosage: list[FhirDosage] = []


class FhirRequester(msgspec.Struct):
    agent: FhirReference | None = None


class FhirRequest(msgspec.Struct):
    fhir_type: ClassVar[str] = "MedicationRequest"
    extension: list[FhirExtension] = []
    basedOn: list[FhirReference] = []  # noqa: N815
    status: str | None = None
    intent: str | None = None
    authoredOn: str | None = None  # noqa: N815
    requester: FhirRequester | None = None
    recorder: FhirReference | None = None
    reasonCode: list[CodeableConcept] = []  # noqa: N815
    note: list[FhirNote] = []
    dosageInstruction: list[FhirDosage] = []  # noqa: N815
    dispenseRequest: FhirDispense | None = None  # noqa: N815


REASON = Lenient(FhirReason)
MEDICATION = Lenient(FhirMedication)
STATEMENT = Lenient(FhirStatement)
REQUEST = Lenient(FhirRequest)
