"""Public example records through the whole adapter: what is in them arrives, what is sensitive does not.

What should arrive is counted from the JSON itself, by none of the adapter's code.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from policies.decision import Show
from policies.sections import Section
from policies.sensitivity.gate import SensitivityPolicy
from resolvers.record.status import SourceState
from resolvers.record.values import Entry
from resolvers.sources.source import Answer
from tests.resolvers.fhir_r4.server import NUMBER, Everything, FhirServer, Json, answer, patient
from tests.shared_data import shared_data

NHS_NUMBERS = re.compile(r'"9[0-9]{9}"')
PATIENTLESS = {"Medication", "Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService"}
MEDICINES = ("MedicationRequest", "MedicationStatement")


KINDS = {
    Section.CONDITIONS: ("Condition",),
    Section.HOSPITAL_STAYS: ("Encounter",),
    Section.TEST_RESULTS: ("Observation", "DiagnosticReport"),
    Section.IMMUNISATIONS: ("Immunization",),
    Section.PROCEDURES: ("Procedure",),
    Section.DOCUMENTS: ("DocumentReference",),
    Section.ALERTS: ("Flag",),
    Section.CARE_PLANS: ("CarePlan",),
}


@cache
def gate() -> SensitivityPolicy:
    return SensitivityPolicy.load()


def _folder(name: str) -> list[Path]:
    return sorted(shared_data(name).rglob("*.json"))


def _loaded(file: Path) -> list[Json]:
    """The resources of a file, as a server holds them after it was posted there: URNs become local references."""
    text = NHS_NUMBERS.sub(f'"{NUMBER}"', file.read_text())
    whole = json.loads(text)
    if whole["resourceType"] != "Bundle":
        return [whole]
    for entry in whole.get("entry", []):
        resource, url = entry.get("resource"), entry.get("fullUrl", "")
        if resource and url.startswith("urn:uuid:"):
            local = resource.get("id", url.removeprefix("urn:uuid:"))
            text = text.replace(f'"{url}"', f'"{resource["resourceType"]}/{local}"')
    resources = [entry["resource"] for entry in json.loads(text).get("entry", []) if "resource" in entry]
    for place, resource in enumerate(resources):
        resource.setdefault("id", f"{file.stem}.{place}")
    return resources


def _owner(resource: Json) -> str | None:
    link = resource.get("patient") or resource.get("subject") or {}
    reference = link.get("reference", "") if isinstance(link, dict) else ""
    return reference.removeprefix("Patient/") if reference.startswith("Patient/") and "/" not in reference[8:] else None


def _in_error(resource: Json) -> bool:
    verification = resource.get("verificationStatus", {}).get("coding", [{}])[0].get("code")
    return "entered-in-error" in (resource.get("status"), verification)


@dataclass(frozen=True)
class Asked:
    """One person of a set of examples: what the JSON says is theirs, all that is known, and what was answered."""

    theirs: list[Json]
    known: list[Json]
    whole: Answer
    gated: Answer


@cache
def asked(name: str) -> list[Asked]:
    """Every person of whom something is recorded, asked once without policy and once with it."""
    return [each for resources in _resources(name) for each in _people(resources)]


def _people(resources: list[Json]) -> Iterator[Asked]:
    unique = {(each["resourceType"], each["id"]): each for each in resources if each["resourceType"] != "Patient"}
    for owner in sorted({owner for each in unique.values() if (owner := _owner(each))}):
        theirs = [each for each in unique.values() if _owner(each) == owner]
        shared = [each for each in unique.values() if each["resourceType"] in PATIENTLESS]
        server = FhirServer([patient(owner), *theirs, *shared])
        whole = asyncio.run(answer(server, policy=Everything()))
        yield Asked(theirs, [*theirs, *shared], whole, asyncio.run(answer(server, policy=gate())))


def _ids(entries: list[Entry]) -> set[str]:
    return {str(entry.id).removeprefix("rfl:") for entry in entries}


def _keys(resources: list[Json], *kinds: str) -> set[str]:
    return {
        f"{each['resourceType']}/{each['id']}"
        for each in resources
        if each["resourceType"] in kinds and not _in_error(each)
    }


def _sets() -> dict[str, str]:
    return {"ukcore": "ukcore-r4/json", "synthea": "synthea-r4", "hl7": "fhir-r4-examples"}


def _resources(name: str) -> list[list[Json]]:
    """One list per person's file for Synthea, one for all files where they refer to each other."""
    files = _folder(_sets()[name])
    if name == "synthea":
        return [_loaded(file) for file in files]
    return [[resource for file in files for resource in _loaded(file)]]


