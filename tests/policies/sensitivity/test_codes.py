from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies.files import PACKAGED
from policies.sensitivity.gate import SensitivityOptions, SensitivityPolicy
from tests.policies.sensitivity.judging import concept, is_withheld
from tests.shared_data import shared_data


def listed() -> Iterator[tuple[str, str]]:
    """Every (system, code) of the public lists but those left out with a reason; of a range, its first code."""
    with (PACKAGED / "sensitivity/left_out.csv").open() as file:
        left_out = {(row["system"], row["code"]) for row in csv.DictReader(file)}
    with shared_data("sensitive.csv").open() as file:
        for row in csv.DictReader(file):
            if (row["system"], row["code"]) not in left_out:
                yield row["system"], row["code"].split("-")[0] if row["kind"].endswith("range") else row["code"]


CHANNELS: dict[str, Any] = {
    "code": lambda coding: {"resourceType": "Condition", "code": {"coding": [coding]}},
    "second coding": lambda coding: {"code": {"coding": [{"system": "urn:x", "code": "x"}, coding]}},
    "contained": lambda coding: {"contained": [{"resourceType": "Medication", "code": {"coding": [coding]}}]},
    "extension": lambda coding: {"extension": [{"url": "urn:x", "valueCodeableConcept": {"coding": [coding]}}]},
    "component value": lambda coding: {"component": [{"valueCodeableConcept": {"coding": [coding]}}]},
    "performer's specialty": lambda coding: {"contained": [{"specialty": [{"coding": [coding]}]}]},
    "partner's object": lambda coding: {"falls": [{"cause": coding}]},
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_listed_code_is_withheld(policy: SensitivityPolicy, channel: str) -> None:
    place = CHANNELS[channel]
    shown = [one for one in listed() if not is_withheld(policy, place({"system": one[0], "code": one[1]}))]
    assert shown == []


def test_the_public_lists_are_not_empty() -> None:
    assert len(list(listed())) > 4000


def test_a_code_needs_its_own_system(policy: SensitivityPolicy) -> None:
    assert is_withheld(policy, concept("360", system="https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCode"))
    assert not is_withheld(policy, concept("360", system="http://loinc.org"))
    assert not is_withheld(policy, {"code": "360"})


@pytest.mark.parametrize(
    "system", ["urn:oid:2.16.840.1.113883.6.96", "http://snomed.info/sct/83821000000107", "SNOMED-CT"]
)
def test_snomed_is_known_by_all_its_names(policy: SensitivityPolicy, system: str) -> None:
    assert is_withheld(policy, concept("62479008", system=system))


def test_dmd_codes_are_snomed_codes(policy: SensitivityPolicy) -> None:
    assert is_withheld(policy, concept("39485211000001101", system="https://dmd.nhs.uk"))


@pytest.mark.parametrize("code", ["A788.", "A788", "A788.00", "A788.11", "R2_A788.", "R2_A788.00"])
def test_a_read_code_is_known_in_every_spelling(policy: SensitivityPolicy, code: str) -> None:
    assert is_withheld(policy, concept(code, system="http://read.info/readv2"))


def test_a_read_code_of_other_case_is_another_code(policy: SensitivityPolicy) -> None:
    assert is_withheld(policy, concept("13HQ.", system="http://read.info/readv2"))
    assert not is_withheld(policy, concept("13hQ.", system="http://read.info/readv2"))


@pytest.mark.parametrize("code", ["B24", "B24X", "B20.1", "B201", "b20.1", "A51.0", "A510", "Z21X", "F02.4"])
def test_icd10_is_known_with_and_without_dot_and_filler(policy: SensitivityPolicy, code: str) -> None:
    assert is_withheld(policy, concept(code, system="http://hl7.org/fhir/sid/icd-10"))


@pytest.mark.parametrize("code", ["B19.9", "A65", "F02.3", "O98.4"])
def test_icd10_neighbours_are_shown(policy: SensitivityPolicy, code: str) -> None:
    assert not is_withheld(policy, concept(code, system="http://hl7.org/fhir/sid/icd-10"))


@pytest.mark.parametrize(
    "code",
    ["86406008:246112005=24484000", "86406008 |HIV infection|", " 86406008 ", "http://snomed.info/id/86406008"],
)
def test_an_expression_reveals_its_concepts(policy: SensitivityPolicy, code: str) -> None:
    assert is_withheld(policy, concept(code))


def test_a_snomed_code_counts_without_its_system_or_under_a_wrong_one(policy: SensitivityPolicy) -> None:
    assert is_withheld(policy, {"code": "86406008"})
    assert is_withheld(policy, concept("1626321000006103", system="https://EMISWeb/A82038"))
    assert is_withheld(policy, {"snomedCode": 86406008})


def test_a_property_named_after_a_system_holds_its_codes(policy: SensitivityPolicy) -> None:
    assert is_withheld(policy, {"icd10Code": "B24"})
    assert is_withheld(policy, {"treatmentFunctionCode": 360})
    assert not is_withheld(policy, {"bedCode": "B24"})


def test_digits_within_an_identifier_are_no_code(policy: SensitivityPolicy) -> None:
    assert not is_withheld(policy, {"identifier": [{"system": "urn:local", "value": "86406008"}]})
    assert not is_withheld(policy, {"id": "86406008", "subject": {"reference": "Patient/86406008"}})
    assert not is_withheld(policy, {"id": "a86406008b"})


@pytest.mark.parametrize("code", ["R", "V", "HIV", "STD", "SDV", "SEX", "PRS", "OPTOUT", "SSP", "LOCIS"])
def test_a_label_withholds_without_any_code(policy: SensitivityPolicy, code: str) -> None:
    for system in (
        "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        "http://hl7.org/fhir/v3/ActCode",
        "urn:oid:2.16.840.1.113883.5.25",
        "https://example.nhs.uk/CodeSystem/ncl-sensitivity",
    ):
        assert is_withheld(policy, {"meta": {"security": [{"system": system, "code": code}]}})
    assert is_withheld(policy, {"securityLabel": [{"coding": [{"code": code}]}]})


@pytest.mark.parametrize("code", ["N", "U", "L", "M", "PSY", "AMB", "IMPLIEDD"])
def test_other_labels_withhold_nothing(policy: SensitivityPolicy, code: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    assert not is_withheld(policy, {"meta": {"security": [{"system": system, "code": code}]}})


def test_a_composition_may_be_confidential_by_a_bare_code(policy: SensitivityPolicy) -> None:
    assert is_withheld(policy, {"resourceType": "Composition", "confidentiality": "R"})
    assert not is_withheld(policy, {"resourceType": "Composition", "confidentiality": "N"})


def test_the_table_holds_no_display_terms() -> None:
    with (PACKAGED / "sensitivity/codes.csv").open() as file:
        assert csv.DictReader(file).fieldnames == ["system", "code", "category", "source"]


def test_no_code_comes_from_a_non_commercial_list() -> None:
    with shared_data("sensitive.csv").open() as file:
        rows = list(csv.DictReader(file))
    tainted = {r["code"] for r in rows if "HIV DAK" in r["source"]} - {
        r["code"] for r in rows if "HIV DAK" not in r["source"]
    }
    with (PACKAGED / "sensitivity/codes.csv").open() as file:
        assert tainted
        assert not tainted & {row["code"] for row in csv.DictReader(file)}


def test_a_deployment_lists_an_organisation_by_its_ods_code(tmp_path: Path) -> None:
    folder = tmp_path / "sensitivity"
    folder.mkdir()
    packaged = (PACKAGED / "sensitivity/codes.csv").read_text()
    (folder / "codes.csv").write_text(packaged + "ods,X99XX,criminal,the deployment\n")
    own = SensitivityPolicy.load(SensitivityOptions(directory=tmp_path))
    performer = {
        "identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "X99XX"},
    }
    assert is_withheld(own, {"performer": [performer]})
