"""Who may be shown at all: rights, opt-out, limits, superseded numbers, restricted people, children."""

from __future__ import annotations

from typing import Any

import pytest

from policies.sections import Section
from resolvers.record.people import Address
from resolvers.record.values import Organisation
from resolvers.sources.source import Coverage
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.kit import (
    NUMBER,
    OTHER,
    Limit,
    Memory,
    People,
    Register,
    ask,
    context,
    item,
    person,
    source,
)

QUERY = f'{{ patient(nhsNumber: "{NUMBER}") {{ name {{ family }} allergies {{ totalCount }} }} }}'


def memory() -> Memory:
    return Memory("a", {Section.ALLERGIES: [item("1", "Latex")]})


def codes(response: object) -> list[object]:
    return [error.extensions.get("code") for error in response.errors]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "role", ["gp", "emergency_clinician", "social_worker", "receptionist", "privacy_officer", "patient"]
)
async def test_opted_out_reads_exactly_as_unknown_and_nobody_is_asked(role: str) -> None:
    """The person's own request too: a register that answers about itself would tell whoever holds their token."""
    hospital, people = memory(), People({NUMBER: person()})
    own = NUMBER if role == "patient" else None
    made = context(source(hospital), people=people, register=Register({NUMBER}), role=role, patient=own)
    out = await ask(QUERY, made)
    unknown = await ask(QUERY, context(source(memory()), people=People({}), role=role, patient=own))
    assert out.data == unknown.data == {"patient": None}
    assert [(e.message, e.path, e.extensions) for e in out.errors] == [
        (e.message, e.path, e.extensions) for e in unknown.errors
    ]
    assert hospital.asked == []
    assert people.asked == []


async def test_unreadable_registry_shows_nothing() -> None:
    hospital = memory()
    response = await ask(QUERY, context(source(hospital), register=Register(down=True)))
    assert response.data == {"patient": None}
    assert codes(response) == ["REGISTRY_UNAVAILABLE"]
    assert hospital.asked == []


async def test_opt_out_under_the_current_number_counts_for_the_superseded_one() -> None:
    hospital = memory()
    people = People({NUMBER: person(OTHER, asked_number=NUMBER)})
    response = await ask(QUERY, context(source(hospital), people=people, register=Register({OTHER})))
    assert codes(response) == ["PATIENT_NOT_AVAILABLE"]
    assert hospital.asked == []


async def test_superseded_number_leads_to_the_current_record() -> None:
    hospital = memory()
    people = People({NUMBER: person(OTHER, asked_number=NUMBER)})
    made = context(source(hospital), people=people)
    response = await ask(f'{{ patient(nhsNumber: "{NUMBER}") {{ nhsNumber allergies {{ totalCount }} }} }}', made)
    assert response.data == {"patient": {"nhsNumber": OTHER, "allergies": {"totalCount": 1}}}
    assert [each.subject.nhs_number for each in hospital.asked] == [OTHER]
    assert made.journal.patients == {NUMBER, OTHER}


async def test_patient_sees_only_their_own_record() -> None:
    hospital = memory()
    own = await ask(QUERY, context(source(hospital), role="patient", patient=NUMBER))
    assert own.data is not None
    assert own.data["patient"]["allergies"]["totalCount"] == 1
    other = await ask(QUERY, context(source(hospital), role="patient", patient=OTHER))
    assert codes(other) == ["PATIENT_NOT_AVAILABLE"]
    assert len(hospital.asked) == 1


async def test_too_many_patients_are_refused_before_anybody_is_asked() -> None:
    hospital, people = memory(), People({NUMBER: person()})
    response = await ask(QUERY, context(source(hospital), people=people, limit=Limit(open=False)))
    assert codes(response) == ["RATE_LIMITED"]
    assert (hospital.asked, people.asked) == ([], [])


async def test_failed_demographics_cost_the_name_and_not_the_record() -> None:
    people = People({}, failure=UpstreamError(Failure.TIMED_OUT))
    response = await ask(QUERY, context(source(memory()), people=people))
    assert response.data == {"patient": {"name": None, "allergies": {"totalCount": 1}}}
    assert [(error.path, error.extensions["code"]) for error in response.errors] == [
        (("patient", "name"), "SOURCE_TIMEOUT")
    ]


async def test_failed_demographics_leave_the_practice_unavailable_not_unasked() -> None:
    people = People({}, failure=UpstreamError(Failure.UNAVAILABLE))
    practice = source(memory(), Coverage(practices=frozenset({"Y99001"})))
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ allergies {{ finding completeness sources {{ status }} }} }} }}'
    response = await ask(query, context(practice, people=people))
    assert response.data == {
        "patient": {
            "allergies": {"finding": "NOT_ANSWERED", "completeness": "NONE", "sources": [{"status": "UNAVAILABLE"}]}
        }
    }


async def test_failed_demographics_count_as_restricted() -> None:
    """Nobody knows whether they are: no entry tells where they are seen."""
    people = People({}, failure=UpstreamError(Failure.UNAVAILABLE))
    query = f"""{{ patient(nhsNumber: "{NUMBER}") {{ allergies {{ nodes {{ id recordedBy {{ organisation {{ odsCode }} }} }} }} }} }}"""
    for known, organisation in ((people, None), (People({NUMBER: person()}), {"odsCode": "A"})):
        response = await ask(query, context(source(memory()), people=known))
        assert response.data is not None
        (node,) = response.data["patient"]["allergies"]["nodes"]
        assert node["recordedBy"] == {"organisation": organisation}


