from __future__ import annotations

import re
from pathlib import Path

import pytest

from policies.decision import Show, Withhold
from policies.files import PACKAGED, PolicyFileError, PolicyFiles
from policies.roles import RoleMatrix
from tests.shared_data import shared_data

CLINICIANS = ("gp", "hospital_clinician", "emergency_clinician", "nurse")
CLINICAL = ("allergies", "medications", "conditions", "testResults", "procedures", "immunisations", "documents")


def sees(matrix: RoleMatrix, role: str, field: str) -> bool:
    type_name, _, field_name = field.partition(".")
    return isinstance(matrix.scope(role).decide(type_name, field_name), Show)


def test_the_table_of_roles_is_closed(matrix: RoleMatrix) -> None:
    assert matrix.roles == {
        *CLINICIANS,
        "pharmacist",
        "social_worker",
        "receptionist",
        "privacy_officer",
        "patient",
    }


def test_an_unknown_role_sees_nothing(matrix: RoleMatrix) -> None:
    scope = matrix.scope("gateway_admin")
    assert all(isinstance(scope.decide(*field), Withhold) for field in matrix.fields)
    assert scope.sections() == {}
    for may in (scope.may_introspect, scope.may_search, scope.may_change_opt_outs, scope.may_know_restricted):
        assert not may


def test_an_unclassified_field_is_visible_to_nobody(matrix: RoleMatrix) -> None:
    for role in matrix.roles:
        assert matrix.scope(role).decide("Patient", "hivStatus") == Withhold("roles/unclassified")


@pytest.mark.parametrize("role", CLINICIANS)
def test_clinicians_see_every_clinical_section(matrix: RoleMatrix, role: str) -> None:
    assert all(sees(matrix, role, f"Patient.{section}") for section in CLINICAL)


def test_a_receptionist_sees_when_but_not_why_or_where(matrix: RoleMatrix) -> None:
    assert sees(matrix, "receptionist", "Patient.address")
    assert sees(matrix, "receptionist", "Appointment.start")
    for field in ("reasons", "specialty", "service", "description", "location", "withRoles", "patientInstruction"):
        assert not sees(matrix, "receptionist", f"Appointment.{field}")
    assert not any(sees(matrix, "receptionist", f"Patient.{section}") for section in (*CLINICAL, "alerts", "carePlans"))


def test_a_pharmacist_sees_what_makes_medicines_safe(matrix: RoleMatrix) -> None:
    for section in ("allergies", "medications", "conditions", "testResults", "immunisations", "alerts"):
        assert sees(matrix, "pharmacist", f"Patient.{section}")
    for section in ("documents", "socialCare", "appointments", "procedures", "consultations"):
        assert not sees(matrix, "pharmacist", f"Patient.{section}")


def test_a_social_worker_sees_care_but_no_diagnoses(matrix: RoleMatrix) -> None:
    for section in ("socialCare", "careTeam", "carePlans", "alerts", "appointments", "hospitalStays", "allergies"):
        assert sees(matrix, "social_worker", f"Patient.{section}")
    for section in ("conditions", "medications", "testResults", "documents", "procedures", "consultations"):
        assert not sees(matrix, "social_worker", f"Patient.{section}")
    assert sees(matrix, "social_worker", "HospitalStay.admitted")
    for field in ("diagnoses", "reasons", "dischargeSummary", "specialty"):
        assert not sees(matrix, "social_worker", f"HospitalStay.{field}")


def test_notes_of_consultations_are_for_those_who_see_every_clinical_section(matrix: RoleMatrix) -> None:
    """What was noted may speak of any of them."""
    whole = [role for role in matrix.roles if all(sees(matrix, role, f"Patient.{name}") for name in CLINICAL)]
    seen = [role for role in matrix.roles if sees(matrix, role, "Patient.consultations")]
    assert set(seen) == set(whole) == {"gp", "hospital_clinician", "emergency_clinician", "nurse", "patient"}
    assert all(sees(matrix, role, "ConsultationNote.text") for role in seen)


def test_a_privacy_officer_sees_nothing_clinical_and_alone_records_opt_outs(matrix: RoleMatrix) -> None:
    sections = matrix.scope("privacy_officer").sections()
    assert sections.keys() == {"demographics", "search", "restricted", "opt_outs"}
    assert [role for role in sorted(matrix.roles) if matrix.scope(role).may_change_opt_outs] == ["privacy_officer"]
    assert [role for role in sorted(matrix.roles) if sees(matrix, role, "Mutation.optOut")] == ["privacy_officer"]


def test_a_patient_cannot_search_or_explore(matrix: RoleMatrix) -> None:
    scope = matrix.scope("patient")
    assert not scope.may_search
    assert not scope.may_introspect
    assert not sees(matrix, "patient", "Patient.alerts")
    assert not sees(matrix, "patient", "Patient.restricted")


def test_only_some_may_explore_the_schema(matrix: RoleMatrix) -> None:
    assert {role for role in matrix.roles if not matrix.scope(role).may_introspect} == {"patient", "receptionist"}


