"""A person by NHS number, as PDS answers."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from uuid import UUID

import pytest

from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.pds.service import CALLER, OTHER, PERSON, located, outcome, patient, pds, person, soon
from tests.resolvers.recorded import Recorded, always
from tests.shared_data import shared_data

EXAMPLES = ["Patient.json", "Patient-Jayne-Smyth.json", "Minimal_Patient.json"]


def example(name: str) -> tuple[bytes, dict[str, Any]]:
    body = shared_data(f"pds-r4/{name}").read_bytes()
    return body, json.loads(body)


@pytest.mark.parametrize("name", [*EXAMPLES, "Sensitive_Patient.json"])
async def test_everything_in_an_example_arrives(name: str) -> None:
    body, sent = example(name)
    found = await person(always(body), sent["id"])
    assert found is not None
    assert found.nhs_number == found.asked_number == sent["id"]
    assert [(each.given, each.family) for each in found.names] == [
        (each["given"], each["family"]) for each in sent.get("name", [])
    ]
    assert (found.birth_date, found.gender) == (sent.get("birthDate"), sent.get("gender"))
    assert found.deceased == sent.get("deceasedDateTime")
    assert found.is_deceased is ("deceasedDateTime" in sent)
    assert (found.invalid, found.as_of) == ((), "2025-06-01T09:00:00Z")


async def test_home_address_current_contacts_and_practice_are_chosen() -> None:
    body, sent = example("Patient.json")
    found = await person(always(body), sent["id"])
    assert found is not None
    assert found.address is not None
    assert found.address.lines == ["1 Trevelyan Square", "Boar Lane", "City Centre", "Leeds", "West Yorkshire"]
    assert found.address.postcode == "LS1 6AE"
    assert [contact.value for contact in found.contacts] == ["01632960587", "01632960587"]  # the e-mail has ended
    assert found.practice is not None
    assert found.practice.ods_code == "Y12345"
    assert found.names[0].text == "Mrs Jane Smith MBE"


async def test_restricted_example_is_marked_and_has_no_whereabouts() -> None:
    body, sent = example("Sensitive_Patient.json")
    found = await person(always(body), sent["id"])
    assert found is not None
    assert found.restricted
    assert (found.address, found.contacts, found.practice, found.local_authority) == (None, [], None, None)


@pytest.mark.parametrize("label", ["R", "V", "SOMETHING-NEW"])
async def test_a_restricted_person_loses_whereabouts_whatever_was_sent(label: str) -> None:
    found = await person(always(located(label=label)))
    assert found is not None
    assert found.restricted
    assert (found.address, found.contacts, found.practice, found.local_authority) == (None, [], None, None)


@pytest.mark.parametrize(
    "meta",
    [
        None,
        {},
        {"security": []},
        {"security": [{}]},
        "x",
        {"security": "R"},
        {"security": [{"code": 5}]},
        {"security": [{"code": "U"}, {"code": 5}]},
    ],
)
async def test_a_label_that_is_missing_or_unreadable_counts_as_restricted(meta: Any) -> None:
    found = await person(always(located() | {"meta": meta}))
    assert found is not None
    assert found.restricted
    assert found.address is None


async def test_an_unrestricted_person_has_whereabouts_and_borough() -> None:
    found = await person(always(located()))
    assert found is not None
    assert found.practice is not None
    assert (found.restricted, found.practice.ods_code, found.local_authority) == (False, "Y99001", "E09000007")


async def test_a_superseded_number_leads_to_the_current_one() -> None:
    found = await person(always(patient(OTHER)), PERSON)
    assert found is not None
    assert (found.nhs_number, found.asked_number) == (OTHER, PERSON)


@pytest.mark.parametrize(
    ("status", "code"), [(404, "RESOURCE_NOT_FOUND"), (404, "INVALIDATED_RESOURCE"), (400, "INVALID_RESOURCE_ID")]
)
async def test_nobody_is_none(status: int, code: str) -> None:
    assert await person(always(outcome(code), status)) is None


async def test_an_invalidated_record_is_nobody() -> None:
    assert await person(always(patient(label="REDACTED"))) is None


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (401, "ACCESS_DENIED", Failure.REFUSED),
        (403, "ACCESS_DENIED", Failure.REFUSED),
        (404, "x", Failure.UNAVAILABLE),
        (408, "UNABLE_TO_CALL_SERVICE", Failure.TIMED_OUT),
        (429, "TOO_MANY_REQUESTS", Failure.UNAVAILABLE),
        (500, "x", Failure.UNAVAILABLE),
        (400, "MISSING_VALUE", Failure.MALFORMED),
    ],
)
async def test_failures_are_not_nobody(status: int, code: str, failure: Failure) -> None:
    with pytest.raises(UpstreamError) as caught:
        await person(always(outcome(code), status))
    assert caught.value.failure is failure


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        outcome("x"),
        {"resourceType": "Patient"},
        patient("123"),
        patient() | {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": OTHER}]},
    ],
)
async def test_what_is_no_patient_with_one_number_is_malformed(body: Any) -> None:
    with pytest.raises(UpstreamError) as caught:
        await person(always(body))
    assert caught.value.failure is Failure.MALFORMED


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birthDate", "x"),
        ("birthDate", 7),
        ("gender", "m"),
        ("deceasedDateTime", "yesterday"),
        ("birthDate", "1990-02-30"),
    ],
)
async def test_a_bad_value_costs_its_field_only(field: str, value: Any) -> None:
    names = [{"use": "usual", "family": "Smith", "given": ["Jane"]}]
    found = await person(always(patient(name=names) | {field: value}))
    assert found is not None
    assert found.names[0].family == "Smith"
    assert found.invalid == (field,)
    assert (found.birth_date, found.gender, found.deceased) == (None, None, None)
    assert found.is_deceased is (field == "deceasedDateTime")


async def test_former_names_are_left_out_and_the_usual_one_comes_first() -> None:
    names = [
        {"use": "nickname", "family": "Smith", "given": ["Janey"]},
        {"use": "old", "family": "Jones", "given": ["John"]},
        {"use": "usual", "family": "Smith", "given": ["Jane"]},
    ]
    found = await person(always(patient(name=names)))
    assert found is not None
    assert [name.given for name in found.names] == [["Jane"], ["Janey"]]


async def test_headers_carry_a_uuid_and_the_role_profile() -> None:
    upstream = always(patient())
    await person(upstream)
    [sent] = upstream.sent
    assert (sent.method, sent.path, sent.query) == ("GET", f"Patient/{PERSON}", ())
    UUID(sent.headers["X-Request-ID"])
    assert sent.headers["X-Correlation-ID"] == "r-1"
    assert sent.headers["NHSD-Session-URID"] == "555086718101"


async def test_a_caller_without_role_profile_sends_none() -> None:
    upstream = always(patient())
    await person(upstream, caller=dataclasses.replace(CALLER, role_profile=None))
    assert "NHSD-Session-URID" not in upstream.sent[0].headers


async def test_network_failures_pass_through() -> None:
    with pytest.raises(UpstreamError) as caught:
        await pds(Recorded(lambda _: UpstreamError(Failure.TIMED_OUT))).person(PERSON, CALLER, "r", soon())
    assert caught.value.failure is Failure.TIMED_OUT
