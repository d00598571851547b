"""Stays, appointments and results, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from policies.sections import Section
from resolvers.record import results
from resolvers.record.appointments import Appointment, AppointmentStatus
from resolvers.record.results import ResultKind, ResultStatus
from resolvers.record.stays import HospitalStay, StayKind, StayStatus
from resolvers.record.values import CodeableConcept, Organisation, Quantity
from resolvers.sources.fhir_r4 import bundle, values
from tests.resolvers.fhir_r4.kit import UKCORE, meant, of, one, part, shared, status
from tests.resolvers.fhir_r4.server import (
    Json,
    codes,
    observation,
    snomed,
)


def _stay(**more: Any) -> Json:
    return of(
        "Encounter",
        status="finished",
        **{"class": {"code": "IMP"}},
        type=[snomed("1", "Ward stay")],
        serviceType=snomed("2", "Cardiology"),
        period={"start": "2024-01-01", "end": "2024-01-05"},
        reasonReference=[{"reference": "Condition/c1"}],
        diagnosis=[{"condition": {"reference": "Condition/c1"}}, {"condition": {"reference": "Condition/gone"}}],
        hospitalization={
            "extension": [{"url": f"{UKCORE}AdmissionMethod", "valueCodeableConcept": snomed("3", "Emergency")}],
            "dischargeDisposition": snomed("4", "Home"),
        },
        extension=[{"url": f"{UKCORE}DischargeMethod", "valueCodeableConcept": snomed("5", "On advice")}],
        location=[{"location": {"reference": "Location/l1", "display": "never shown"}}],
        serviceProvider={"reference": "Organization/o1"},
        **more,
    )


def _summary(**more: Any) -> Json:
    inner = {
        "title": "Inside",
        "text": {"status": "x", "div": "<div><table><tr><td>a</td><td>b</td></tr></table></div>"},
    }
    section = {
        "title": "Plan",
        "text": {"div": "<div><p>Rest &amp; walk</p><script>x()</script>daily</div>"},
        "section": [inner],
    }
    said = {
        "type": snomed("373942005", "Discharge summary"),
        "title": "Discharge",
        "date": "2024-01-05",
        "status": "final",
    }
    return of("Composition", encounter={"reference": "Encounter/1"}, section=[section], **{**said, **more})


def test_a_stay_is_read_whole() -> None:
    others = [
        of("Condition", code=snomed("9", "Infarct")) | {"id": "c1"},
        shared("Location", "l1", name="Ward 7"),
        shared("Organization", "o1", name="Barnet Hospital"),
    ]
    entry: HospitalStay = one(Section.HOSPITAL_STAYS, _stay(), _summary(), *others)
    assert (entry.status, entry.kind) == (StayStatus.FINISHED, StayKind.INPATIENT)
    assert (entry.date, entry.admitted, entry.discharged) == ("2024-01-01", "2024-01-01", "2024-01-05")
    assert (entry.types, entry.specialty) == ([meant("1", "Ward stay")], meant("2", "Cardiology"))
    assert (entry.admission_method, entry.discharge_method) == (meant("3", "Emergency"), meant("5", "On advice"))
    assert (entry.discharge_destination, entry.ward) == (meant("4", "Home"), "Ward 7")
    assert entry.reasons == entry.diagnoses == [meant("9", "Infarct")]
    assert entry.recorded_by.organisation == Organisation(name="Barnet Hospital")
    summary = entry.discharge_summary
    assert summary is not None
    assert (summary.title, summary.date, summary.status) == ("Discharge", "2024-01-05", "final")
    assert [(each.heading, each.text) for each in summary.sections] == [
        ("Plan", "Rest & walk\ndaily"),
        ("Inside", "a b"),
    ]


def test_a_summary_without_its_stay_is_not_lost() -> None:
    entry: HospitalStay = one(Section.HOSPITAL_STAYS, _summary())
    assert (entry.id, entry.date, entry.discharge_summary is not None) == ("rfl:Composition/1", "2024-01-05", True)


def test_other_documents_are_no_discharge_summary() -> None:
    letter = _summary(type={"text": "Clinic letter"})
    assert one(Section.HOSPITAL_STAYS, _stay(), letter).discharge_summary is None


def test_an_appointment_is_read_whole() -> None:
    source: Json = shared(
        "Appointment",
        "1",
        status="booked",
        start="2026-12-01T09:00:00Z",
        end="2026-12-01T09:20:00Z",
        minutesDuration=20,
        serviceType=[snomed("1", "Orthopaedics")],
        specialty=[snomed("110", "Trauma")],
        appointmentType=snomed("2", "Follow-up"),
        reasonCode=[snomed("3", "Pain")],
        description="Knee",
        patientInstruction="Bring shoes",
        extension=[{"url": f"{UKCORE}DeliveryChannel", "valueCodeableConcept": {"coding": [{"code": "In-person"}]}}],
        participant=[
            {"actor": {"reference": "Patient/p1", "display": "Never Shown"}},
            {"actor": {"reference": "Practitioner/d1", "display": "Never Shown"}},
            {"actor": {"reference": "PractitionerRole/r1"}},
            {"actor": {"reference": "Location/l1"}},
            {"actor": {"reference": "HealthcareService/h1", "display": "Never Shown"}},
        ],
    )
    others = [
        shared(
            "Practitioner",
            "d1",
            name=[{"use": "old", "text": "X"}, {"prefix": ["Dr"], "given": ["Sandra"], "family": "Gose"}],
        ),
        shared("PractitionerRole", "r1", code=[snomed("5", "Nurse")]),
        shared("Location", "l1", name="Clinic 3"),
    ]
    entry: Appointment = one(Section.APPOINTMENTS, source, *others)
    assert (entry.status, entry.start, entry.end) == (
        AppointmentStatus.BOOKED,
        "2026-12-01T09:00:00Z",
        "2026-12-01T09:20:00Z",
    )
    assert (entry.date, entry.minutes, entry.kind) == (entry.start, 20, meant("2", "Follow-up"))
    assert (entry.service, entry.specialty) == (meant("1", "Orthopaedics"), meant("110", "Trauma"))
    assert (entry.reasons, entry.description, entry.channel) == ([meant("3", "Pain")], "Knee", "In-person")
    assert (entry.location, entry.with_roles) == ("Clinic 3", ["Dr Sandra Gose", "Nurse"])
    assert entry.patient_instruction == "Bring shoes"
    assert entry.recorded_by.role == "Nurse"


def test_an_observation_is_read_whole() -> None:
    source = observation(
        "1",
        category=[status("laboratory")],
        effectiveDateTime="2024-02-03T10:00:00+00:00",
        issued="2024-02-03T12:00:00Z",
        valueQuantity={"value": 7.10, "comparator": "<", "unit": "mmol/L"},
        interpretation=[{"text": "High"}, {"coding": [{"code": "A"}]}],
        referenceRange=[{"low": {"value": 3.5, "unit": "mmol/L"}, "high": {"value": 5.3, "unit": "mmol/L"}}],
        component=[{"code": {"text": "Part"}, "valueInteger": 3}],
        specimen={"reference": "Specimen/s1"},
        note=[{"text": "Repeat"}],
    )
    entry: results.TestResult = one(Section.TEST_RESULTS, source, of("Specimen", type={"text": "Blood"}) | {"id": "s1"})
    assert (entry.kind, entry.status, entry.categories) == (ResultKind.OBSERVATION, ResultStatus.FINAL, ["laboratory"])
    assert (entry.date, entry.issued) == ("2024-02-03T10:00:00+00:00", "2024-02-03T12:00:00Z")
    assert (entry.value, entry.quantity) == ("< 7.1 mmol/L", Quantity(value=7.1, comparator="<", unit="mmol/L"))
    assert (entry.interpretation, entry.reference_range) == ("High, A", "3.5 mmol/L - 5.3 mmol/L")
    assert (entry.specimen, entry.note) == ("Blood", "Repeat")
    assert [(each.code, each.value) for each in entry.components] == [(CodeableConcept(text="Part", codings=[]), "3")]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"valueString": "clear"}, "clear"),
        ({"valueBoolean": False}, "no"),
        ({"valueInteger": 0}, "0"),
        ({"valueCodeableConcept": {"coding": [{"display": "Positive"}]}}, "Positive"),
        ({"valueRange": {"high": {"value": 5, "unit": "mg"}}}, "up to 5 mg"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "1 / 128"),
        ({"valueTime": "10:00:00"}, "10:00:00"),
        ({"valueDateTime": "2024"}, "2024"),
        ({"valuePeriod": {"start": "2024", "end": "2025"}}, "2024 to 2025"),
        ({"valueQuantity": {"value": 0, "code": "mm"}}, "0 mm"),
        ({}, None),
    ],
)
def test_every_kind_of_value_is_said_in_words(value: Json, said: str | None) -> None:
    assert one(Section.TEST_RESULTS, observation("1", **value)).value == said


def test_the_precision_of_a_number_is_kept() -> None:
    resource, _ = bundle.one(b'{"resourceType":"Observation","id":"1","valueQuantity":{"value":7.10,"unit":"mmol/L"}}')
    assert values.amount(resource.value_quantity) == "7.10 mmol/L"  # type: ignore[union-attr]


@pytest.mark.parametrize("number", ["12", "high", True, {"a": 1}, None])
def test_a_quantity_that_is_no_number_is_left_out_and_told(number: Any) -> None:
    found = part(Section.TEST_RESULTS, observation("1", valueQuantity={"value": number}))
    (entry,) = found.entries
    assert isinstance(entry, results.TestResult)
    assert (entry.value, entry.quantity, codes(found)) == (None, None, ["invalid-value"])


def test_a_report_names_only_results_that_are_here() -> None:
    report = of(
        "DiagnosticReport",
        status="appended",
        category=[status("LAB")],
        code=snomed("1", "Full blood count"),
        effectivePeriod={"start": "2024-01"},
        conclusion="Normal",
        result=[{"reference": f"Observation/{each}"} for each in ("kept", "withheld", "never", "wrong")]
        + [{"reference": "#in"}],
        contained=[{"resourceType": "Observation", "id": "in", "code": {"text": "Inside"}, "valueString": "ok"}],
    )
    rows = [observation("kept"), observation("withheld"), observation("wrong", status="entered-in-error")]
    found = part(Section.TEST_RESULTS, report, *rows, withheld=("Observation/withheld",))
    assert [entry.id for entry in found.entries] == ["rfl:Observation/kept", "rfl:DiagnosticReport/1"]
    entry = found.entries[-1]
    assert isinstance(entry, results.TestResult)
    assert (entry.kind, entry.status, entry.date) == (ResultKind.REPORT, ResultStatus.AMENDED, "2024-01")
    assert (entry.members, entry.conclusion) == (["rfl:Observation/kept"], "Normal")
    assert [each.value for each in entry.components] == ["ok"]
