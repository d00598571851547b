"""Medications from MedicationRequest and MedicationStatement (UK Core 2.5), their Medication resolved."""

from __future__ import annotations

from collections.abc import Sequence

from resolvers.record.medications import Medication, MedicationStatus, PrescriptionType
from resolvers.record.values import CodeableConcept, Organisation, Quantity
from resolvers.sources.fhir_r4 import attribution, parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import Codes, Extension, Reference, extended
from resolvers.sources.fhir_r4.reading import Reading, concept, note, words
from resolvers.sources.fhir_r4.values import amount, measured

_BASE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
REPEAT = f"{_BASE}MedicationRepeatInformation"
LAST_ISSUED = f"{_BASE}MedicationStatementLastIssueDate"
PRESCRIBING = (f"{_BASE}MedicationPrescribingOrganization", f"{_BASE}PrescribingOrganization")

REQUEST_STATUS = {
    "active": MedicationStatus.ACTIVE,
    "on-hold": MedicationStatus.ON_HOLD,
    "cancelled": MedicationStatus.STOPPED,
    "completed": MedicationStatus.COMPLETED,
    "stopped": MedicationStatus.STOPPED,
    "draft": MedicationStatus.PLANNED,
    "unknown": MedicationStatus.UNKNOWN,
}
STATEMENT_STATUS = {
    "active": MedicationStatus.ACTIVE,
    "completed": MedicationStatus.COMPLETED,
    "intended": MedicationStatus.PLANNED,
    "stopped": MedicationStatus.STOPPED,
    "on-hold": MedicationStatus.ON_HOLD,
    "unknown": MedicationStatus.UNKNOWN,
    "not-taken": MedicationStatus.NOT_TAKEN,
}
COURSE = {  # HL7 and UK Core medicationrequest-course-of-therapy; 'continuous' and 'seasonal' are no kind of supply
    "acute": PrescriptionType.ACUTE,
    "repeat": PrescriptionType.REPEAT,
    "continuous-repeat-dispensing": PrescriptionType.REPEAT_DISPENSING,
    "repeat-dispensing": PrescriptionType.REPEAT_DISPENSING,
    "delayed-prescribing": PrescriptionType.DELAYED,
}
_NOT_YET = frozenset({"proposal", "option"})


def request(source: fhir.MedicationRequest, reading: Reading) -> Medication | None:
    """One prescription; None where it was entered in error."""
    if source.status == "entered-in-error":
        return None
    authored = reading.date(source.authored_on, "MedicationRequest.authoredOn")
    dispensed = source.dispense_request.quantity if source.dispense_request is not None else None
    entry = Medication(
        reading.id(source),
        authored,
        reading.recorded_by(source, source.recorder, source.requester),
        reading.as_of(source),
        medicine=_medicine(source.medication_codeable_concept, source.medication_reference, source, reading),
        status=_request_status(source, reading),
        prescription_type=_supply(source.course_of_therapy_type, source.extension),
        quantity=amount(dispensed),
        start=authored,
        reasons=reading.concepts_meant(source.reason_code, source.reason_reference, source),
        stopped_reason=words(source.status_reason),
        prescribed_by=_prescriber(source, reading) if source.recorder is not None else None,
        note=note(source.note),
    )
    _dose(entry, source.dosage_instruction, reading)
    return entry


def statement(source: fhir.MedicationStatement, reading: Reading) -> Medication | None:
    """One medicine as somebody says that it is taken; None where it was entered in error."""
    if source.status == "entered-in-error":
        return None
    span = source.effective_period
    began = source.effective_date_time or (span.start if span is not None else None)
    start = reading.date(began, "MedicationStatement.effective")
    asserted = reading.date(source.date_asserted, "MedicationStatement.dateAsserted")
    issued = extended(source.extension, LAST_ISSUED)
    entry = Medication(
        reading.id(source),
        start or asserted,
        reading.recorded_by(source, source.information_source),
        reading.as_of(source),
        medicine=_medicine(source.medication_codeable_concept, source.medication_reference, source, reading),
        status=reading.listed(STATEMENT_STATUS, source.status, "MedicationStatement.status"),
        prescription_type=_supply(None, source.extension),
        start=start,
        end=reading.date(span.end if span is not None else None, "MedicationStatement.effectivePeriod.end"),
        last_issued=reading.date(
            issued.value_date_time if issued is not None else None, "MedicationStatement.extension.lastIssueDate"
        ),
        reasons=reading.concepts_meant(source.reason_code, source.reason_reference, source),
        stopped_reason=next(filter(None, map(words, source.status_reason)), None),
        prescribed_by=_named(extended(source.extension, *PRESCRIBING), source, reading),
        note=note(source.note),
    )
    _dose(entry, source.dosage, reading)
    return entry


def _request_status(source: fhir.MedicationRequest, reading: Reading) -> MedicationStatus | None:
    """`doNotPerform` turns the request round; a proposal or an option is not yet a prescription."""
    if source.do_not_perform:
        return MedicationStatus.NOT_TAKEN
    status = reading.listed(REQUEST_STATUS, source.status, "MedicationRequest.status")
    if source.intent in _NOT_YET and status is MedicationStatus.ACTIVE:
        return MedicationStatus.PLANNED
    return status


def _medicine(
    code: CodeableConcept | None, reference: Reference | None, holder: fhir.Resource, reading: Reading
) -> CodeableConcept | None:
    found = concept(code)
    if found is not None or reference is None:
        return found
    medication = reading.resolve(reference, holder, fhir.Medication)
    if medication is None:
        return None
    return concept(medication.code) or _ingredients(medication)


def _ingredients(medication: fhir.Medication) -> CodeableConcept | None:
    """A medicine without a code of its own, by what is in it."""
    parts = [part for part in (words(each.item_codeable_concept) for each in medication.ingredient) if part]
    return CodeableConcept(text=" + ".join(parts)) if parts else None


def _dose(entry: Medication, dosages: Sequence[parts.Dosage], reading: Reading) -> None:
    """Directions of every step; the number and the route only where there is one step and they are its own."""
    if not dosages:
        return
    entry.dosage = "\n".join(each.text for each in dosages if each.text) or None
    entry.patient_instruction = (
        "\n".join(each.patient_instruction for each in dosages if each.patient_instruction) or None
    )
    if len(dosages) > 1:
        return
    entry.route = concept(dosages[0].route)
    entry.dose = _number(dosages[0], reading)


def _number(dosage: parts.Dosage, reading: Reading) -> Quantity | None:
    doses = [each.dose_quantity for each in dosage.dose_and_rate]
    if len(doses) != 1 or doses[0] is None:
        return None
    return measured(doses[0], reading, "Dosage.doseAndRate.doseQuantity")[1]


def _supply(course: Codes | None, extensions: tuple[Extension, ...]) -> PrescriptionType | None:
    for coding in course.coding if course is not None else ():
        found = COURSE.get(coding.code or "")
        if found is not None:
            return found
    return PrescriptionType.REPEAT if extensions and extended(extensions, REPEAT) is not None else None


def _prescriber(source: fhir.MedicationRequest, reading: Reading) -> Organisation | None:
    """The requester's organisation, where it is not the recorder's."""
    requested = reading.recorded_by(source, source.requester).organisation
    recorded = reading.recorded_by(source, source.recorder, source.requester).organisation
    return requested if requested != recorded else None


def _named(extension: Extension | None, holder: fhir.Resource, reading: Reading) -> Organisation | None:
    if extension is None:
        return None
    found = reading.resolve(extension.value_reference, holder, fhir.Organization)
    return attribution.organisation(found) if found is not None else None
