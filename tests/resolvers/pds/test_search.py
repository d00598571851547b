"""Demographic search by PDS's rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.resolvers.pds.service import OTHER, PERSON, located, outcome, patient, search
from tests.resolvers.recorded import always
from tests.shared_data import shared_data


def matches(*found: tuple[dict[str, Any], float]) -> dict[str, Any]:
    entries = [{"search": {"score": score}, "resource": resource} for resource, score in found]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


@pytest.mark.parametrize(
    "name",
    [
        "PatientSearch.json",
        "PatientSearch-Jayne-Smyth.json",
        "PatientCompoundName.json",
        "Minimal_PatientSearch.json",
        "Sensitive_PatientSearch.json",
    ],
)
async def test_every_match_of_an_example_arrives(name: str) -> None:
    body = shared_data(f"pds-r4/{name}").read_bytes()
    sent = [entry["resource"] for entry in json.loads(body)["entry"]]
    found = await search(always(body))
    assert [each.nhs_number for each in found] == [each["id"] for each in sent]
    assert [each.restricted for each in found] == [each["meta"]["security"][0]["code"] != "U" for each in sent]


async def test_terms_become_parameters() -> None:
    upstream = always(matches())
    await search(upstream, given="Ann*", gender="female", postcode="nw1  1aa")
    assert upstream.sent[0].query == (
        ("family", "Smith"),
        ("birthdate", "eq2010-10-22"),
        ("given", "Ann*"),
        ("gender", "female"),
        ("address-postalcode", "NW1 1AA"),
        ("_max-results", "50"),
    )


async def test_exact_search_says_so() -> None:
    upstream = always(matches())
    await search(upstream, exact=True)
    assert ("_exact-match", "true") in upstream.sent[0].query


@pytest.mark.parametrize(
    "terms",
    [
        {"family": ""},
        {"family": "*"},
        {"family": "S*"},
        {"family": "Sm*th"},
        {"family": "Smith&birthdate=eq1990-01-01"},
        {"birth_date": "2010"},
        {"birth_date": "2010-02-30"},
        {"birth_date": ""},
        {"gender": "F"},
        {"postcode": "*"},
        {"postcode": "hello"},
        {"family": "Smi*", "exact": True},
    ],
)
async def test_what_pds_does_not_allow_is_not_sent(terms: dict[str, Any]) -> None:
    upstream = always(matches())
    with pytest.raises(ValueError, match=r"\.$") as caught:
        await search(upstream, **terms)
    assert upstream.sent == []
    assert "Smith" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400])
async def test_too_many_matches_ask_for_more_terms(status: int) -> None:
    with pytest.raises(ValueError, match="More than 50"):
        await search(always(outcome("TOO_MANY_MATCHES"), status))


async def test_a_refused_combination_is_the_askers_to_mend() -> None:
    with pytest.raises(ValueError, match="combination"):
        await search(always(outcome("INVALID_SEARCH_DATA"), 400))


async def test_a_place_never_finds_restricted_people() -> None:
    answer = matches((located(), 1.0), (patient(OTHER, "R"), 1.0))
    assert [each.nhs_number for each in await search(always(answer), postcode="NW1 1AA")] == [PERSON]
    assert [each.nhs_number for each in await search(always(answer))] == [PERSON, OTHER]


async def test_best_matches_come_first_and_fifty_at_most() -> None:
    numbers = [PERSON, OTHER]
    answer = matches(*((patient(numbers[i % 2]), 0.5 + i / 1000) for i in range(60)))
    found = await search(always(answer))
    assert len(found) == 50
    assert found[0].nhs_number == numbers[59 % 2]


async def test_invalidated_people_are_not_found() -> None:
    assert await search(always(matches((patient(label="REDACTED"), 1.0)))) == []


async def test_a_match_without_a_number_costs_only_itself() -> None:
    nameless = patient() | {"id": None}
    assert [each.nhs_number for each in await search(always(matches((nameless, 1.0), (patient(), 0.9))))] == [PERSON]
