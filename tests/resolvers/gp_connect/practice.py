"""A practice for tests: settings, a caller, an ask, and small structured records."""

from __future__ import annotations

import asyncio
from typing import Any

from policies.caller import Caller
from policies.sections import Section
from policies.sensitivity.gate import SensitivityPolicy
from resolvers.record.values import Organisation, OrganisationKind
from resolvers.sources.gp_connect.adapter import GPConnect
from resolvers.sources.gp_connect.lists import CHIEF_LIST
from resolvers.sources.gp_connect.parameters import STRUCTURED
from resolvers.sources.gp_connect.settings import Device, GPConnectSettings
from resolvers.sources.source import Answer, Ask, Coverage, Source, Subject
from resolvers.sources.upstream import Upstream

PERSON = "9990000018"
NOW = "2026-11-22T09:00:00Z"
PRACTICE = Organisation(ods_code="A82038", name="Test Practice", kind=OrganisationKind.GP_PRACTICE)
SETTINGS = GPConnectSettings(
    own_asid="200000000115",
    practice_asid="200000000116",
    issuer="https://gateway.example/",
    device=Device("https://gateway.example/Id/device", "joinup-1"),
    user_system="https://gateway.example/Id/user",
    organisation_names={"RAL01": "Test Hospital"},
)
DOCTOR = Caller(
    issuer="https://id.example",
    subject="910000000001",
    role="hospital_clinician",
    organisation="RAL01",
    name="Dr Claire Anne Jones",
    role_profile="555086718101",
)
POLICY = SensitivityPolicy.load()


def asking(*sections: Section, nhs_number: str = PERSON, caller: Caller = DOCTOR, **more: Any) -> Ask:
    deadline = asyncio.get_running_loop().time() + 3
    values: dict[str, Any] = {
        "subject": Subject(nhs_number),
        "request_id": "r-1",
        "deadline": deadline,
        "now": NOW,
    } | more
    return Ask(sections=frozenset(sections), caller=caller, **values)


def practice(structured: Upstream | None = None, appointments: Upstream | None = None, **more: Any) -> Source:
    settings = more.get("settings", SETTINGS)
    adapter = GPConnect("gp1", PRACTICE, settings, structured=structured, appointments=appointments)
    return Source("gp1", PRACTICE, adapter, Coverage(practices=frozenset({"A82038"})))


async def answer(upstream: Upstream, *sections: Section, **more: Any) -> Answer:
    return await practice(upstream).ask(asking(*(sections or STRUCTURED), **more), POLICY)


def patient(nhs_number: str = PERSON, **more: Any) -> dict[str, Any]:
    identifier = [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs_number}]
    return {"resourceType": "Patient", "id": "p", "identifier": identifier} | more


def listing(code: str, warning: str | None = None, note: str | None = None, **more: Any) -> dict[str, Any]:
    value: dict[str, Any] = {
        "resourceType": "List",
        "status": "current",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
    }
    if warning is not None:
        url = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-CareConnect-GPC-ListWarningCode-1"
        value["extension"] = [{"url": url, "valueCode": warning}]
    if note is not None:
        value["note"] = [{"text": note}]
    return value | more


def bundle(*resources: Any, lists: bool = True, person: dict[str, Any] | None = None) -> dict[str, Any]:
    """A record of the test person with an empty primary list for every section that has none among `resources`."""
    given = {r["code"]["coding"][0]["code"] for r in resources if r.get("resourceType") == "List"}
    missing = [listing(code) for code in CHIEF_LIST.values() if code not in given] if lists else []
    everything = [person or patient(), *resources, *missing]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in everything]}


def resource(kind: str, id_: str, **more: Any) -> dict[str, Any]:
    subject = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    return {"resourceType": kind, "id": id_, subject: {"reference": "Patient/p"}} | more


def snomed(code: str, display: str = "") -> dict[str, Any]:
    return {"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}]}


def outcome(code: str, severity: str = "error", about: str | None = None) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": severity, "code": "x", "details": {"coding": [{"code": code}]}}
    if about is not None:
        issue["diagnostics"] = about
    return {"resourceType": "OperationOutcome", "issue": [issue]}
