"""One resource of each type with every element that the record maps, for one made-up person."""

from __future__ import annotations

from typing import Any

UK_CORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
PERSON = {"reference": "Patient/p1"}
NOTE = [{"text": "A remark"}]


def said(text: str, code: str = "271649006", system: str = "http://snomed.info/sct") -> dict[str, Any]:
    return {"text": text, "coding": [{"system": system, "code": code, "display": f"{text}, displayed"}]}


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}], "text": f"{code} in words"}


def to(target: str) -> dict[str, Any]:
    return {"reference": target}


def extension(name: str, **value: Any) -> dict[str, Any]:
    return {"url": f"{UK_CORE}{name}", **value}


def full(kind: str, **elements: Any) -> dict[str, Any]:
    about = {"patient": PERSON} if kind in ("AllergyIntolerance", "Immunization") else {"subject": PERSON}
    known = {"resourceType": kind, "id": kind.lower(), "meta": {"lastUpdated": "2026-02-03T04:05:06Z"}}
    return {**known, **about, **elements}


OTHERS = [
    {"resourceType": "Practitioner", "id": "who", "name": [{"text": "Dr Made Up"}]},
    {
        "resourceType": "Organization",
        "id": "where",
        "name": "Clinic",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "Y99007"}],
    },
    {"resourceType": "Organization", "id": "maker", "name": "Maker"},
    {"resourceType": "Location", "id": "ward", "name": "Ward 7"},
    {"resourceType": "Specimen", "id": "blood", "subject": PERSON, "type": said("Blood")},
    {"resourceType": "Goal", "id": "walk", "subject": PERSON, "description": said("Walk to the shop")},
]

