"""A CIS2 token as NHS England's care identity service shapes it, from the bearer header to the role's own schema."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.gateway.kit import client
from tests.gateway.test_connect import HOSPITAL, PDS
from tests.gateway.test_probes import TEXT, started

CIS2 = """
[identity.issuers.cis2]
issuer = "https://cis2.test"
audience = ["joinup"]
algorithms = ["ES256"]
demo_signing_key = "key.pem"
profile = "cis2"
"""
VIEWER = "{ viewer { role organisation } }"


def held(number: str, code: str, organisation: str = "RAL") -> dict[str, Any]:
    return {
        "person_orgid": "1",
        "person_roleid": number,
        "org_code": organisation,
        "role_code": code,
        "role_name": '"Clinical":"Clinical Provision":"Nurse Access Role"',
        "activities": ["Perform Detailed Health Record"],
    }


def token(folder: Path, roles: list[dict[str, Any]], selected: str) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://cis2.test",
        "aud": "joinup",
        "sub": "910000000001",
        "iat": now,
        "exp": now + 600,
        "nhsid_useruid": "910000000001",
        "selected_roleid": selected,
        "nhsid_nrbac_roles": roles,
    }
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    return jwt.encode(claims, key, "ES256", headers={"typ": "at+jwt"})  # type: ignore[arg-type]


async def ask(folder: Path, roles: list[dict[str, Any]], selected: str, query: str = VIEWER) -> dict[str, Any]:
    async with started(folder, TEXT + CIS2 + PDS + HOSPITAL) as app, client(app) as asking:
        headers = {"authorization": f"Bearer {token(folder, roles, selected)}"}
        answer: dict[str, Any] = (await asking.post("/graphql", json={"query": query}, headers=headers)).json()
        return answer


async def test_the_selected_job_role_becomes_the_callers_role(tmp_path: Path) -> None:
    roles = [held("555", "S8000:G8000:R8000", "F83004"), held("556", "S8000:G8000:R8001")]
    answer = await ask(tmp_path, roles, "556")
    assert answer["data"]["viewer"]["role"] == "nurse"


async def test_a_clerk_sees_a_clerks_schema(tmp_path: Path) -> None:
    query = '{ patient(nhsNumber: "9990000018") { allergies { nodes { id } } } }'
    answer = await ask(tmp_path, [held("555", "S8000:G8000:R8010")], "555", query)
    assert "errors" in answer
    assert (answer.get("data") or {}).get("patient") is None or answer["data"]["patient"]["allergies"] is None
    assert {error["extensions"]["code"] for error in answer["errors"]} & {"FORBIDDEN", "GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize("code", ["S8000:G8000:R8004", "S8000:G8000:R9535", "S8000:G8000:R0000"])
async def test_students_childrens_social_work_and_unknown_codes_have_no_rights(tmp_path: Path, code: str) -> None:
    answer = await ask(tmp_path, [held("555", code)], "555")
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
