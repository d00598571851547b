"""Whatever a server puts in place of a value, the rest of the answer stands."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.sections import Section
from resolvers.record.values import Entry
from resolvers.sources.fhir.dates import is_fhir_date
from resolvers.sources.fhir_r4 import bundle, lenient
from resolvers.sources.fhir_r4.resources import KINDS
from tests.resolvers.fhir_r4.kit import UKCORE, of, shared, status
from tests.resolvers.fhir_r4.server import FhirServer, Json, allergy, answer, observation, patient, snomed

NOTE = [{"text": "A note", "time": "2024"}]
PERIOD = {"start": "2024-01-01", "end": "2024-02"}
WHO = {"reference": "PractitionerRole/r", "display": "x"}
RICH: dict[Section, Json] = {
    Section.ALLERGIES: allergy(
        "1",
        clinicalStatus=status("active"),
        category=["food"],
        recordedDate="2024",
        recorder=WHO,
        note=NOTE,
        reaction=[{"manifestation": [snomed("1", "Rash")], "severity": "mild"}],
    ),
    Section.MEDICATIONS: of(
        "MedicationRequest",
        contained=[shared("Medication", "m", code=snomed("1", "Ramipril"))],
        medicationReference={"reference": "#m"},
        dosageInstruction=[{"text": "x", "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}]}],
        dispenseRequest={"quantity": {"value": 28}},
    ),
    Section.CONDITIONS: of(
        "Condition",
        code=snomed("1", "x"),
        onsetPeriod=PERIOD,
        extension=[{"url": f"{UKCORE}ProblemSignificance", "valueCode": "major"}],
    ),
    Section.HOSPITAL_STAYS: of("Encounter", period=PERIOD, **{"class": {"code": "IMP"}}, type=[snomed("1", "x")]),
    Section.TEST_RESULTS: observation(
        "1",
        valueQuantity={"value": 7, "unit": "mg"},
        referenceRange=[{"low": {"value": 1}, "text": "x"}],
        component=[{"code": snomed("1", "x"), "valueRatio": {"numerator": {"value": 1}}}],
    ),
    Section.IMMUNISATIONS: of("Immunization", protocolApplied=[{"doseNumberPositiveInt": 1}], lotNumber="x"),
    Section.PROCEDURES: of("Procedure", performedPeriod=PERIOD, complication=[snomed("1", "x")]),
    Section.DOCUMENTS: of("DocumentReference", content=[{"attachment": {"title": "x", "size": 5, "creation": "2024"}}]),
    Section.ALERTS: of("Flag", code=snomed("1", "x"), period=PERIOD),
    Section.CARE_PLANS: of("CarePlan", activity=[{"detail": {"code": snomed("1", "x")}}], period=PERIOD),
    Section.CARE_TEAM: of("CareTeam", name="x", participant=[{"role": [snomed("1", "x")], "member": WHO}]),
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("2024-02-30"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [deeper for key, child in children for deeper in _paths(child, (*path, key))]


def _put(value: Json, path: tuple[Any, ...], new: Any) -> Json:
    changed = copy.deepcopy(value)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


CHANGES = [
    (section, path)
    for section, resource in RICH.items()
    for path in _paths(resource)
    if path[0] not in ("resourceType", "id", "patient", "subject")
]


@settings(deadline=None, max_examples=400)
@given(change=st.sampled_from(CHANGES), new=JSON)
def test_one_changed_value_costs_no_other_entry(change: tuple[Section, tuple[Any, ...]], new: Any) -> None:
    section, path = change
    good = {**RICH[section], "id": "good"}
    server = FhirServer([patient(), _put(RICH[section], path, new), good], ignores_patient=True)
    found = asyncio.run(answer(server, section, capabilities=False))[section]
    assert any("/good" in str(entry.id) for entry in found.entries)
    for entry in found.entries:
        msgspec.json.encode(entry)  # what was read can be written
    _assert_dates(found.entries)


def _assert_dates(entries: list[Entry]) -> None:
    for entry in entries:
        assert entry.date is None or is_fhir_date(entry.date)


@settings(deadline=None)
@given(raw=st.binary(max_size=60) | JSON.map(msgspec.json.encode))
def test_anything_may_stand_in_place_of_a_resource(raw: bytes) -> None:
    resource, lost = bundle.one(raw)
    assert resource is None or lost == () or type(resource).__name__ in KINDS


def test_only_the_wrong_parts_are_lost() -> None:
    raw = (
        b'{"resourceType":"AllergyIntolerance","id":"1","code":{"text":"Latex","coding":[{"system":5,"code":"1"}]},'
        b'"category":["food",7],"reaction":[{"severity":1,"description":"Rash"},"x"],"note":"none","type":"allergy"}'
    )
    resource, lost = lenient.decode(raw)
    assert set(lost) == {
        "AllergyIntolerance.code.coding.system",
        "AllergyIntolerance.category",
        "AllergyIntolerance.reaction.severity",
        "AllergyIntolerance.reaction",
        "AllergyIntolerance.note",
    }
    kept: Any = resource
    assert (kept.id, kept.type, kept.category) == ("1", "allergy", ("food",))
    assert (kept.code.text, kept.code.codings[0].code, kept.reaction[0].description) == ("Latex", "1", "Rash")


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("2024", True),
        ("2024-02", True),
        ("2024-02-29", True),
        ("2023-02-29", False),
        ("2024-13", False),
        ("2024-2-1", False),
        ("20240201", False),
        ("2024-W05-1", False),
        ("2024-02-01T10:00:00Z", True),
        ("2024-02-01T10:00:00.123456789+01:00", True),
        ("2024-02-01T23:59:60Z", True),
        ("2024-02-01T24:00:00Z", False),
        ("2024-02-01 10:00:00Z", False),
        ("0000", False),
        ("x", False),
        ("", False),
    ],
)
def test_a_fhir_date_is_a_day_that_exists(value: str, valid: bool) -> None:
    assert is_fhir_date(value) is valid
