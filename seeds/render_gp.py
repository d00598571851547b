"""A practice's facts about a person as GP Connect Access Record: Structured sends them (FHIR STU3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seeds.catalogue import SNOMED, Concept
from seeds.organisations import Seeded
from seeds.people import Fact, Somebody
from seeds.render_r4 import NHS_NUMBER, ODS, concept, local_id

PROFILE = "https://fhir.nhs.uk/STU3/StructureDefinition"
EXTENSION = f"{PROFILE}/Extension-CareConnect-GPC"
Resource = dict[str, Any]

LISTS = {
    "includeAllergies": (
        ("886921000000105", "Allergies and adverse reactions"),
        ("1103671000000101", "Ended allergies"),
    ),
    "includeMedication": (("933361000000108", "Medications and medical devices"),),
    "includeProblems": (("717711000000103", "Problems"),),
    "includeInvestigations": (("887191000000108", "Investigations and results"),),
    "includeUncategorisedData": (("826501000000100", "Miscellaneous record"),),
    "includeImmunisations": (("1102181000000102", "Immunisations"),),
    "includeConsultations": (("1149501000000101", "List of consultations"),),
}
"""Clinical area → its primary lists (SNOMED CT code, title)."""

AREA = {
    "allergy": "includeAllergies",
    "medication": "includeMedication",
    "condition": "includeProblems",
    "observation": "includeUncategorisedData",
    "immunisation": "includeImmunisations",
    "consultation": "includeConsultations",
}
CONSULTATION = ("325851000000107", "Consultation")
TOPIC = ("25851000000105", "Topic (EHR)")
HEADING = ("24781000000107", "Category (EHR)")
REMARK = Concept("37331000000100", "Comment note")


def bundle(practice: Seeded, person: Somebody, areas: Iterable[str], now: str) -> Resource:
    """The structured record for the asked areas: people and places, lists, then what they list."""
    found = [_patient(practice, person), _practice(practice), _doctor(practice), _role(practice)]
    facts = list(enumerate(person.facts.get(practice.id, [])))
    for area in areas:
        listed: list[str] = []
        for number, fact in facts:
            if AREA.get(fact.kind) == area:
                rendered = _render(fact, f"{local_id(practice, person)}-{number}", practice, person)
                listed.append(f"{rendered[0]['resourceType']}/{rendered[0]['id']}")
                found += rendered
        for position, (code, title) in enumerate(LISTS.get(area, ())):
            found.append(_list(code, title, practice, person, listed if position == 0 else [], now))
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{PROFILE}/GPConnect-StructuredRecord-Bundle-1"]},
        "type": "collection",
        "entry": [{"resource": resource} for resource in found],
    }


def appointments(practice: Seeded, person: Somebody) -> list[Resource]:
    """The practice's own appointments of the person (GP Connect Appointment Management)."""
    return [
        _appointment(fact, f"{local_id(practice, person)}-{number}", practice, person)
        for number, fact in enumerate(person.facts.get(practice.id, []))
        if fact.kind == "appointment"
    ]


def _subject(practice: Seeded, person: Somebody) -> Resource:
    return {"reference": f"Patient/{local_id(practice, person)}"}


def _patient(practice: Seeded, person: Somebody) -> Resource:
    return {
        "resourceType": "Patient",
        "id": local_id(practice, person),
        "meta": {"profile": [f"{PROFILE}/CareConnect-GPC-Patient-1"]},
        "identifier": [{"system": NHS_NUMBER, "value": person.nhs_number}],
        "active": True,
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "gender": person.gender,
        "birthDate": person.born.isoformat(),
    }


def _practice(practice: Seeded) -> Resource:
    identifier = [{"system": ODS, "value": practice.ods_code}]
    return {"resourceType": "Organization", "id": practice.id, "identifier": identifier, "name": practice.name}


def _doctor(practice: Seeded) -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": f"{practice.id}-dr",
        "name": [{"family": "Made-Up", "prefix": ["Dr"]}],
    }


def _role(practice: Seeded) -> Resource:
    job = {
        "system": "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-SDSJobRoleName-1",
        "code": "R0260",
        "display": "General Medical Practitioner",
    }
    return {
        "resourceType": "PractitionerRole",
        "id": f"{practice.id}-role",
        "practitioner": {"reference": f"Practitioner/{practice.id}-dr"},
        "organization": {"reference": f"Organization/{practice.id}"},
        "code": [{"coding": [job]}],
    }


