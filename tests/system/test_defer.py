"""@defer over real sockets: what is slow comes later in the same response, and every frame is looked at by itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import pytest

from tests.system.conftest import MANY_PATIENTS
from tests.system.test_joined_record import OPT_OUT, WITHDRAW
from tests.system.world import World, running

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system-defer")]

QUERY = """query Slow($n: NHSNumber!) { patient(nhsNumber: $n) { nhsNumber
  ... @defer(label: "gp") { allergies { completeness nodes { id } } }
  ... @defer(label: "hospital") { hospitalStays { completeness nodes { id recordedBy { organisation { odsCode } } } } } } }"""
SLOW = "hospital-1"
MILLISECONDS = 800
BOTH = "multipart/mixed, application/graphql-response+json;q=0.9"
CHANGES = {
    'kind = "fhir-r4"': 'gives = ["hospital_stays"]\nkind = "fhir-r4"',
    "[stores]": "[stores]\ncache_s = 0",
    "[federation]": "[federation]\ndeadline_s = 30",  # slow is slower than the rest, on any machine, and in time
}


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A system whose trusts are asked for hospital stays alone, and whose answers are not kept."""
    with running(tmp_path_factory.mktemp("apart"), MANY_PATIENTS, changed) as world:
        yield world


def changed(text: str) -> str:
    for old, new in CHANGES.items():
        text = text.replace(old, new)
    return text


