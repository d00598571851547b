from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from policies.bundle import Policies
from policies.cis2 import JobRoles
from policies.files import PolicyFileError, PolicyFiles
from policies.roles import RoleMatrix
from tests.shared_data import shared_data


@pytest.mark.parametrize(
    ("code", "role"),
    [
        ("S8000:G8000:R8001", "nurse"),
        ("R0260", "gp"),
        ("S0010:G0020:R0050", "hospital_clinician"),
        ("R1070", "emergency_clinician"),
        ("R1290", "pharmacist"),
        ("R9570", "social_worker"),
        ("R8009", "receptionist"),
        ("R0001", "privacy_officer"),
    ],
)
def test_a_job_role_gives_its_role(policies: Policies, code: str, role: str) -> None:
    assert policies.job_roles.role_of(code) == role


@pytest.mark.parametrize("code", ["R9515", "R9520", "R9525", "R9530", "R9535", "R8004", "R8024"])
def test_childrens_social_work_students_and_bank_staff_have_no_role(policies: Policies, code: str) -> None:
    assert policies.job_roles.role_of(f"S8000:G8000:{code}") is None


@pytest.mark.parametrize("code", ["", "R0", "r0260", "R0260 or R1", "gp", "S8000:G8000:R9999", "S8000:R0260", "Ｒ0260"])
def test_what_is_unknown_or_malformed_has_no_role(policies: Policies, code: str) -> None:
    assert policies.job_roles.role_of(code) is None


def test_the_national_example_user_is_understood(policies: Policies) -> None:
    user = json.loads(shared_data("security-roles/cis2-userinfo.json").read_bytes())
    roles = [policies.job_roles.role_of(held["role_code"]) for held in user["nhsid_nrbac_roles"]]
    assert roles == ["nurse", "gp", "hospital_clinician"]


def test_every_code_is_a_national_code(policies: Policies) -> None:
    known = set(re.findall(r"#(R\d{4}) ", shared_data("security-roles/sds-job-role-names.fsh").read_text()))
    assert policies.job_roles.by_code.keys() <= known


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('doctor = ["R0260"]', "unknown role 'doctor'"),
        ('gp = ["0260"]', "no job role code"),
        ('gp = ["R0260"]\nnurse = ["R0260"]', "stands twice"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, matrix: RoleMatrix, text: str, says: str) -> None:
    (tmp_path / "job_roles.toml").write_text(text)
    with pytest.raises(PolicyFileError, match=says):
        JobRoles.load(PolicyFiles(tmp_path), matrix)
