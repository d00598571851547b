"""Immunisations, procedures, documents, alerts, plans and people, field by field."""

from __future__ import annotations

from policies.sections import Section
from resolvers.record.alerts import Alert, AlertStatus
from resolvers.record.documents import Document
from resolvers.record.immunisations import Immunisation, ImmunisationStatus
from resolvers.record.plans import CarePlan, CarePlanStatus
from resolvers.record.procedures import Procedure, ProcedureStatus
from resolvers.record.team import CareTeamMember, ContactKind
from resolvers.record.values import CodeableConcept, Organisation, Period
from tests.resolvers.fhir_r4.kit import meant, of, one, part, shared
from tests.resolvers.fhir_r4.server import (
    snomed,
)


def test_an_immunisation_is_read_whole() -> None:
    source = of(
        "Immunization",
        status="not-done",
        statusReason={"text": "Fever"},
        vaccineCode=snomed("1", "Influenza vaccine"),
        occurrenceDateTime="2023-10-01",
        lotNumber="AB1",
        expirationDate="2024-01",
        manufacturer={"reference": "Organization/o1"},
        site=snomed("2", "Left arm"),
        route=snomed("3", "Intramuscular"),
        reasonCode=[snomed("4", "Age")],
        protocolApplied=[{"series": "Winter", "doseNumberPositiveInt": 1, "seriesDosesPositiveInt": 2}],
    )
    entry: Immunisation = one(Section.IMMUNISATIONS, source, shared("Organization", "o1", name="Maker"))
    assert (entry.vaccine, entry.status) == (meant("1", "Influenza vaccine"), ImmunisationStatus.NOT_DONE)
    assert (entry.not_given_reason, entry.dose, entry.batch) == ("Fever", "1 of 2 (Winter)", "AB1")
    assert (entry.date, entry.expiry, entry.manufacturer) == ("2023-10-01", "2024-01", "Maker")
    assert (entry.site, entry.route, entry.reasons) == (
        meant("2", "Left arm"),
        meant("3", "Intramuscular"),
        [meant("4", "Age")],
    )


def test_a_procedure_is_read_whole() -> None:
    source = of(
        "Procedure",
        status="completed",
        code=snomed("1", "Hip replacement"),
        performedPeriod={"start": "2022-01-01", "end": "2022-01-02"},
        reasonCode=[snomed("2", "Arthritis")],
        bodySite=[snomed("3", "Hip")],
        outcome=snomed("4", "Good"),
        complication=[snomed("5", "None")],
    )
    entry: Procedure = one(Section.PROCEDURES, source)
    assert (entry.code, entry.status) == (meant("1", "Hip replacement"), ProcedureStatus.COMPLETED)
    assert (entry.date, entry.performed) == ("2022-01-01", Period(start="2022-01-01", end="2022-01-02"))  # type: ignore[arg-type]
    assert (entry.reasons, entry.body_sites) == ([meant("2", "Arthritis")], [meant("3", "Hip")])
    assert (entry.outcome, entry.complications) == (meant("4", "Good"), [meant("5", "None")])


def test_a_document_is_read_without_its_content() -> None:
    file = {
        "contentType": "application/pdf",
        "title": "Letter",
        "creation": "2024",
        "size": 14200,
        "data": "c2VjcmV0",
        "url": "Binary/9",
    }
    source = of(
        "DocumentReference",
        status="current",
        type=snomed("1", "Letter"),
        category=[snomed("2", "Outpatient")],
        date="2024-05-01T00:00:00Z",
        description="Clinic",
        content=[{"attachment": file}],
        context={"practiceSetting": snomed("3", "Cardiology")},
    )
    entry: Document = one(Section.DOCUMENTS, source)
    assert (entry.kind, entry.categories, entry.setting) == (
        meant("1", "Letter"),
        [meant("2", "Outpatient")],
        meant("3", "Cardiology"),
    )
    assert (entry.title, entry.description, entry.status) == ("Letter", "Clinic", "current")
    assert (entry.date, entry.created, entry.content_type) == ("2024-05-01T00:00:00Z", "2024", "application/pdf")
    assert entry.pages_or_size == "14 kB"
    assert "c2VjcmV0" not in repr(entry)
    assert "Binary" not in repr(entry)


