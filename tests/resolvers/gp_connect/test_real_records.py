"""Records that real practice systems returned for NHS test patients: everything in them arrives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.sections import Section
from resolvers.record.allergies import Allergy
from resolvers.record.conditions import Condition, Significance
from resolvers.record.medications import Medication, PrescriptionType
from resolvers.record.results import ResultKind
from resolvers.record.results import TestResult as LabResult
from resolvers.record.status import SourceState
from resolvers.sources.gp_connect.parameters import STRUCTURED
from resolvers.sources.source import Answer
from tests.resolvers.gp_connect.practice import POLICY, asking, practice
from tests.resolvers.recorded import always
from tests.shared_data import ROOT, shared_data

FOLDER = "gpconnect-stu3/gp-systems"
NAMES = sorted(path.name for path in (ROOT / FOLDER).glob("*.json")) or ["absent.json"]
NORMAL = "correctPatientStructuredRecordResponseNormal.json"


class LetAllThrough:
    """A policy that withholds nothing, to count what adapters carry by themselves."""

    def sift(self, items: Any) -> list[Any]:
        from policies.decision import Show

        return [Show("test") for _ in items]


def resources(path: Path) -> list[dict[str, Any]]:
    """Every resource of the file, contained ones too, by plain JSON."""
    found: list[dict[str, Any]] = []
    waiting = [entry["resource"] for entry in json.loads(path.read_bytes())["entry"]]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += each.get("contained", [])
    return found


def of(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in found if each["resourceType"] == kind]


async def read(path: Path) -> Answer:
    person = next(each for each in of(resources(path), "Patient"))
    number = next(i["value"] for i in person["identifier"] if i["system"].endswith("/nhs-number"))
    source = practice(always(path.read_bytes()))  # noqa: ASYNC240
    return await source.ask(asking(*STRUCTURED, nhs_number=number), LetAllThrough())  # type: ignore[arg-type]


def words(concept: Any) -> set[tuple[str | None, str | None]]:
    return {(coding.system, coding.code) for coding in concept.codings}


def raw_words(concept: dict[str, Any]) -> set[tuple[str | None, str | None]]:
    return {(coding.get("system"), coding.get("code")) for coding in concept.get("coding", [])}


@pytest.mark.parametrize("name", NAMES)
async def test_every_allergy_arrives(name: str) -> None:
    path = shared_data(f"{FOLDER}/{name}")
    sent = of(resources(path), "AllergyIntolerance")
    got = [entry for entry in (await read(path))[Section.ALLERGIES].entries if isinstance(entry, Allergy)]
    assert len(got) == len(sent)
    expected = sorted(sorted(raw_words(each["code"])) for each in sent)
    assert sorted(sorted(words(entry.code)) for entry in got) == expected


@pytest.mark.parametrize("name", NAMES)
async def test_every_medicine_arrives_with_its_issues(name: str) -> None:
    path = shared_data(f"{FOLDER}/{name}")
    found = resources(path)
    sent = {each["id"]: each for each in of(found, "MedicationStatement")}
    medicines = {f"Medication/{each['id']}": each["code"] for each in of(found, "Medication")}
    orders = [each for each in of(found, "MedicationRequest") if each["intent"] == "order"]
    got = [entry for entry in (await read(path))[Section.MEDICATIONS].entries if isinstance(entry, Medication)]
    assert {entry.id.removeprefix("gp1:MedicationStatement/") for entry in got} == set(sent)
    for entry in got:
        source = sent[entry.id.removeprefix("gp1:MedicationStatement/")]
        assert entry.medicine is not None
        assert words(entry.medicine) == raw_words(medicines[source["medicationReference"]["reference"]])
        assert entry.start == source["effectivePeriod"]["start"]
        assert entry.status is not None
        plan = source["basedOn"][0]["reference"]
        assert len(entry.issues or ()) == sum(1 for order in orders if order["basedOn"][0]["reference"] == plan)
    assert sum(len(entry.issues or ()) for entry in got) == len(orders)


@pytest.mark.parametrize("name", NAMES)
async def test_every_problem_and_immunisation_arrives(name: str) -> None:
    path = shared_data(f"{FOLDER}/{name}")
    found = resources(path)
    answer = await read(path)
    problems = [entry for entry in answer[Section.CONDITIONS].entries if isinstance(entry, Condition)]
    assert len(problems) == len(of(found, "Condition"))
    assert all(entry.code and entry.status and entry.significance and entry.date for entry in problems)
    major = sum(1 for entry in problems if entry.significance is Significance.MAJOR)
    assert major == sum('"major"' in json.dumps(each) for each in of(found, "Condition"))
    assert len(answer[Section.IMMUNISATIONS].entries) == len(of(found, "Immunization"))


@pytest.mark.parametrize("name", NAMES)
async def test_every_measurement_and_report_arrives(name: str) -> None:
    path = shared_data(f"{FOLDER}/{name}")
    found = resources(path)
    got = [entry for entry in (await read(path))[Section.TEST_RESULTS].entries if isinstance(entry, LabResult)]
    ids = {entry.id for entry in got}
    for each in of(found, "Observation"):
        if any(key.startswith("value") or key == "component" for key in each):
            assert f"gp1:Observation/{each['id']}" in ids
    for each in of(found, "DiagnosticReport"):
        entry = next(entry for entry in got if entry.id == f"gp1:DiagnosticReport/{each['id']}")
        assert entry.kind is ResultKind.REPORT
        sent = {f"gp1:{r['reference']}" for r in each.get("result", [])}
        held = {f"gp1:Observation/{o['id']}" for o in of(found, "Observation")}
        assert set(entry.members or ()) == sent & held
        assert set(entry.members or ()) <= ids


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_in_a_real_record_is_unreadable(name: str) -> None:
    answer = await read(shared_data(f"{FOLDER}/{name}"))
    codes = {warning.code for each in answer.values() for warning in each.warnings}
    assert codes <= {"confidential-items", "data-in-transit", "data-awaiting-filing"}
    assert all(entry.recorded_by.organisation for each in answer.values() for entry in each.entries)


async def test_list_warnings_come_through_per_section() -> None:
    answer = await read(shared_data(f"{FOLDER}/EMISPatientStructurede2eResponsePWTP2.json"))
    allergies = answer[Section.ALLERGIES]
    assert [warning.code for warning in allergies.warnings] == ["data-in-transit"]
    assert "(before 23-Jun-2010)" in allergies.warnings[0].text
    assert allergies.status is SourceState.PARTIAL
    immunisations = answer[Section.IMMUNISATIONS]
    assert (immunisations.status, immunisations.entries) == (SourceState.PARTIAL, [])


async def test_no_content_recorded_is_empty_and_not_known_none() -> None:
    answer = await read(shared_data(f"{FOLDER}/EMISPatientStructurede2eResponsePWTP11.json"))
    assert answer[Section.ALLERGIES].status is SourceState.EMPTY
    assert not answer[Section.ALLERGIES].known_none


async def test_ended_allergy_inside_its_list_keeps_its_end() -> None:
    answer = await read(shared_data(f"{FOLDER}/{NORMAL}"))
    ended = next(e for e in answer[Section.ALLERGIES].entries if isinstance(e, Allergy) and e.end is not None)
    assert (ended.end, ended.end_reason) == ("2016-11-01T00:00:00+00:00", "Desensitised to Peanuts")
    assert ended.id == "gp1:AllergyIntolerance/1103671000000101.28"


async def test_repeat_prescription_shows_type_dose_supply_and_issues() -> None:
    answer = await read(shared_data(f"{FOLDER}/{NORMAL}"))
    entry = next(e for e in answer[Section.MEDICATIONS].entries if e.id == "gp1:MedicationStatement/1")
    assert isinstance(entry, Medication)
    assert entry.prescription_type is PrescriptionType.REPEAT
    assert (entry.dosage, entry.patient_instruction) == ("1 tablet once a day", "Take in the morning")
    assert (entry.quantity, entry.last_issued) == ("28", "2018-08-17")
    assert entry.issues
    assert entry.issues[0].date == max(issue.date or "" for issue in entry.issues)
    assert entry.recorded_by.role is not None


async def test_malformed_date_costs_its_field_only() -> None:
    path = shared_data("gpconnect-stu3/errors/malformedDateStructuredRecord.json")
    allergies = (await read(path))[Section.ALLERGIES]
    entry = next(e for e in allergies.entries if e.id == "gp1:AllergyIntolerance/29")
    assert isinstance(entry, Allergy)
    assert (entry.onset, entry.date) == (None, "1963-07-27T12:00:00+01:00")
    assert allergies.status is SourceState.PARTIAL
    assert [warning.code for warning in allergies.warnings] == ["invalid-value"]


async def test_record_without_a_patient_is_no_answer() -> None:
    path = shared_data("gpconnect-stu3/errors/malformedStructuredRecordMissingPatientResource.json")
    source = practice(always(path.read_bytes()))
    answer = await source.ask(asking(*STRUCTURED), LetAllThrough())  # type: ignore[arg-type]
    assert {(each.status, len(each.entries)) for each in answer.values()} == {(SourceState.UNAVAILABLE, 0)}


def planted(patient: str) -> list[dict[str, Any]]:
    """What a practice might hold beside all this: by code, by medicine, and by words of a comment alone."""
    subject, system = {"reference": patient}, "http://snomed.info/sct"
    problem = {"coding": [{"system": system, "code": "86406008", "display": "Human immunodeficiency virus infection"}]}
    name = "Efavirenz 600mg / Emtricitabine 200mg / Tenofovir disoproxil 245mg tablets"
    drug = {"coding": [{"system": system, "code": "12047711000001104", "display": name}]}
    test = {"coding": [{"system": system, "code": "396550006", "display": "Blood test"}]}
    medicine = {"medicationReference": {"reference": "Medication/planted-m"}, "subject": subject}
    plan = {"resourceType": "MedicationRequest", "id": "planted-p", "intent": "plan", "status": "active", **medicine}
    return [
        {"resourceType": "Condition", "id": "planted-c", "code": problem, "subject": subject, "onsetDateTime": "x"},
        {"resourceType": "Medication", "id": "planted-m", "code": drug},
        plan,
        plan | {"id": "planted-o", "intent": "order", "basedOn": [{"reference": "MedicationRequest/planted-p"}]},
        {
            "resourceType": "MedicationStatement",
            "id": "planted-s",
            "basedOn": [{"reference": "MedicationRequest/planted-p"}],
            "status": "active",
            "dosage": [{"text": "One at night"}],
            **medicine,
        },
        *(
            {
                "resourceType": "Observation",
                "id": f"planted-{number}",
                "status": "final",
                "code": test,
                "subject": subject,
                "valueQuantity": {"value": 1, "unit": "sample"},
                "comment": f"(Test request : {words})",
            }
            for number, words in enumerate(("HIV Investigation", "Syphilis Serology"))
        ),
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_sensitive_entries_beside_a_real_record_leave_no_trace(name: str) -> None:
    body = json.loads(shared_data(f"{FOLDER}/{name}").read_bytes())
    found = [entry["resource"] for entry in body["entry"]]
    [person] = of(found, "Patient")
    number = next(i["value"] for i in person["identifier"] if i["system"].endswith("/nhs-number"))
    ask = asking(*STRUCTURED, nhs_number=number)
    before = await practice(always(body)).ask(ask, POLICY)
    body["entry"] += [{"resource": each} for each in planted(f"Patient/{person['id']}")]
    assert repr(await practice(always(body)).ask(ask, POLICY)) == repr(before)
    everything = await practice(always(body)).ask(ask, LetAllThrough())  # type: ignore[arg-type]
    ids = {entry.id.partition("/")[2] for each in everything.values() for entry in each.entries}
    assert {"planted-c", "planted-s", "planted-0", "planted-1"} <= ids
