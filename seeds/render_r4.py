"""A trust's facts about a person as FHIR R4 resources (UK Core shapes)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from seeds.catalogue import Concept
from seeds.organisations import Seeded
from seeds.people import Fact, Somebody

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
CLINICAL = "http://terminology.hl7.org/CodeSystem"
Resource = dict[str, Any]


def local_id(organisation: Seeded, person: Somebody) -> str:
    """The organisation's own id of the person."""
    return f"{organisation.id}-{person.nhs_number[3:]}"


def patient(organisation: Seeded, person: Somebody) -> Resource:
    """The organisation's own copy of who the person is."""
    return {
        "resourceType": "Patient",
        "id": local_id(organisation, person),
        "identifier": [{"system": NHS_NUMBER, "value": person.nhs_number}],
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "gender": person.gender,
        "birthDate": person.born.isoformat(),
    }


def resources(organisation: Seeded, person: Somebody) -> list[Resource]:
    """Everything that this organisation keeps about the person, the Patient and what entries refer to first."""
    subject = {"reference": f"Patient/{local_id(organisation, person)}"}
    found: list[Resource] = [
        patient(organisation, person),
        _owner(organisation),
        _clinician(organisation),
        _role(organisation),
    ]
    for number, fact in enumerate(person.facts.get(organisation.id, [])):
        id_ = f"{local_id(organisation, person)}-{number}"
        for resource in RENDER[fact.kind](fact, id_, subject):
            resource.setdefault("meta", {})["lastUpdated"] = f"{fact.when.isoformat()}T12:00:00Z"
            if "label" in fact.detail:
                system, code = fact.detail["label"]
                resource["meta"]["security"] = [{"system": system, "code": code}]
            found.append(resource)
    return found


def concept(item: Concept) -> Resource:
    """A CodeableConcept; words alone where there is no code."""
    if not item.code:
        return {"text": item.display}
    return {"coding": [{"system": item.system, "code": item.code, "display": item.display}], "text": item.display}


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{CLINICAL}/{system}", "code": code}]}


def _owner(organisation: Seeded) -> Resource:
    identifier = [{"system": ODS, "value": organisation.ods_code}]
    return {"resourceType": "Organization", "id": organisation.id, "identifier": identifier, "name": organisation.name}


def _clinician(organisation: Seeded) -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": f"{organisation.id}-dr",
        "name": [{"family": "Made-Up", "prefix": ["Dr"]}],
    }


def _role(organisation: Seeded) -> Resource:
    return {
        "resourceType": "PractitionerRole",
        "id": f"{organisation.id}-role",
        "practitioner": {"reference": f"Practitioner/{organisation.id}-dr"},
        "organization": {"reference": f"Organization/{organisation.id}"},
        "code": [{"text": "Consultant"}],
    }


def _author(subject: Resource) -> Resource:
    organisation = subject["reference"].removeprefix("Patient/").rsplit("-", 1)[0]
    return {"reference": f"PractitionerRole/{organisation}-role"}