@pytest.mark.parametrize(
    ("role", "purpose", "may"),
    [
        ("emergency_clinician", "ETREAT", True),
        ("receptionist", "ETREAT", False),
        ("patient", "PATRQT", True),
        ("gp", "HMARKT", False),
        ("nobody", "TREAT", False),
    ],
)
def test_a_role_acts_for_its_purposes_only(matrix: RoleMatrix, role: str, purpose: str, may: bool) -> None:
    assert isinstance(matrix.scope(role).may_act_for(purpose), Show) is may


def test_every_purpose_is_an_hl7_act_reason(matrix: RoleMatrix) -> None:
    """A token states its purpose in HL7's words; one that is spelt otherwise here would never be allowed."""
    published = shared_data("terminology/CodeSystem-v3-ActReason.json").read_text("utf-8")
    known = set(re.findall(r'"code"\s*:\s*"([A-Z]+)"', published))
    stated = {purpose for role in matrix.by_name.values() for purpose in role.purposes}
    assert stated - known == set()


def test_sections_say_what_is_seen(matrix: RoleMatrix) -> None:
    sections = matrix.scope("social_worker").sections()
    assert sections["care_team"] == ("*",)
    assert "HospitalStay.admitted" in sections["hospital_stays"]
    assert "HospitalStay.diagnoses" not in sections["hospital_stays"]


def test_a_decision_names_the_line_of_policy(matrix: RoleMatrix) -> None:
    assert matrix.scope("nurse").decide("Patient", "allergies") == Show("roles/nurse/allergies")
    assert matrix.scope("receptionist").decide("Patient", "allergies").rule == "roles/receptionist/no-allergies"
    assert matrix.scope("receptionist").decide("Appointment", "reasons").rule.endswith("without/Appointment.reasons")


@pytest.mark.parametrize(
    ("role", "field", "line"),
    [
        ("receptionist", "Appointment.reasons", '"Appointment.reasons"'),
        ("receptionist", "Patient.allergies", "sections = "),
        ("nurse", "Patient.allergies", '"allergies"'),
    ],
)
def test_an_explanation_points_at_the_line(matrix: RoleMatrix, role: str, field: str, line: str) -> None:
    found = matrix.explain(role, *field.split("."))
    assert found.line is not None
    assert line in matrix.file.text.splitlines()[found.line - 1]
    assert found.text
    assert all(sees(matrix, role_name, field) for role_name in found.visible_to)


def test_an_explanation_of_nothing_says_so(matrix: RoleMatrix) -> None:
    assert matrix.explain("nurse", "Patient", "nothing").visible_to == ()
    assert "unknown role" in matrix.explain("zz", "Patient", "name").text


def test_a_partners_field_is_seen_by_the_roles_of_its_section(matrix: RoleMatrix) -> None:
    wider = matrix.with_fields({("Patient", "falls"): "care_plans", ("Fall", "date"): "care_plans"})
    assert sees(wider, "nurse", "Patient.falls")
    assert not sees(wider, "receptionist", "Patient.falls")
    assert not sees(matrix, "nurse", "Patient.falls")


def test_a_partner_cannot_reclassify_a_field(matrix: RoleMatrix) -> None:
    wider = matrix.with_fields({("Patient", "conditions"): "demographics"})
    assert not sees(wider, "receptionist", "Patient.conditions")


def test_a_partners_section_must_be_known(matrix: RoleMatrix) -> None:
    with pytest.raises(PolicyFileError, match=r"unknown section 'stairs'.*add \[section.stairs\]"):
        matrix.with_fields({("Patient", "falls"): "stairs"})


def test_unclassified_fields_are_found(matrix: RoleMatrix) -> None:
    assert matrix.unclassified([("Patient", "name"), ("Patient", "x")]) == [("Patient", "x")]


def own(tmp_path: Path, before: str, after: str) -> PolicyFiles:
    text = (PACKAGED / "roles.toml").read_text()
    assert before in text
    (tmp_path / "roles.toml").write_text(text.replace(before, after, 1))
    return PolicyFiles(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('"care_team", "search", "restricted",\n]', '"care_teem"]', "unknown section 'care_teem'"),
        ('  "Appointment.location",', '  "Appointment.place",', "'Appointment.place' is in no section"),
        ("introspection = true", "introspecton = true", "unknown key 'introspecton'"),
        ("introspection = true", "", "introspection is true or false"),
        ("Condition = [", "Allergy = [", "stands in 'allergies', too"),
        ('purposes = ["TREAT", "ETREAT", "CAREMGT", "COC"]', "", "'purposes' is missing"),
    ],
)
def test_a_broken_table_names_line_and_mend(tmp_path: Path, before: str, after: str, says: str) -> None:
    with pytest.raises(PolicyFileError) as caught:
        RoleMatrix.load(own(tmp_path, before, after))
    assert says in str(caught.value)
    assert caught.value.place.startswith("line ")
    assert caught.value.mend


def test_a_deployment_narrows_a_role(tmp_path: Path) -> None:
    narrower = RoleMatrix.load(own(tmp_path, '"alerts", "care_team", "search"', '"care_team", "search"'))
    assert not sees(narrower, "pharmacist", "Patient.alerts")
