"""NHS CIS2 roles: the one selected role decides; several without a selection are none."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Refusal
from policies.caller import Caller
from tests.gateway.kit import authenticator, issuer_settings, token


def role(number: str, code: str = "S8000:G8000:R8001", organisation: str = "RBA") -> dict[str, Any]:
    return {"person_roleid": number, "org_code": organisation, "role_code": code, "role_name": '"Clinical"'}


async def caller(roles: object, selected: object = ...) -> Caller:
    text = token(role=..., organisation=..., nhsid_nrbac_roles=roles, selected_roleid=selected)
    table = {"S8000:G8000:R8001": "nurse", "S8000:G8000:R8000": "gp"}
    identity = authenticator(settings=issuer_settings(profile="cis2"), role_of_code=table.get)
    return await identity.caller([f"Bearer {text}".encode()])


async def test_selected_role_decides() -> None:
    who = await caller([role("1", "S8000:G8000:R8000"), role("2", organisation="RAL")], "2")
    assert (who.role, who.organisation, who.role_profile, who.job_role) == ("nurse", "RAL", "2", "R8001")


async def test_single_role_needs_no_selection() -> None:
    assert (await caller([role("1")])).role == "nurse"


@pytest.mark.parametrize(
    ("roles", "selected"),
    [
        ([role("1"), role("2")], ...),
        ([role("1"), role("2")], "3"),
        ([role("1"), role("1")], "1"),
        ([role("1")], "2"),
        ([], ...),
        ("nurse", ...),
        ([["1"]], ...),
        ([{"person_roleid": "1", "org_code": "RBA"}], ...),
        ([role("1", organisation="no code")], ...),
    ],
)
async def test_no_single_role_is_no_caller(roles: object, selected: object) -> None:
    with pytest.raises(Refusal, match="UNAUTHENTICATED"):
        await caller(roles, selected)


async def test_unmapped_code_has_no_rights() -> None:
    with pytest.raises(Refusal, match="FORBIDDEN"):
        await caller([role("1", "S8000:G8000:R0000")])
