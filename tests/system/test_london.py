"""A London-wide graph on other makers' routers over two areas' gateways: each area's policy holds there, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.system.london import ROUTERS, London, london, router
from tests.system.test_joined_record import OPT_OUT, WITHDRAW

pytestmark = [pytest.mark.node, pytest.mark.system, pytest.mark.xdist_group("system-london")]

UNKNOWN = "9999999980"
QUERY = """{ caseload { nhsNumber
  north { name { family } allergies { nodes { id } } testResults { nodes { id } sources { organisation { odsCode } } } }
  south { name { family } testResults { nodes { id } sources { organisation { odsCode } } } } } }"""
SENSITIVE = """{ caseload { nhsNumber
  north { conditions { nodes { id code { text codings { code display } } note } }
    medications { nodes { id medicine { text codings { code display } } reasons { text } note } }
    documents { nodes { title description } } testResults { nodes { code { text codings { display } } value conclusion } } }
  south { conditions { nodes { id code { text codings { code display } } } } documents { nodes { title } } } } }"""
WORDS = ("hiv", "immunodeficiency", "biktarvy", "abacavir", "86406008")


@pytest.fixture(scope="module")
def areas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[London]:
    with london(tmp_path_factory.mktemp("london")) as both:
        yield both


@pytest.fixture(
    scope="module",
    params=[("apollo", "apollo"), ("hive", "apollo"), ("hive with the Rust planner", "ours"), ("apollo", "ours")],
    ids=" over ".join,
)
def above(request: pytest.FixtureRequest, areas: London) -> Iterator[str]:
    kind, supergraph = request.param
    assert kind in ROUTERS
    with router(areas, kind, supergraph) as url:
        yield url


def ask(areas: London, url: str, query: str, people: list[str], role: str | None = "gp") -> dict[str, Any]:
    areas.caseload[:] = people
    headers = {"authorization": f"Bearer {areas.north.token(role)}"} if role else {}
    answer: dict[str, Any] = httpx.post(url, json={"query": query}, headers=headers, timeout=30).json()
    return answer


def codes(answer: dict[str, Any]) -> list[str]:
    return [error.get("extensions", {}).get("code", "") for error in answer.get("errors", ())]


def organisations(record: dict[str, Any]) -> set[str]:
    return {source["organisation"]["odsCode"] for source in record["testResults"]["sources"]}


def test_both_areas_answer_side_by_side(areas: London, above: str) -> None:
    person = areas.north.because("seven organisations")
    answer = ask(areas, above, QUERY, [person.nhs_number])
    assert codes(answer) == []
    (found,) = answer["data"]["caseload"]
    assert found["north"]["name"]["family"] == found["south"]["name"]["family"] == person.family
    assert "RZ901" in organisations(found["north"])
    assert organisations(found["south"]) < organisations(found["north"])
    assert {node["id"].partition(":")[0] for node in found["south"]["testResults"]["nodes"]} == {"hospital-2"}


def test_sensitive_matters_stay_out(areas: London, above: str) -> None:
    person = areas.north.because("carries hiv")
    answer = ask(areas, above, SENSITIVE, [person.nhs_number])
    assert answer["data"]["caseload"][0]["north"] is not None
    text = str(answer).lower()
    assert [word for word in WORDS if word in text] == []


def test_what_a_role_may_not_see_is_an_error_here_too(areas: London, above: str) -> None:
    answer = ask(areas, above, QUERY, [areas.north.because("seven organisations").nhs_number], "receptionist")
    found = answer["data"]["caseload"][0]["north"]
    assert found["name"] is not None
    assert found["allergies"] is None
    assert set(codes(answer)) == {"FORBIDDEN"}


def test_an_unknown_person_is_an_error_and_harms_nobody_else(areas: London, above: str) -> None:
    person = areas.north.because("seven organisations")
    answer = ask(areas, above, QUERY, [UNKNOWN, person.nhs_number])
    nobody, somebody = answer["data"]["caseload"]
    assert (nobody["north"], nobody["south"]) == (None, None)
    assert somebody["north"]["name"]["family"] == person.family
    assert set(codes(answer)) == {"PATIENT_NOT_AVAILABLE"}


def test_opting_out_in_one_area_reads_there_as_unknown(areas: London, above: str) -> None:
    number = areas.north.people[40].nhs_number
    areas.north.ask("privacy_officer", OPT_OUT, {"n": number})
    try:
        answer = ask(areas, above, QUERY, [number])
    finally:
        areas.north.ask("privacy_officer", WITHDRAW, {"n": number})
    assert answer["data"]["caseload"][0]["north"] is None
    assert answer["data"]["caseload"][0]["south"] is not None
    assert set(codes(answer)) == {"PATIENT_NOT_AVAILABLE"}


def test_one_person_by_number_in_both_areas(areas: London, above: str) -> None:
    person = areas.north.because("seven organisations")
    query = f'{{ patient(nhsNumber: "{person.nhs_number}") {{ nhsNumber north {{ name {{ family }} }} south {{ name {{ family }} }} }} }}'
    answer = ask(areas, above, query, [])
    assert codes(answer) == []
    assert (
        answer["data"]["patient"]["north"] == answer["data"]["patient"]["south"] == {"name": {"family": person.family}}
    )


def test_without_a_token_nobody_gets_anything(areas: London, above: str) -> None:
    answer = ask(areas, above, QUERY, [areas.north.because("seven organisations").nhs_number], None)
    found = (answer.get("data") or {}).get("caseload") or []
    assert [one for one in found if one["north"] or one["south"]] == []
    assert answer["errors"]
