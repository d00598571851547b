"""Allergies, medications and conditions, field by field."""

from __future__ import annotations

import pytest

from policies.sections import Section
from resolvers.record.allergies import Allergy, AllergyStatus, Criticality, ReactionSeverity, Verification
from resolvers.record.conditions import Condition, ConditionStatus, Significance
from resolvers.record.medications import Medication, MedicationStatus, PrescriptionType
from resolvers.record.values import CodeableConcept, Organisation, Quantity, RecordedBy
from tests.resolvers.fhir_r4.kit import ODS, UKCORE, meant, of, one, shared, status
from tests.resolvers.fhir_r4.server import (
    TRUST,
    Json,
    allergy,
    snomed,
)


def test_an_allergy_is_read_whole() -> None:
    end = {
        "url": f"{UKCORE}AllergyIntoleranceEnd",
        "extension": [
            {"url": "endDate", "valueDateTime": "2021-05"},
            {"url": "reasonEnded", "valueString": "Outgrown"},
        ],
    }
    source = of(
        "AllergyIntolerance",
        meta={"lastUpdated": "2024-01-02T03:04:05Z"},
        clinicalStatus={**status("resolved"), "extension": [end]},
        verificationStatus=status("confirmed"),
        type="allergy",
        category=["food", "medication"],
        criticality="high",
        code=snomed("227493005", "Cashew nuts"),
        onsetDateTime="2004",
        recordedDate="2014-10-09",
        note=[{"text": "One."}, {"text": "Two."}],
        reaction=[
            {
                "manifestation": [snomed("39579001", "Anaphylaxis")],
                "severity": "severe",
                "onset": "2012-06",
                "description": "Bad",
            }
        ],
    )
    entry: Allergy = one(Section.ALLERGIES, source)
    assert (entry.id, entry.date, entry.as_of) == ("rfl:AllergyIntolerance/1", "2014-10-09", "2024-01-02T03:04:05Z")
    assert (entry.code, entry.no_known_allergies, entry.kind) == (meant("227493005", "Cashew nuts"), False, "allergy")
    assert entry.categories == ["food", "medication"]
    assert (entry.status, entry.verification) == (AllergyStatus.RESOLVED, Verification.CONFIRMED)
    assert (entry.criticality, entry.onset) == (Criticality.HIGH, "2004")
    assert (entry.end, entry.end_reason, entry.note) == ("2021-05", "Outgrown", "One.\nTwo.")
    (reaction,) = entry.reactions
    assert reaction.manifestations == [meant("39579001", "Anaphylaxis")]
    assert (reaction.severity, reaction.onset, reaction.description) == (ReactionSeverity.SEVERE, "2012-06", "Bad")
    assert entry.recorded_by == RecordedBy(organisation=TRUST)


@pytest.mark.parametrize(
    ("code", "none"),
    [("716186003", True), ("409137002", True), ("429625007", True), ("1003774007", True), ("111088007", False)],
)
def test_no_known_allergies_is_a_statement(code: str, none: bool) -> None:
    assert one(Section.ALLERGIES, allergy("1", code=snomed(code, "?"))).no_known_allergies is none


def test_a_no_known_code_of_another_system_is_not_believed() -> None:
    code = {"coding": [{"system": "urn:local", "code": "716186003"}]}
    assert one(Section.ALLERGIES, allergy("1", code=code)).no_known_allergies is False


