"""Public example records through adapter and policy, held against the published code lists and not against the gate."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from policies.files import PACKAGED
from policies.sections import Section
from resolvers.sources.source import Answer
from tests.resolvers.fhir_r4.test_real_data import asked
from tests.shared_data import shared_data

SNOMED = "http://snomed.info/sct"


@cache
def listed() -> frozenset[str]:
    """SNOMED CT codes of the published lists, without those that were left out on purpose."""
    with (PACKAGED / "sensitivity" / "left_out.csv").open() as file:
        left_out = {row["code"] for row in csv.DictReader(file)}
    with shared_data("sensitive.csv").open() as file:
        return frozenset(row["code"] for row in csv.DictReader(file) if row["system"] == SNOMED) - left_out


def codes(value: Any) -> Iterator[str]:
    """Every SNOMED CT code anywhere in a resource."""
    if isinstance(value, dict):
        if value.get("system") == SNOMED and isinstance(value.get("code"), str):
            yield value["code"]
        for inner in value.values():
            yield from codes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from codes(inner)


def ids(found: Answer) -> set[str]:
    return {str(entry.id).removeprefix("rfl:").partition("#")[0] for part in found.values() for entry in part.entries}


@pytest.mark.parametrize(("name", "carriers"), [("ukcore", 0), ("synthea", 15), ("hl7", 0)])
def test_nothing_with_a_listed_code_arrives(name: str, carriers: int) -> None:
    seen = 0
    for each in asked(name):
        carrying = {f"{one['resourceType']}/{one['id']}" for one in each.theirs if listed() & set(codes(one))}
        assert not carrying & ids(each.gated)
        seen += len(carrying & ids(each.whole))
    assert seen == carriers, "without policy they would have arrived"


@pytest.mark.parametrize(("name", "allergies", "medicines"), [("ukcore", 7, 9), ("synthea", 17, 60), ("hl7", 6, 17)])
def test_policy_takes_no_harmless_allergy_and_no_harmless_medicine(name: str, allergies: int, medicines: int) -> None:
    """None of those in these records is sensitive: all of them arrive."""
    shown = [each.gated for each in asked(name)]
    assert sum(len(each[Section.ALLERGIES].entries) for each in shown) == allergies
    assert sum(len(each[Section.MEDICATIONS].entries) for each in shown) == medicines