def _list(code: str, title: str, practice: Seeded, person: Somebody, listed: list[str], now: str) -> Resource:
    body: Resource = {
        "resourceType": "List",
        "meta": {"profile": [f"{PROFILE}/CareConnect-GPC-List-1"]},
        "status": "current",
        "mode": "snapshot",
        "title": title,
        "code": {"coding": [{"system": SNOMED, "code": code, "display": title}]},
        "subject": _subject(practice, person),
        "date": now,
    }
    if listed:
        return body | {"entry": [{"item": {"reference": reference}} for reference in listed]}
    empty = {
        "system": "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-ListEmptyReasonCode-1",
        "code": "no-content-recorded",
    }
    return body | {"emptyReason": {"coding": [empty]}, "note": [{"text": "Information not available"}]}


def _render(fact: Fact, id_: str, practice: Seeded, person: Somebody) -> list[Resource]:
    subject, doctor = _subject(practice, person), {"reference": f"Practitioner/{practice.id}-dr"}
    rendered = {
        "allergy": _allergy,
        "medication": _medication,
        "condition": _condition,
        "observation": _observation,
        "immunisation": _immunisation,
        "consultation": _consultation,
    }[fact.kind](fact, id_, subject, doctor)
    if "label" in fact.detail:
        system, code = fact.detail["label"]
        rendered[0]["meta"] = {"security": [{"system": system, "code": code}]}
    return rendered


def _allergy(fact: Fact, id_: str, subject: Resource, doctor: Resource) -> list[Resource]:
    resource: Resource = {
        "resourceType": "AllergyIntolerance",
        "id": id_,
        "clinicalStatus": "active",
        "verificationStatus": "unconfirmed",
        "category": ["medication"],
        "code": concept(fact.concept),
        "patient": subject,
        "onsetDateTime": fact.when.isoformat(),
        "assertedDate": fact.when.isoformat(),
        "recorder": doctor,
    }
    if "reaction" in fact.detail:
        resource["reaction"] = [{"manifestation": [concept(fact.detail["reaction"])], "severity": "severe"}]
    return [resource]


def _medication(fact: Fact, id_: str, subject: Resource, doctor: Resource) -> list[Resource]:
    kind = "repeat" if fact.detail.get("repeat") else "acute"
    prescription = {
        "url": f"{EXTENSION}-PrescriptionType-1",
        "valueCodeableConcept": {
            "coding": [{"system": "https://fhir.nhs.uk/STU3/CodeSystem/CareConnect-PrescriptionType-1", "code": kind}]
        },
    }
    medicine = {"medicationReference": {"reference": f"Medication/{id_}-m"}, "subject": subject}
    dosage = [{"text": fact.detail.get("dosage", "As directed")}]
    period = {"start": fact.when.isoformat()}
    statement = {
        "resourceType": "MedicationStatement",
        "id": id_,
        "extension": [
            {"url": f"{EXTENSION}-MedicationStatementLastIssueDate-1", "valueDateTime": fact.when.isoformat()}
        ],
        "basedOn": [{"reference": f"MedicationRequest/{id_}-plan"}],
        "status": "active",
        **medicine,
        "effectivePeriod": period,
        "dateAsserted": fact.when.isoformat(),
        "taken": "unk",
        "dosage": dosage,
    }
    plan = {
        "resourceType": "MedicationRequest",
        "id": f"{id_}-plan",
        "extension": [prescription],
        "status": "active",
        "intent": "plan",
        **medicine,
        "authoredOn": fact.when.isoformat(),
        "recorder": doctor,
        "dosageInstruction": dosage,
        "dispenseRequest": {"validityPeriod": period, "quantity": {"value": 28, "unit": "tablet"}},
    }
    order = plan | {
        "id": f"{id_}-order",
        "intent": "order",
        "basedOn": [{"reference": f"MedicationRequest/{id_}-plan"}],
    }
    found: list[Resource] = [
        statement,
        plan,
        order,
        {"resourceType": "Medication", "id": f"{id_}-m", "code": concept(fact.concept)},
    ]
    if "reason" in fact.detail:
        reason = Fact("condition", fact.detail["reason"], fact.when)
        statement["reasonReference"] = [{"reference": f"Condition/{id_}-r"}]
        found += _condition(reason, f"{id_}-r", subject, doctor)
    return found


def _condition(fact: Fact, id_: str, subject: Resource, doctor: Resource) -> list[Resource]:
    significance = {
        "url": "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-ProblemSignificance-1",
        "valueCode": "major",
    }
    category = {
        "system": "https://fhir.hl7.org.uk/STU3/CodeSystem/CareConnect-ConditionCategory-1",
        "code": "problem-list-item",
    }
    return [
        {
            "resourceType": "Condition",
            "id": id_,
            "meta": {"profile": [f"{PROFILE}/CareConnect-GPC-ProblemHeader-Condition-1"]},
            "extension": [significance],
            "clinicalStatus": "active",
            "category": [{"coding": [category]}],
            "code": concept(fact.concept),
            "subject": subject,
            "onsetDateTime": fact.when.isoformat(),
            "assertedDate": fact.when.isoformat(),
            "asserter": doctor,
        }
    ]