@pytest.mark.parametrize(
    ("name", "people", "allergies", "medicines"), [("ukcore", 3, 7, 9), ("synthea", 14, 17, 60), ("hl7", 20, 6, 17)]
)
def test_every_allergy_and_medicine_arrives(name: str, people: int, allergies: int, medicines: int) -> None:
    assert len(asked(name)) == people
    for each in asked(name):
        assert _ids(each.whole[Section.ALLERGIES].entries) == _keys(each.theirs, "AllergyIntolerance")
        assert _ids(each.whole[Section.MEDICATIONS].entries) == _keys(each.theirs, *MEDICINES)
    assert sum(len(each.whole[Section.ALLERGIES].entries) for each in asked(name)) == allergies
    assert sum(len(each.whole[Section.MEDICATIONS].entries) for each in asked(name)) == medicines


@pytest.mark.parametrize("name", ["ukcore", "synthea", "hl7"])
def test_every_medicine_and_allergy_says_what_it_is(name: str) -> None:
    for each in asked(name):
        unnamed = [entry for entry in each.whole[Section.MEDICATIONS].entries if entry.medicine is None]  # type: ignore[attr-defined]
        unnamed += [entry for entry in each.whole[Section.ALLERGIES].entries if entry.code is None]  # type: ignore[attr-defined]
        assert _ids(unnamed) == _nameless(each.theirs, each.known)


@pytest.mark.parametrize(("name", "some"), [("ukcore", False), ("synthea", True), ("hl7", True)])
def test_nothing_that_policy_calls_sensitive_arrives(name: str, some: bool) -> None:
    withheld = 0
    for each in asked(name):
        judged = {
            f"{one['resourceType']}/{one['id']}": gate().judge_raw(msgspec.json.encode(one)) for one in each.theirs
        }
        sensitive = {key for key, decision in judged.items() if not isinstance(decision, Show)}
        shown = {key.partition("#")[0] for part in each.gated.values() for key in _ids(part.entries)}
        assert not shown & sensitive
        _assert_innocent(each.gated)
        withheld += len(sensitive)
    assert (withheld > 0) is some


@pytest.mark.parametrize("name", ["ukcore", "synthea"])
def test_well_formed_records_are_read_without_a_complaint(name: str) -> None:
    for each in asked(name):
        for section, part in each.whole.items():
            assert part.warnings == [], section
            assert part.status in (SourceState.ANSWERED, SourceState.EMPTY), section


@pytest.mark.parametrize("name", ["ukcore", "synthea"])
def test_every_other_section_arrives_whole(name: str) -> None:
    for each in asked(name):
        for section, kinds in KINDS.items():
            entries = {key for key in _ids(each.whole[section].entries) if not key.startswith("Composition/")}
            assert entries == _keys(each.theirs, *kinds), section


def _nameless(theirs: list[Json], resources: list[Json]) -> set[str]:
    """Entries that say nowhere what they are about: no code, and no Medication that has one."""
    known = {f"{each['resourceType']}/{each['id']}": each for each in resources}
    nameless = set()
    for each in theirs:
        if each["resourceType"] not in (*MEDICINES, "AllergyIntolerance") or _in_error(each):
            continue
        local = {f"#{inner.get('id')}": inner for inner in each.get("contained", [])}
        target = (each.get("medicationReference") or {}).get("reference")
        medication = known.get(target) or local.get(target) or {}
        if not (each.get("code") or each.get("medicationCodeableConcept") or medication.get("code")):
            nameless.add(f"{each['resourceType']}/{each['id']}")
    return nameless


def _assert_innocent(found: Answer) -> None:
    """Whatever is shown is innocent as it is shown, wherever it came from."""
    for part in found.values():
        for entry in part.entries:
            shown: Any = msgspec.to_builtins(entry)
            assert isinstance(gate().judge(shown), Show), entry.id
