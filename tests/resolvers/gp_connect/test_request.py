"""What a practice is asked: GP Connect's headers, audit token and parameters."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any
from uuid import UUID

import pytest

from policies.caller import Caller
from policies.roles import RoleMatrix
from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.sources.gp_connect.parameters import STRUCTURED, uk_today
from tests.resolvers.gp_connect.practice import (
    DOCTOR,
    NOW,
    PERSON,
    POLICY,
    SETTINGS,
    answer,
    asking,
    bundle,
    practice,
)
from tests.resolvers.recorded import Sent, always

ROLES = RoleMatrix.load()


async def sent(*sections: Section, **more: Any) -> Sent:
    upstream = always(bundle())
    await answer(upstream, *sections, **more)
    [request] = upstream.sent
    return request


def claims(request: Sent) -> dict[str, Any]:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))  # type: ignore[no-any-return]


def parameters(request: Sent) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in request.json["parameter"]}


async def test_all_sections_cost_one_request() -> None:
    request = await sent(*STRUCTURED)
    assert (request.method, request.path) == ("POST", "Patient/$gpc.getstructuredrecord")
    assert list(parameters(request)) == [
        "patientNHSNumber",
        "includeAllergies",
        "includeMedication",
        "includeProblems",
        "includeInvestigations",
        "includeUncategorisedData",
        "includeImmunisations",
        "includeConsultations",
    ]
    assert parameters(request)["patientNHSNumber"]["valueIdentifier"] == {
        "system": "https://fhir.nhs.uk/Id/nhs-number",
        "value": PERSON,
    }


async def test_only_asked_sections_and_what_may_tell_of_them_are_asked_for() -> None:
    request = await sent(Section.ALLERGIES)
    assert list(parameters(request)) == [
        "patientNHSNumber",
        "includeAllergies",
        "includeProblems",
        "includeConsultations",
    ]
    assert parameters(request)["includeAllergies"]["part"] == [
        {"name": "includeResolvedAllergies", "valueBoolean": True}
    ]


async def test_windows_become_whole_days() -> None:
    since = {Section.CONSULTATIONS: "2023-11-22", Section.TEST_RESULTS: "2024-05-01"}
    asked = parameters(await sent(*STRUCTURED, since=since))
    period = {"name": "investigationSearchPeriod", "valuePeriod": {"start": "2024-05-01"}}
    assert asked["includeInvestigations"]["part"] == [period]
    period = {"name": "consultationSearchPeriod", "valuePeriod": {"start": "2023-11-22"}}
    assert asked["includeConsultations"]["part"] == [period]
    assert "part" not in asked["includeProblems"]


async def test_nothing_is_narrowed_that_may_not_be_beside_problems_and_consultations() -> None:
    """Practices refuse the whole request with INVALID_PARAMETER."""
    asked = parameters(await sent(*STRUCTURED, since=dict.fromkeys(STRUCTURED, "2024-05-01")))
    parts = {part["name"] for each in asked.values() for part in each.get("part", [])}
    assert parts == {
        "includeResolvedAllergies",
        "includePrescriptionIssues",
        "investigationSearchPeriod",
        "consultationSearchPeriod",
    }


@pytest.mark.parametrize("since", ["2027-01-01", "2026-11-23"])
async def test_no_search_date_lies_in_the_future(since: str) -> None:
    asked = parameters(await sent(Section.ALLERGIES, since={Section.CONSULTATIONS: since}))
    period = {"name": "consultationSearchPeriod", "valuePeriod": {"start": "2026-11-22"}}
    assert asked["includeConsultations"]["part"] == [period]


def test_today_is_the_day_in_london() -> None:
    assert uk_today("2026-06-30T23:30:00Z") == "2026-07-01"
    assert uk_today("2026-11-22T23:30:00Z") == "2026-11-22"


async def test_headers_are_those_of_the_spine_proxy() -> None:
    headers = (await sent(Section.ALLERGIES)).headers
    assert headers["Ssp-From"] == "200000000115"
    assert headers["Ssp-To"] == "200000000116"
    assert headers["Ssp-InteractionID"] == "urn:nhs:names:services:gpconnect:fhir:operation:gpc.getstructuredrecord-1"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"].startswith("application/fhir+json")
    assert UUID(headers["Ssp-TraceID"]) != UUID((await sent(Section.ALLERGIES)).headers["Ssp-TraceID"])


async def test_token_is_unsigned_with_an_empty_signature() -> None:
    token = (await sent(Section.ALLERGIES)).headers["Authorization"].removeprefix("Bearer ")
    header, _, signature = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "none", "typ": "JWT"}
    assert signature == ""


async def test_token_names_the_end_user_and_their_organisation() -> None:
    told = claims(await sent(Section.ALLERGIES))
    practitioner = told["requesting_practitioner"]
    assert told["sub"] == practitioner["id"] == DOCTOR.subject
    assert practitioner["identifier"] == [
        {"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "910000000001"},
        {"system": "https://fhir.nhs.uk/Id/sds-role-profile-id", "value": "555086718101"},
        {"system": SETTINGS.user_system, "value": "910000000001"},
    ]
    assert practitioner["name"] == [{"family": "Jones", "given": ["Claire", "Anne"], "prefix": ["Dr"]}]
    assert told["requesting_organization"] == {
        "resourceType": "Organization",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "RAL01"}],
        "name": "Test Hospital",
    }


async def test_token_states_purpose_scope_audience_and_five_minutes() -> None:
    told = claims(await sent(Section.ALLERGIES))
    assert (told["reason_for_request"], told["requested_scope"]) == ("directcare", "patient/*.read")
    assert (told["iss"], told["aud"]) == ("https://gateway.example/", "https://practice.example/fhir")
    assert told["exp"] - told["iat"] == 300
    assert told["requesting_device"]["identifier"] == [
        {"system": "https://gateway.example/Id/device", "value": "joinup-1"}
    ]


async def test_two_users_never_share_a_token() -> None:
    nurse = dataclasses.replace(DOCTOR, subject="n-7", name="Nurse", role_profile=None)
    told = claims(await sent(Section.ALLERGIES, caller=nurse))
    assert told["sub"] == "n-7"
    values = [each["value"] for each in told["requesting_practitioner"]["identifier"]]
    assert values == ["UNK", "UNK", "n-7"]


@pytest.mark.parametrize(
    "caller",
    [dataclasses.replace(DOCTOR, role="patient", patient=PERSON), dataclasses.replace(DOCTOR, purpose="HRESCH")],
)
async def test_only_direct_care_by_professionals_is_asked_for(caller: Caller) -> None:
    upstream = always(bundle())
    told = await answer(upstream, Section.ALLERGIES, caller=caller)
    assert upstream.sent == []
    assert told[Section.ALLERGIES].status is SourceState.NOT_ASKED


@pytest.mark.parametrize("purpose", ["TREAT", "ETREAT", "CAREMGT", "COC"])
async def test_every_clinicians_purpose_of_the_roles_is_direct_care(purpose: str) -> None:
    assert purpose in {each for name in ("gp", "emergency_clinician") for each in ROLES.by_name[name].purposes}
    told = await answer(always(bundle()), Section.ALLERGIES, caller=dataclasses.replace(DOCTOR, purpose=purpose))
    assert told[Section.ALLERGIES].status is SourceState.EMPTY


async def test_citizens_are_served_where_the_deployment_says_so() -> None:
    upstream = always(bundle())
    source = practice(upstream, settings=dataclasses.replace(SETTINGS, citizens=True))
    person = dataclasses.replace(DOCTOR, role="patient", patient=PERSON, purpose="PATRQT")
    told = await source.ask(asking(Section.ALLERGIES, caller=person), POLICY)
    assert told[Section.ALLERGIES].status is SourceState.EMPTY
    assert told[Section.ALLERGIES].as_of == NOW