@contextmanager
def asking(world: World, number: str, query: str = QUERY, role: str = "gp") -> Iterator[Iterator[dict[str, Any]]]:
    """The payloads of a multipart answer, each when it arrives."""
    headers = {"authorization": f"Bearer {world.token(role)}", "accept": BOTH}
    body = {"query": query, "variables": {"n": number}}
    with world.client.stream("POST", f"{world.url}/graphql", json=body, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("multipart/mixed")
        yield payloads(response)


def payloads(response: httpx.Response) -> Iterator[dict[str, Any]]:
    text = ""
    for piece in response.iter_text():
        text += piece
        while (end := text.find("\r\n--", text.find("\r\n\r\n"))) >= 0 or text.rstrip().endswith("}"):
            part, text = (text[:end], text[end:]) if end >= 0 else (text, "")
            _, _, content = part.partition("\r\n\r\n")
            yield json.loads(content)


def rest(frames: Iterator[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What completed, by id, with the data that came for it."""
    done: dict[str, dict[str, Any]] = {}
    for frame in frames:
        for entry in frame.get("incremental", ()):
            done.setdefault(entry["id"], {}).update(entry)
        for entry in frame["completed"]:
            done.setdefault(entry["id"], {}).update(entry)
        if not frame["hasNext"]:
            break
    return done


def entries_about(world: World, number: str) -> int:
    with closing(sqlite3.connect(world.folder / "audit.sqlite3")) as database:
        query = "select count(*) from audit_patient where nhs_number = ?"
        count: int = database.execute(query, (number,)).fetchone()[0]
    return count


def test_the_slow_hospital_comes_after_the_practice(apart: World) -> None:
    number = apart.because("seven organisations").nhs_number
    before = entries_about(apart, number)
    with apart.fault(SLOW, "slow", MILLISECONDS), asking(apart, number) as frames:
        first = next(frames)
        assert first["data"] == {"patient": {"nhsNumber": number}}
        labels = {each["id"]: each["label"] for each in first["pending"]}
        assert entries_about(apart, number) == before + 1
        second = next(frames)
        assert [labels[each["id"]] for each in second["completed"]] == ["gp"]
        assert entries_about(apart, number) == before + 2
        assert second["hasNext"] is True
        third = next(frames)
    assert [labels[each["id"]] for each in third["completed"]] == ["hospital"]
    assert third["hasNext"] is False
    stays = third["incremental"][0]["data"]["hospitalStays"]
    assert "RZ901" in {node["recordedBy"]["organisation"]["odsCode"] for node in stays["nodes"]}
    assert entries_about(apart, number) == before + 3


def test_a_client_that_does_not_read_frames_gets_one_answer(apart: World) -> None:
    number = apart.because("seven organisations").nhs_number
    answer = apart.ask("gp", QUERY, {"n": number})
    assert answer.keys() == {"data"}
    assert answer["data"]["patient"].keys() == {"nhsNumber", "allergies", "hospitalStays"}


def test_an_older_format_is_not_guessed(apart: World) -> None:
    headers = {
        "authorization": f"Bearer {apart.token('gp')}",
        "accept": "multipart/mixed;deferSpec=20220824,application/json",
    }
    number = apart.because("seven organisations").nhs_number
    body = {"query": QUERY, "variables": {"n": number}}
    response = apart.client.post(f"{apart.url}/graphql", json=body, headers=headers)
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["data"]["patient"]["hospitalStays"] is not None


def test_who_opts_out_between_frames_is_in_no_later_one(apart: World) -> None:
    number = apart.because("seven organisations").nhs_number
    try:
        with apart.fault(SLOW, "slow", MILLISECONDS), asking(apart, number) as frames:
            assert next(frames)["data"] == {"patient": {"nhsNumber": number}}
            next(frames)
            with httpx.Client() as other:
                headers = {"authorization": f"Bearer {apart.token('privacy_officer')}"}
                body = {"query": OPT_OUT, "variables": {"n": number}}
                told = other.post(f"{apart.url}/graphql", json=body, headers=headers).json()
            assert told["data"] == {"optOut": {"optedOut": True}}
            (late,) = rest(frames).values()
        assert "data" not in late
        assert [error["extensions"]["code"] for error in late["errors"]] == ["PATIENT_NOT_AVAILABLE"]
        assert "RZ901" not in json.dumps(late)
    finally:
        apart.ask("privacy_officer", WITHDRAW, {"n": number})


def test_a_frame_that_cannot_be_written_down_is_not_sent(apart: World) -> None:
    number = apart.because("seven organisations").nhs_number
    with apart.fault(SLOW, "slow", MILLISECONDS), asking(apart, number) as frames:
        assert next(frames)["data"] == {"patient": {"nhsNumber": number}}
        next(frames)
        with closing(sqlite3.connect(apart.folder / "audit.sqlite3", isolation_level=None)) as database:
            database.execute("begin exclusive")
            (late,) = rest(frames).values()
    assert "data" not in late
    assert [error["extensions"]["code"] for error in late["errors"]] == ["AUDIT_UNAVAILABLE"]
    assert [error["path"] for error in late["errors"]] == [["patient"]]


def test_nothing_leaves_where_the_first_frame_cannot_be_written_down(apart: World) -> None:
    number = apart.because("seven organisations").nhs_number
    with closing(sqlite3.connect(apart.folder / "audit.sqlite3", isolation_level=None)) as database:
        database.execute("begin exclusive")
        headers = {"authorization": f"Bearer {apart.token('gp')}", "accept": BOTH}
        body = {"query": QUERY, "variables": {"n": number}}
        response = apart.client.post(f"{apart.url}/graphql", json=body, headers=headers)
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "AUDIT_UNAVAILABLE"
    assert number not in response.text


def test_what_the_role_may_not_see_is_not_deferred_either(apart: World) -> None:
    number = apart.because("seven organisations").nhs_number
    query = """query($n: NHSNumber!) { patient(nhsNumber: $n) { nhsNumber
      ... @defer { medications { totalCount } } } }"""
    with asking(apart, number, query, "receptionist") as frames:
        next(frames)
        (late,) = rest(frames).values()
    assert late["data"] == {"medications": None}
    assert [error["path"] for error in late["errors"]] == [["patient", "medications"]]
    assert late["errors"][0]["extensions"]["rule"].startswith("roles/receptionist/")