def _observation(fact: Fact, id_: str, subject: Resource, doctor: Resource) -> list[Resource]:
    resource: Resource = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": concept(fact.concept),
        "subject": subject,
        "effectiveDateTime": f"{fact.when.isoformat()}T09:00:00+00:00",
        "performer": [doctor],
    }
    if "value" in fact.detail:
        resource["valueQuantity"] = {"value": fact.detail["value"], "unit": fact.detail["unit"]}
    if fact.detail.get("words"):
        resource["comment"] = fact.detail["words"]
    return [resource]


def _immunisation(fact: Fact, id_: str, subject: Resource, doctor: Resource) -> list[Resource]:
    procedure = {
        "url": "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-VaccinationProcedure-1",
        "valueCodeableConcept": concept(fact.concept),
    }
    unknown = concept(Concept("UNK", "Unknown", "http://hl7.org/fhir/v3/NullFlavor"))
    return [
        {
            "resourceType": "Immunization",
            "id": id_,
            "extension": [procedure],
            "status": "completed",
            "notGiven": False,
            "vaccineCode": unknown,
            "patient": subject,
            "date": fact.when.isoformat(),
            "primarySource": True,
            "practitioner": [{"actor": doctor}],
        }
    ]


def _consultation(fact: Fact, id_: str, subject: Resource, doctor: Resource) -> list[Resource]:
    """The encounter, then its lists from the whole down to the headings, then the remarks below them."""
    start = f"{fact.when.isoformat()}T09:10:00+00:00"
    saw = {"system": "https://fhir.nhs.uk/STU3/CodeSystem/GPConnect-ParticipantType-1", "code": "PPRF"}
    encounter = {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "type": [concept(fact.concept)],
        "subject": subject,
        "participant": [{"type": [{"coding": [saw]}], "individual": doctor}],
        "period": {"start": start, "end": f"{fact.when.isoformat()}T09:{10 + fact.detail['minutes']}:00+00:00"},
        "length": {"value": fact.detail["minutes"], "unit": "min", "code": "min"},
    }
    lists: list[Resource] = []
    remarks: list[Resource] = []

    def part(kind: tuple[str, str], part_id: str, title: str, below: list[str]) -> str:
        lists.append(
            {
                "resourceType": "List",
                "id": part_id,
                "status": "current",
                "mode": "snapshot",
                "title": title,
                "code": {"coding": [{"system": SNOMED, "code": kind[0], "display": kind[1]}]},
                "subject": subject,
                "encounter": {"reference": f"Encounter/{id_}"},
                "date": start,
                "entry": [{"item": {"reference": reference}} for reference in below],
            }
        )
        return f"List/{part_id}"

    topics: list[str] = []
    for place, matter in enumerate(fact.detail["matters"]):
        headings: list[str] = []
        for row, (heading, words) in enumerate(matter.notes):
            own = f"{id_}-t{place}-h{row}"
            said = Fact("observation", REMARK, fact.when, detail={"words": words})
            remarks += [
                one | {"context": {"reference": f"Encounter/{id_}"}}
                for one in _observation(said, f"{own}-o", subject, doctor)
            ]
            headings.append(part(HEADING, own, heading, [f"Observation/{own}-o"]))
        topics.append(part(TOPIC, f"{id_}-t{place}", matter.title, headings))
    part(CONSULTATION, f"{id_}-c", fact.concept.display, topics)
    return [encounter, *reversed(lists), *remarks]


def _appointment(fact: Fact, id_: str, practice: Seeded, person: Somebody) -> Resource:
    clock = fact.detail.get("time", "10:20:00")
    return {
        "resourceType": "Appointment",
        "id": id_,
        "extension": [
            {
                "url": "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-GPConnect-DeliveryChannel-2",
                "valueCode": "In-person",
            }
        ],
        "status": fact.detail.get("status", "booked"),
        "description": fact.concept.display,
        "serviceType": [{"text": fact.concept.display}],
        "start": f"{fact.when.isoformat()}T{clock}+00:00",
        "end": f"{fact.when.isoformat()}T{clock[:3]}50:00+00:00",
        "minutesDuration": fact.detail.get("minutes", 20),
        "created": f"{fact.when.isoformat()}T08:00:00+00:00",
        "participant": [
            {"actor": _subject(practice, person), "status": "accepted"},
            {"actor": {"reference": f"Practitioner/{practice.id}-dr"}, "status": "accepted"},
        ],
    }