@pytest.mark.parametrize(
    ("covering", "hidden"),
    [
        (Coverage(practices=frozenset({"Y99001"})), {"practice": None}),
        (Coverage(local_authorities=frozenset({"E09000019"})), {"local_authority": None}),
    ],
    ids=["practice", "council"],
)
async def test_whom_a_restricted_person_belongs_to_is_unknown_and_not_nobody(
    covering: Coverage, hidden: dict[str, None]
) -> None:
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ allergies {{ completeness finding sources {{ status }} }} }} }}'
    states = {}
    for restricted in (True, False):
        asked = memory()
        response = await ask(query, context(source(asked, covering), people=people_of(restricted=restricted, **hidden)))
        assert response.data is not None
        assert asked.asked == []
        section = response.data["patient"]["allergies"]
        assert section["finding"] == "NOT_ANSWERED"
        states[restricted] = section["sources"][0]["status"]
    assert states == {True: "UNAVAILABLE", False: "NOT_ASKED"}


SOCIAL = f'{{ patient(nhsNumber: "{NUMBER}") {{ socialCare {{ nodes {{ id }} sources {{ status }} }} }} }}'


def council(*dates: str | None) -> Memory:
    return Memory("council", {Section.SOCIAL_CARE: [item(str(i), "Home care", date) for i, date in enumerate(dates)]})


@pytest.mark.parametrize("born", ["2012-01-01", None])
async def test_council_is_not_asked_about_a_child_or_somebody_of_unknown_age(born: str | None) -> None:
    memory = council("2025-01-01")
    response = await ask(SOCIAL, context(source(memory), people=People({NUMBER: person(birth_date=born)})))
    assert response.data == {"patient": {"socialCare": {"nodes": [], "sources": [{"status": "NOT_ASKED"}]}}}
    assert memory.asked == []


async def test_social_care_from_before_the_eighteenth_birthday_never_shows() -> None:
    memory = council("2024-05-04", "2024-05-05", None)
    response = await ask(SOCIAL, context(source(memory), people=People({NUMBER: person(birth_date="2006-05-05")})))
    assert response.data is not None
    assert [node["id"] for node in response.data["patient"]["socialCare"]["nodes"]] == ["council:1"]


@pytest.mark.parametrize("line", ["HMP Pentonville, Caledonian Road", "Women's refuge, 1 Weir Lane"])
async def test_an_address_that_tells_is_not_shown(line: str) -> None:
    people = People({NUMBER: person(address=Address(lines=[line], postcode="N7 8TT"))})
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ name {{ family }} address {{ lines postcode }} }} }}'
    response = await ask(query, context(people=people))
    assert response.data == {"patient": {"name": {"family": "Made-Up"}, "address": None}}


async def test_a_practice_that_tells_is_neither_named_nor_asked() -> None:
    """Each source stands in the answer by name, so that asking would name it; the record reads as of nobody's patient."""
    telling = people_of(practice=Organisation(ods_code="Y99001", name="HMP Holloway Prison Practice"))
    asked, other = memory(), source(Memory("b", {Section.ALLERGIES: []}))
    practice = source(asked, Coverage(practices=frozenset({"Y99001"})))
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ registeredPractice {{ odsCode }} allergies {{ completeness }} }} }}'
    response = await ask(query, context(practice, other, people=telling))
    assert response.data == {"patient": {"registeredPractice": None, "allergies": {"completeness": "PARTIAL"}}}
    nobodys = await ask(query, context(practice, other, people=people_of(practice=None)))
    assert (response.data, response.errors) == (nobodys.data, nobodys.errors)
    assert asked.asked == []


def people_of(**changes: Any) -> People:
    return People({NUMBER: person(**changes)})


async def test_restricted_person_keeps_no_whereabouts_anywhere() -> None:
    people = People({NUMBER: person(restricted=True, address=None, practice=None, contacts=[], local_authority=None)})
    query = f'''{{ patient(nhsNumber: "{NUMBER}") {{ address {{ postcode }} registeredPractice {{ odsCode }} restricted
      allergies {{ nodes {{ id recordedBy {{ organisation {{ odsCode }} }} }} }} }} }}'''
    response = await ask(query, context(source(memory()), people=people))
    assert response.data is not None
    found = response.data["patient"]
    assert (found["address"], found["registeredPractice"], found["restricted"]) == (None, None, True)
    assert found["allergies"]["nodes"] == [{"id": "a:1", "recordedBy": {"organisation": None}}]


async def test_opting_out_makes_the_demographics_service_forget() -> None:
    people = People({NUMBER: person(NUMBER)})
    made = context(source(memory()), people=people)
    response = await ask(f'mutation {{ optOut(nhsNumber: "{NUMBER}", reason: "letter") {{ optedOut }} }}', made)
    assert response.data == {"optOut": {"optedOut": True}}
    assert people.forgotten == [NUMBER]
