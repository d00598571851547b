"""What each fault of an organisation costs: its own part, named, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.world import World

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]

QUERY = """query($n: NHSNumber!) { patient(nhsNumber: $n) { name { family } testResults { completeness nodes { id }
  sources { organisation { odsCode } status warnings { code } } } } }"""
HOSPITAL = "RZ901"
RECOVERY_SECONDS = 15


@pytest.fixture(autouse=True)
def recovered(world: World) -> Iterator[None]:
    """Leave the system as it was found: the breakers of the organisations that failed are closed again."""
    yield
    until = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < until:
        answer = world.ask("gp", QUERY, {"n": world.because("seven organisations").nhs_number})
        states = {source["status"] for source in answer["data"]["patient"]["testResults"]["sources"]}
        if "errors" not in answer and states <= {"ANSWERED", "EMPTY", "NOT_ASKED"}:
            return
        time.sleep(0.2)
    raise AssertionError(f"still failing: {states}")


def results(world: World, number: str, role: str) -> tuple[dict[str, Any], str, list[str]]:
    answer = world.ask(role, QUERY, {"n": number})
    section = answer["data"]["patient"]["testResults"]
    (source,) = [one for one in section["sources"] if one["organisation"]["odsCode"] == HOSPITAL]
    return section, source["status"], [warning["code"] for warning in source["warnings"]]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("down", {"UNAVAILABLE"}),
        ("throttled", {"UNAVAILABLE"}),
        ("malformed", {"UNAVAILABLE"}),
        ("html", {"UNAVAILABLE"}),
        ("hang", {"TIMED_OUT"}),
    ],
)
def test_a_fault_costs_its_own_part_only(world: World, kind: str, expected: set[str]) -> None:
    number = world.because("seven organisations").nhs_number
    role = "nurse"
    with world.fault("hospital-1", kind):
        section, status, _ = results(world, number, role)
    # after several faults in a row the breaker may be open already, and answer for the hospital at once
    assert status in expected | {"UNAVAILABLE"}
    assert section["completeness"] == "PARTIAL"
    prefixes = {node["id"].partition(":")[0] for node in section["nodes"]}
    assert "hospital-2" in prefixes
    assert "hospital-1" not in prefixes


def test_somebody_elses_entries_are_dropped_and_the_source_is_marked(world: World) -> None:
    query = """query($n: NHSNumber!) { patient(nhsNumber: $n) { allergies { nodes { id }
      sources { organisation { odsCode } status warnings { code } } } } }"""
    with world.fault("hospital-2", "wrong-patient"):
        answer = world.ask("pharmacist", query, {"n": world.because("seven organisations").nhs_number})
    section = answer["data"]["patient"]["allergies"]
    assert not [node for node in section["nodes"] if node["id"].startswith("hospital-2:")]
    (source,) = [one for one in section["sources"] if one["organisation"]["odsCode"] == "RZ902"]
    assert source["status"] == "PARTIAL"


def test_demographics_down_costs_who_but_not_what(world: World) -> None:
    query = (
        """query($n: NHSNumber!) { patient(nhsNumber: $n) { birthDate conditions { completeness nodes { id } } } }"""
    )
    with world.fault("pds", "down"):
        answer = world.ask("emergency_clinician", query, {"n": world.people[60].nhs_number})
    assert answer["data"]["patient"]["birthDate"] is None
    assert answer["errors"][0]["extensions"]["code"] == "SOURCE_UNAVAILABLE"
    assert answer["data"]["patient"]["conditions"]["completeness"] in ("PARTIAL", "NONE")