def _allergy(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    resource: Resource = {
        "resourceType": "AllergyIntolerance",
        "id": id_,
        "clinicalStatus": _coded("allergyintolerance-clinical", "active"),
        "verificationStatus": _coded("allergyintolerance-verification", "confirmed"),
        "code": concept(fact.concept),
        "patient": subject,
        "recordedDate": fact.when.isoformat(),
        "recorder": _author(subject),
    }
    if "reaction" in fact.detail:
        resource["reaction"] = [{"manifestation": [concept(fact.detail["reaction"])], "severity": "moderate"}]
    return [resource]


def _medication(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    request: Resource = {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "active",
        "intent": "order",
        "medicationReference": {"reference": f"Medication/{id_}-m"},
        "subject": subject,
        "authoredOn": fact.when.isoformat(),
        "requester": _author(subject),
        "dosageInstruction": [{"text": fact.detail.get("dosage", "As directed")}],
    }
    reason: list[Resource] = []
    if "reason" in fact.detail:
        request["reasonReference"] = [{"reference": f"Condition/{id_}-r"}]
        reason = _condition(Fact("condition", fact.detail["reason"], fact.when), f"{id_}-r", subject)
    return [request, {"resourceType": "Medication", "id": f"{id_}-m", "code": concept(fact.concept)}, *reason]


def _condition(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    return [
        {
            "resourceType": "Condition",
            "id": id_,
            "clinicalStatus": _coded("condition-clinical", "active"),
            "verificationStatus": _coded("condition-ver-status", "confirmed"),
            "category": [_coded("condition-category", "encounter-diagnosis")],
            "code": concept(fact.concept),
            "subject": subject,
            "onsetDateTime": fact.when.isoformat(),
            "recordedDate": fact.when.isoformat(),
            "recorder": _author(subject),
        }
    ]


def _stay(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    end = fact.end or fact.when
    encounter = {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"system": f"{CLINICAL}/v3-ActCode", "code": "IMP", "display": "inpatient encounter"},
        "serviceType": concept(fact.detail["specialty"]),
        "subject": subject,
        "period": {"start": f"{fact.when.isoformat()}T08:15:00Z", "end": f"{end.isoformat()}T16:00:00Z"},
        "reasonCode": [concept(fact.concept)],
    }
    if not fact.detail.get("summary"):
        return [encounter]
    summary = {
        "resourceType": "Composition",
        "id": f"{id_}-c",
        "status": "final",
        "type": concept(Concept("373942005", "Discharge summary")),
        "subject": subject,
        "encounter": {"reference": f"Encounter/{id_}"},
        "date": f"{end.isoformat()}T17:00:00Z",
        "author": [_author(subject)],
        "title": "Discharge summary",
        "section": [
            {"title": "Clinical summary", "text": {"status": "generated", "div": _div(fact.detail["summary"])}},
            {
                "title": "Plan and requested actions",
                "text": {"status": "generated", "div": _div("GP to review in two weeks.")},
            },
        ],
    }
    return [encounter, summary]


def _div(words: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{words}</p></div>'


def _appointment(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    minutes = fact.detail.get("minutes", 20)
    clock = fact.detail.get("time", "10:20:00")
    end = (timedelta(hours=int(clock[:2]), minutes=int(clock[3:5])) + timedelta(minutes=minutes)).seconds
    return [
        {
            "resourceType": "Appointment",
            "id": id_,
            "status": fact.detail.get("status", "booked"),
            "specialty": [concept(fact.concept)],
            "start": f"{fact.when.isoformat()}T{clock}Z",
            "end": f"{fact.when.isoformat()}T{end // 3600:02d}:{end % 3600 // 60:02d}:00Z",
            "minutesDuration": minutes,
            "description": f"{fact.concept.display} appointment",
            "participant": [{"actor": subject, "status": "accepted"}],
        }
    ]


def _observation(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    resource: Resource = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "category": [_coded("observation-category", fact.detail.get("category", "laboratory"))],
        "code": concept(fact.concept),
        "subject": subject,
        "effectiveDateTime": f"{fact.when.isoformat()}T09:30:00Z",
        "performer": [_author(subject)],
    }
    if "value" in fact.detail:
        resource["valueQuantity"] = {"value": fact.detail["value"], "unit": fact.detail["unit"]}
        resource["referenceRange"] = [{"low": {"value": fact.detail["low"]}, "high": {"value": fact.detail["high"]}}]
    if fact.detail.get("words"):
        resource["note"] = [{"text": fact.detail["words"]}]
    return [resource]


def _immunisation(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    when = fact.when.isoformat()
    body = {"status": "completed", "vaccineCode": concept(fact.concept), "patient": subject, "occurrenceDateTime": when}
    return [{"resourceType": "Immunization", "id": id_, **body}]


def _procedure(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    body = {
        "status": "completed",
        "code": concept(fact.concept),
        "subject": subject,
        "performedDateTime": fact.when.isoformat(),
    }
    return [{"resourceType": "Procedure", "id": id_, **body}]


def _document(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    title = fact.detail.get("title", fact.concept.display)
    content = [{"attachment": {"contentType": "application/pdf", "title": title}}]
    return [
        {
            "resourceType": "DocumentReference",
            "id": id_,
            "status": "current",
            "type": concept(fact.concept),
            "description": title,
            "subject": subject,
            "date": f"{fact.when.isoformat()}T12:00:00Z",
            "author": [_author(subject)],
            "content": content,
        }
    ]


def _alert(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    period = {"start": fact.when.isoformat()}
    return [
        {
            "resourceType": "Flag",
            "id": id_,
            "status": "active",
            "code": concept(fact.concept),
            "subject": subject,
            "period": period,
        }
    ]


def _plan(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    activities = [
        {"detail": {"status": "in-progress", "description": words}} for words in fact.detail.get("activities", [])
    ]
    return [
        {
            "resourceType": "CarePlan",
            "id": id_,
            "status": "active",
            "intent": "plan",
            "title": fact.concept.display,
            "subject": subject,
            "period": {"start": fact.when.isoformat()},
            "created": fact.when.isoformat(),
            "activity": activities,
        }
    ]


def _member(fact: Fact, id_: str, subject: Resource) -> list[Resource]:
    participant = [{"role": [{"text": fact.detail.get("role", "Clinician")}], "member": _author(subject)}]
    period = {"start": fact.when.isoformat()}
    body = {
        "status": "active",
        "name": fact.concept.display,
        "subject": subject,
        "period": period,
        "participant": participant,
    }
    return [{"resourceType": "CareTeam", "id": id_, **body}]


RENDER: dict[str, Callable[[Fact, str, Resource], list[Resource]]] = {
    "allergy": _allergy,
    "medication": _medication,
    "condition": _condition,
    "stay": _stay,
    "appointment": _appointment,
    "observation": _observation,
    "immunisation": _immunisation,
    "procedure": _procedure,
    "document": _document,
    "alert": _alert,
    "plan": _plan,
    "member": _member,
}
