"""The gate on public example records: what must go goes, and little else does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies.decision import Show, Withhold
from policies.sensitivity.gate import Item, SensitivityPolicy
from tests.policies.sensitivity.judging import raw
from tests.shared_data import shared_data

ANTIRETROVIRAL = re.compile(
    r"lamivudine|zidovudine|tenofovir|efavirenz|nevirapine|emtricitabine|stavudine|abacavir|lopinavir|ritonavir|didanosine"
    r"|antiretroviral|\bHIV\b|\bCD4\b",
    re.IGNORECASE,
)
SCREEN = re.compile(
    r"immunodeficiency|chlamydia|gonorrhea|syphilis|termination of pregnancy|pregnancy termination|abortion",
    re.IGNORECASE,
)


def resources(path: Path) -> list[dict[str, Any]]:
    value = json.loads(path.read_bytes())
    if value["resourceType"] != "Bundle":
        return [value]
    return [entry["resource"] for entry in value.get("entry", []) if "resource" in entry]


def verdicts(policy: SensitivityPolicy, found: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], bool]]:
    items = [Item(f"{one['resourceType']}/{one.get('id', place)}", raw(one)) for place, one in enumerate(found)]
    return zip(found, (isinstance(one, Show) for one in policy.sift(items)), strict=True)


def files(folder: str, pattern: str = "*.json") -> list[Path]:
    return sorted(shared_data(folder).glob(pattern))


def test_no_antiretroviral_in_any_observation_survives(policy: SensitivityPolicy) -> None:
    withheld = 0
    for path in files("synthea-r4/hiv"):
        for one, shown in verdicts(policy, resources(path)):
            if one["resourceType"] == "Observation" and ANTIRETROVIRAL.search(json.dumps(one)):
                assert not shown
                withheld += 1
    assert withheld > 200


def test_of_ordinary_records_only_the_screens_and_terminations_go(policy: SensitivityPolicy) -> None:
    seen = withheld = 0
    for path in files("synthea-r4/general"):
        for one, shown in verdicts(policy, resources(path)):
            seen += 1
            withheld += not shown
            assert shown is not bool(SCREEN.search(json.dumps(one)))
    assert seen > 1000
    assert 0 < withheld < seen * 0.02


def test_gp_records_without_anything_sensitive_are_shown_whole(policy: SensitivityPolicy) -> None:
    found = [one for path in files("gpconnect-stu3/gp-systems") for one in verdicts(policy, resources(path))]
    assert len(found) > 1500
    assert all(shown for _, shown in found)


def test_a_comment_in_a_gp_record_is_read(policy: SensitivityPolicy) -> None:
    """As seen in a GP system's live record: no code, only a comment in the laboratory's words."""
    for path in files("gpconnect-stu3/gp-systems"):
        found = resources(path)
        observation = next((one for one in found if one["resourceType"] == "Observation"), None)
        if observation is not None:
            observation["comment"] = "(Test request : HIV Investigation)\n(Test request : Syphilis Serology)"
            assert not next(shown for one, shown in verdicts(policy, found) if one is observation)
            return
    pytest.fail("no GP record with an observation")


def test_uk_core_examples_are_shown(policy: SensitivityPolicy) -> None:
    found = [one for path in files("ukcore-r4/json") for one in verdicts(policy, resources(path))]
    assert len(found) > 100
    assert [one["id"] for one, shown in found if not shown] == []


def test_a_mental_health_crisis_plan_labelled_very_restricted_is_withheld(policy: SensitivityPolicy) -> None:
    for path in files("nrl-r4"):
        value = json.loads(path.read_bytes())
        labelled = '"V"' in json.dumps(value.get("securityLabel", []))
        assert isinstance(policy.judge(value), Withhold) is labelled


def test_inline_labels_withhold(policy: SensitivityPolicy) -> None:
    value = json.loads(shared_data("ds4p/extension-inline-sec-label-patient.json").read_bytes())
    assert isinstance(policy.judge(value), Withhold)