def test_an_alert_is_read_whole() -> None:
    source = of(
        "Flag", status="active", code={"text": "Peanuts"}, category=[snomed("1", "Diet")], period={"start": "2020"}
    )
    entry: Alert = one(Section.ALERTS, source)
    assert (entry.code, entry.status) == (CodeableConcept(text="Peanuts", codings=[]), AlertStatus.ACTIVE)
    assert (entry.categories, entry.date) == ([meant("1", "Diet")], "2020")


def test_a_plan_is_read_whole() -> None:
    source = of(
        "CarePlan",
        status="active",
        title="Weight",
        category=[{"text": "Diet"}],
        description="Lose some",
        created="2024",
        period={"end": "2025"},
        goal=[{"reference": "Goal/g1"}, {"reference": "Goal/gone", "display": "never shown"}],
        activity=[
            {"detail": {"code": {"text": "Walk"}, "status": "in-progress"}},
            {"detail": {"description": "Smoke", "doNotPerform": True}},
            {"reference": {"reference": "Task/1", "display": "never shown"}},
        ],
    )
    goal = of("Goal", lifecycleStatus="active", description={"text": "80 kg"}) | {"id": "g1"}
    entry: CarePlan = one(Section.CARE_PLANS, source, goal)
    assert (entry.title, entry.status, entry.description) == ("Weight", CarePlanStatus.ACTIVE, "Lose some")
    assert (entry.goals, entry.date, entry.period) == (["80 kg"], "2024", Period(end="2025"))  # type: ignore[arg-type]
    assert [(each.description, each.status) for each in entry.activities] == [
        ("Walk", "in-progress"),
        ("Do not: Smoke", None),
    ]


def test_a_care_team_is_its_members() -> None:
    team = of(
        "CareTeam",
        status="active",
        name="Diabetes team",
        period={"start": "2023"},
        participant=[
            {"member": {"reference": "Patient/p1"}},
            {"member": {"reference": "PractitionerRole/r1"}},
            {"member": {"reference": "Practitioner/gone", "display": "Never Shown"}},
            {"member": {"reference": "Practitioner/gone"}, "role": [{"text": "Dietitian"}]},
        ],
    )
    others = [
        shared(
            "PractitionerRole",
            "r1",
            code=[{"text": "Nurse"}],
            practitioner={"reference": "Practitioner/n1"},
            organization={"reference": "Organization/o1"},
            telecom=[{"system": "email", "value": "x"}, {"system": "phone", "value": "020 7946 0000"}],
        ),
        shared("Organization", "o1", name="Clinic"),
    ]
    found = part(Section.CARE_TEAM, team, *others)
    first, second = found.entries
    assert isinstance(first, CareTeamMember)
    assert (first.id, first.role, first.telephone) == ("rfl:CareTeam/1#1", "Nurse", "020 7946 0000")
    assert (first.organisation, first.team, first.date) == (Organisation(name="Clinic"), "Diabetes team", "2023")
    assert isinstance(second, CareTeamMember)
    assert (second.id, second.name, second.role) == ("rfl:CareTeam/1#3", None, "Dietitian")


def test_a_relative_is_a_personal_contact() -> None:
    source = of(
        "RelatedPerson",
        name=[{"given": ["Joy"], "family": "Smith"}],
        relationship=[{"text": "Wife"}],
        telecom=[{"system": "phone", "value": "1"}],
    )
    entry: CareTeamMember = one(Section.CARE_TEAM, source)
    assert (entry.kind, entry.name, entry.role, entry.telephone) == (ContactKind.PERSONAL, "Joy Smith", "Wife", "1")
