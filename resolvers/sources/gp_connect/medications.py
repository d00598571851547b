"""Medicines: one entry per GP Connect MedicationStatement, with its plan, its issues and its Medication.

GP Connect "Medication resource relationships": a statement is based on one MedicationRequest with intent 'plan'
(the authorisation), and each issue is a MedicationRequest with intent 'order' based on the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.sections import Section
from resolvers.record.medications import Medication, MedicationIssue, MedicationStatus, PrescriptionType
from resolvers.record.values import CodeableConcept, Organisation, OrganisationKind, PartialDateTime, Quantity
from resolvers.sources.fhir.bundles import local
from resolvers.sources.fhir.concepts import (
    FhirPeriod,
    code_of,
    concept,
    concepts,
    notes_text,
    quantity,
    quantity_words,
    words,
)
from resolvers.sources.gp_connect.extensions import find, first
from resolvers.sources.gp_connect.kept import Kept
from resolvers.sources.gp_connect.medication_shapes import (
    MEDICATION,
    REASON,
    REQUEST,
    STATEMENT,
    FhirDispense,
    FhirDosage,
    FhirRequest,
    FhirStatement,
)

SECTION = Section.MEDICATIONS
STATUS = {"intended": MedicationStatus.PLANNED} | {status.value: status for status in MedicationStatus}
TYPES = {"acute-handwritten": PrescriptionType.ACUTE} | {kind.value: kind for kind in PrescriptionType}
ELSEWHERE = {
    "prescribed-by-another-organisation": OrganisationKind.OTHER,
    "prescribed-by-previous-practice": OrganisationKind.GP_PRACTICE,
}
NOTHING = FhirRequest()


@dataclass(slots=True)
class _Requests:
    """The kept requests: plans by key, and issues by the key of their plan."""

    plans: dict[str, FhirRequest] = field(default_factory=dict)
    issues: dict[str, list[FhirRequest]] = field(default_factory=dict)


def read_medications(kept: Kept) -> list[Medication]:
    """Every kept MedicationStatement that was not entered in error."""
    requests = _requests(kept)
    entries: list[Medication] = []
    for key, source in kept.each("MedicationStatement", STATEMENT, SECTION):
        if source.status == "entered-in-error":
            continue
        medicine = _medicine(kept, source)
        if medicine is None:
            if key not in kept.nameless:
                continue  # its Medication was sent and is not here: policy withheld it
            kept.notes.invalid(SECTION, "MedicationStatement.medication")
        entries.append(_entry(kept, key, source, medicine, requests))
    return entries


def _requests(kept: Kept) -> _Requests:
    found = _Requests()
    for key, request in kept.each("MedicationRequest", REQUEST, SECTION):
        if request.status == "entered-in-error":
            continue
        if request.intent == "plan":
            found.plans[key] = request
        for plan in filter(None, (local(based.reference) for based in request.basedOn)):
            found.issues.setdefault(plan, []).append(request)
    return found


def _entry(
    kept: Kept, key: str, source: FhirStatement, medicine: CodeableConcept | None, requests: _Requests
) -> Medication:
    plan_key = next((k for based in source.basedOn if (k := local(based.reference)) in requests.plans), None)
    plan = requests.plans.get(plan_key or "", NOTHING)
    issues = _issues(kept, requests.issues.get(plan_key or "", []))
    dosages = source.dosage or plan.dosageInstruction
    period = source.effectivePeriod or FhirPeriod(start=source.effectiveDateTime)
    start = kept.date(SECTION, "MedicationStatement.effectivePeriod.start", period.start)
    return Medication(
        kept.id(key),
        start,
        kept.recorded_by(plan.recorder, plan.requester.agent if plan.requester else None),
        kept.as_of(source.meta),
        medicine=medicine,
        status=_status(kept, source),
        prescription_type=_type(plan),
        dosage=_joined([dosage.text for dosage in dosages]),
        dose=_dose(dosages),
        route=next(filter(None, (concept(dosage.route) for dosage in dosages)), None),
        patient_instruction=_joined([dosage.patientInstruction for dosage in dosages]),
        quantity=_supply(plan.dispenseRequest),
        start=start,
        end=kept.date(SECTION, "MedicationStatement.effectivePeriod.end", period.end),
        last_issued=_last_issued(kept, source, issues),
        reasons=_reasons(kept, source, plan),
        stopped_reason=_stopped(plan),
        prescribed_by=_prescribed_by(source),
        issues=issues,
        note=notes_text([*source.note, *plan.note]),
    )


def _medicine(kept: Kept, source: FhirStatement) -> CodeableConcept | None:
    named: CodeableConcept | None = source.medicationCodeableConcept
    reference = source.medicationReference
    if named is None and reference is not None:
        inside = (m.code for m in source.contained if reference.reference == f"#{m.id.lstrip('#')}")
        sent = kept.get(reference, "Medication", MEDICATION)
        named = next(inside, None) or (sent.code if sent is not None else None)
    return concept(named)


def _status(kept: Kept, source: FhirStatement) -> MedicationStatus | None:
    if source.taken == "n":
        return MedicationStatus.NOT_TAKEN
    if source.status is not None and source.status not in STATUS:
        kept.notes.invalid(SECTION, "MedicationStatement.status")
    return STATUS.get(source.status or "")


def _type(plan: FhirRequest) -> PrescriptionType | None:
    found = first(plan.extension, "PrescriptionType")
    return TYPES.get(code_of(found.valueCodeableConcept) or "") if found is not None else None


def _reasons(kept: Kept, source: FhirStatement, plan: FhirRequest) -> list[CodeableConcept]:
    referred = (
        kept.get(each, kind, REASON) for each in source.reasonReference for kind in ("Condition", "Observation")
    )
    codes = [each.code for each in referred if each is not None and each.code is not None]
    return concepts([*source.reasonCode, *plan.reasonCode, *codes])


def _dose(dosages: list[FhirDosage]) -> Quantity | None:
    """The amount per dose, where there is exactly one."""
    doses = [dose for dosage in dosages if (dose := quantity(dosage.doseQuantity)) is not None]
    return doses[0] if len(doses) == 1 else None


def _supply(dispense: FhirDispense | None) -> str | None:
    if dispense is None or dispense.quantity is None:
        return None
    text = first(dispense.quantity.extension, "MedicationQuantityText")
    return quantity_words(dispense.quantity) or (text.valueString if text is not None else None)


def _issues(kept: Kept, orders: list[FhirRequest]) -> list[MedicationIssue]:
    """The issues, latest first."""
    issues = [
        MedicationIssue(
            date=kept.date(SECTION, "MedicationRequest.authoredOn", order.authoredOn),
            quantity=_supply(order.dispenseRequest),
            status=order.status,
        )
        for order in orders
    ]
    return sorted(issues, key=lambda issue: issue.date or "", reverse=True)


def _last_issued(kept: Kept, source: FhirStatement, issues: list[MedicationIssue]) -> PartialDateTime | None:
    for extension in find(source.extension, "MedicationStatementLastIssueDate"):
        return kept.date(SECTION, "MedicationStatement.extension", extension.valueDateTime)
    return issues[0].date if issues else None


def _stopped(plan: FhirRequest) -> str | None:
    reason = first(plan.extension, "MedicationStatusReason", "statusReason")
    return words(reason.valueCodeableConcept) if reason is not None else None


def _prescribed_by(source: FhirStatement) -> Organisation | None:
    agency = first(source.extension, "PrescribingAgency")
    kind = ELSEWHERE.get(code_of(agency.valueCodeableConcept) or "") if agency is not None else None
    return Organisation(kind=kind) if kind is not None else None


def _joined(texts: list[str | None]) -> str | None:
    return "\n".join(text for text in texts if text) or None