RESOURCES = [
    full(
        "AllergyIntolerance",
        extension=[
            extension(
                "AllergyIntoleranceEnd",
                extension=[
                    {"url": "endDate", "valueDateTime": "2026-01-02"},
                    {"url": "reasonEnded", "valueString": "Tolerated since"},
                ],
            )
        ],
        clinicalStatus=coded("active"),
        verificationStatus=coded("confirmed"),
        type="allergy",
        category=["food"],
        criticality="high",
        code=said("Peanut"),
        onsetDateTime="2020-01-01",
        recordedDate="2026-01-01",
        recorder=to("Organization/where"),
        asserter=to("Organization/where"),
        note=NOTE,
        reaction=[{"manifestation": [said("Rash")], "severity": "mild", "onset": "2020-01-01", "description": "Red"}],
    ),
    full(
        "MedicationRequest",
        extension=[extension("MedicationRepeatInformation")],
        status="active",
        statusReason=said("Not needed"),
        intent="order",
        medicationCodeableConcept=said("Paracetamol 500mg tablets"),
        authoredOn="2026-01-01",
        requester=to("Organization/maker"),
        recorder=to("Organization/where"),
        reasonCode=[said("Pain")],
        reasonReference=[to("Condition/condition")],
        courseOfTherapyType=coded("acute"),
        note=NOTE,
        dosageInstruction=[
            {
                "text": "One at night",
                "patientInstruction": "With water",
                "route": said("Oral"),
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            }
        ],
        dispenseRequest={"quantity": {"value": 28, "unit": "tablet"}},
    ),
    full(
        "MedicationStatement",
        extension=[
            extension("MedicationStatementLastIssueDate", valueDateTime="2026-01-05"),
            extension("MedicationPrescribingOrganization", valueReference=to("Organization/maker")),
        ],
        status="active",
        statusReason=[said("Not needed")],
        medicationCodeableConcept=said("Aspirin 75mg tablets"),
        effectivePeriod={"start": "2025-12-01", "end": "2026-12-01"},
        dateAsserted="2026-01-01",
        informationSource=to("Organization/where"),
        reasonCode=[said("Pain")],
        reasonReference=[to("Condition/condition")],
        note=NOTE,
        dosage=[{"text": "One a day"}],
    ),
    full(
        "Condition",
        extension=[extension("ProblemSignificance", valueCode="major")],
        clinicalStatus=coded("active"),
        verificationStatus=coded("confirmed"),
        category=[coded("problem-list-item")],
        severity=said("Severe"),
        code=said("Asthma"),
        bodySite=[said("Chest")],
        onsetDateTime="2024-01-01",
        abatementDateTime="2026-01-09",
        recordedDate="2026-01-01",
        recorder=to("Organization/where"),
        asserter=to("Organization/where"),
        note=NOTE,
    ),
    full(
        "Encounter",
        extension=[extension("AdmissionMethod", valueCodeableConcept=said("Waiting list"))],
        status="finished",
        **{"class": {"code": "IMP"}},
        type=[said("Operation")],
        serviceType=said("Orthopaedics"),
        participant=[{"individual": to("Practitioner/who")}],
        period={"start": "2026-01-01", "end": "2026-01-03"},
        reasonCode=[said("Fracture")],
        reasonReference=[to("Condition/condition")],
        diagnosis=[{"condition": to("Condition/condition")}],
        hospitalization={
            "extension": [extension("DischargeMethod", valueCodeableConcept=said("On advice"))],
            "dischargeDisposition": said("Home"),
        },
        location=[{"location": to("Location/ward")}],
        serviceProvider=to("Organization/where"),
    ),
    {
        **full("Appointment"),
        "participant": [{"actor": PERSON}, {"actor": to("Location/ward")}, {"actor": to("Practitioner/who")}],
        "extension": [extension("DeliveryChannel", valueCode="In-person")],
        "status": "booked",
        "serviceType": [said("Physiotherapy")],
        "specialty": [said("Rheumatology")],
        "appointmentType": said("Follow-up"),
        "reasonCode": [said("Pain")],
        "reasonReference": [to("Condition/condition")],
        "description": "Second visit",
        "start": "2027-01-01T09:00:00Z",
        "end": "2027-01-01T09:20:00Z",
        "minutesDuration": 20,
        "patientInstruction": "Bring shoes",
    },
    full(
        "Observation",
        status="final",
        category=[coded("laboratory")],
        code=said("Sodium"),
        effectiveDateTime="2026-01-01",
        issued="2026-01-02T00:00:00Z",
        performer=[to("Organization/where")],
        valueQuantity={"value": 140, "unit": "mmol/L"},
        interpretation=[said("Normal")],
        note=NOTE,
        specimen=to("Specimen/blood"),
        referenceRange=[{"text": "133 - 146"}],
        component=[{"code": said("Part"), "valueString": "well"}],
    ),
    full(
        "Observation",
        id="worded",
        status="final",
        code=said("Appearance"),
        effectiveDateTime="2026-01-01",
        valueCodeableConcept=said("Clear"),
    ),
    full(
        "DiagnosticReport",
        status="final",
        category=[coded("LAB")],
        code=said("Urea and electrolytes"),
        effectiveDateTime="2026-01-01",
        issued="2026-01-02T00:00:00Z",
        performer=[to("Organization/where")],
        specimen=[to("Specimen/blood")],
        result=[to("Observation/observation"), to("#inside")],
        contained=[{"resourceType": "Observation", "id": "inside", "status": "final", "code": said("Within")}],
        conclusion="Nothing unusual",
    ),
    full(
        "Immunization",
        status="not-done",
        statusReason=said("Not in stock"),
        vaccineCode=said("Influenza vaccine"),
        occurrenceDateTime="2026-01-01",
        recorded="2026-01-02",
        manufacturer=to("Organization/maker"),
        lotNumber="L1",
        expirationDate="2027-01-01",
        site=said("Left arm"),
        route=said("Intramuscular"),
        performer=[{"actor": to("Organization/where")}],
        note=NOTE,
        reasonCode=[said("Age")],
        reasonReference=[to("Condition/condition")],
        protocolApplied=[{"doseNumberPositiveInt": 1, "seriesDosesPositiveInt": 2}],
    ),
    full(
        "Procedure",
        status="completed",
        code=said("Repair"),
        performedDateTime="2026-01-01",
        recorder=to("Organization/where"),
        asserter=to("Organization/where"),
        performer=[{"actor": to("Organization/where")}],
        reasonCode=[said("Fracture")],
        reasonReference=[to("Condition/condition")],
        bodySite=[said("Wrist")],
        outcome=said("Successful"),
        complication=[said("Swelling")],
        note=NOTE,
    ),
    full(
        "DocumentReference",
        status="current",
        docStatus="final",
        type=said("Outpatient letter"),
        category=[said("Letters")],
        date="2026-01-01T00:00:00Z",
        author=[to("Organization/where")],
        custodian=to("Organization/where"),
        description="After the visit",
        content=[
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "title": "Letter",
                    "creation": "2026-01-01",
                    "size": 2048,
                }
            }
        ],
        context={"practiceSetting": said("Rheumatology")},
    ),
    full(
        "Flag",
        status="active",
        category=[said("Safety")],
        code=said("Uses a hearing aid"),
        period={"start": "2026-01-01"},
        author=to("Organization/where"),
    ),
    full(
        "CarePlan",
        status="active",
        category=[said("Support")],
        title="At home",
        description="Support at home",
        period={"start": "2026-01-01"},
        created="2026-01-01",
        author=to("Organization/where"),
        goal=[to("Goal/walk")],
        activity=[{"detail": {"description": "Visit weekly", "status": "in-progress"}}],
        note=NOTE,
    ),
]