def test_a_prescription_is_read_whole() -> None:
    source = of(
        "MedicationRequest",
        status="active",
        intent="order",
        medicationReference={"reference": "Medication/m1", "display": "never shown"},
        authoredOn="2024-03-01",
        requester={"reference": "PractitionerRole/r1"},
        recorder={"reference": "Organization/o1"},
        reasonCode=[snomed("38341003", "Hypertension")],
        reasonReference=[{"reference": "Condition/c9"}],
        courseOfTherapyType=status("acute"),
        statusReason={"text": "Changed"},
        note=[{"text": "With food"}],
        dispenseRequest={"quantity": {"value": 28.0, "unit": "tablet"}},
        dosageInstruction=[
            {
                "text": "One daily",
                "patientInstruction": "Swallow whole",
                "route": snomed("26643006", "Oral"),
                "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}],
            }
        ],
    )
    others = [
        shared("Medication", "m1", code=snomed("1", "Ramipril 5 mg")),
        shared("PractitionerRole", "r1", code=[{"text": "GP"}], organization={"reference": "Organization/o2"}),
        shared("Organization", "o1", name="The trust", identifier=[{"system": ODS, "value": "RAL"}]),
        shared("Organization", "o2", name="The practice", identifier=[{"system": ODS, "value": "F83001"}]),
    ]
    entry: Medication = one(Section.MEDICATIONS, source, *others)
    assert entry.medicine == meant("1", "Ramipril 5 mg")
    assert (entry.status, entry.prescription_type) == (MedicationStatus.ACTIVE, PrescriptionType.ACUTE)
    assert (entry.date, entry.start, entry.quantity) == ("2024-03-01", "2024-03-01", "28.0 tablet")
    assert (entry.dosage, entry.patient_instruction) == ("One daily", "Swallow whole")
    assert (entry.dose, entry.route) == (Quantity(value=5, unit="mg"), meant("26643006", "Oral"))
    assert (entry.reasons, entry.stopped_reason) == ([meant("38341003", "Hypertension")], "Changed")
    assert entry.recorded_by == RecordedBy(organisation=Organisation(ods_code="RAL", name="The trust"))
    assert entry.prescribed_by == Organisation(ods_code="F83001", name="The practice")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"status": "cancelled"}, MedicationStatus.STOPPED),
        ({"status": "draft"}, MedicationStatus.PLANNED),
        ({"status": "active", "intent": "proposal"}, MedicationStatus.PLANNED),
        ({"status": "active", "doNotPerform": True}, MedicationStatus.NOT_TAKEN),
    ],
)
def test_a_request_is_not_more_than_it_says(more: Json, expected: MedicationStatus) -> None:
    assert one(Section.MEDICATIONS, of("MedicationRequest", **more)).status is expected


def test_a_statement_is_read_whole() -> None:
    source = of(
        "MedicationStatement",
        status="stopped",
        statusReason=[{"text": "Cough"}],
        contained=[
            {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": {"text": "Codeine"}}]}
        ],
        medicationReference={"reference": "#m"},
        effectivePeriod={"start": "2020-01", "end": "2021"},
        extension=[
            {"url": f"{UKCORE}MedicationStatementLastIssueDate", "valueDateTime": "2020-12-01"},
            {"url": f"{UKCORE}MedicationPrescribingOrganization", "valueReference": {"reference": "Organization/o"}},
            {"url": f"{UKCORE}MedicationRepeatInformation", "extension": []},
        ],
        dosage=[{"text": "First two"}, {"text": "Then one", "route": snomed("26643006", "Oral")}],
    )
    entry: Medication = one(Section.MEDICATIONS, source, shared("Organization", "o", name="Practice"))
    assert entry.medicine == CodeableConcept(text="Codeine", codings=[])
    assert (entry.status, entry.stopped_reason) == (MedicationStatus.STOPPED, "Cough")
    assert (entry.start, entry.end, entry.last_issued) == ("2020-01", "2021", "2020-12-01")
    assert (entry.dosage, entry.route, entry.dose) == ("First two\nThen one", None, None)
    assert entry.prescription_type is PrescriptionType.REPEAT
    assert entry.prescribed_by == Organisation(name="Practice")


def test_a_condition_is_read_whole() -> None:
    source = of(
        "Condition",
        clinicalStatus=status("remission"),
        verificationStatus=status("provisional"),
        category=[status("problem-list-item"), {"text": "own words"}],
        severity=snomed("24484000", "Severe"),
        code=snomed("44054006", "Diabetes"),
        bodySite=[snomed("1", "Foot")],
        onsetDateTime="2001",
        abatementDateTime="2010-02",
        recordedDate="2002-01-01",
        extension=[{"url": f"{UKCORE}ProblemSignificance", "valueCode": "major"}],
    )
    entry: Condition = one(Section.CONDITIONS, source)
    assert (entry.code, entry.severity) == (meant("44054006", "Diabetes"), meant("24484000", "Severe"))
    assert (entry.status, entry.verification) == (ConditionStatus.REMISSION, Verification.PROVISIONAL)
    assert (entry.categories, entry.significance) == (["problem-list-item", "own words"], Significance.MAJOR)
    assert (entry.date, entry.onset, entry.ended, entry.body_sites) == ("2001", "2001", "2010-02", [meant("1", "Foot")])
    assert one(Section.CONDITIONS, of("Condition", recordedDate="2002")).date == "2002"
