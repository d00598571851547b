"""Verified claims → Caller: every value in its one type, the role in a closed table, unknown = no rights."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from nhs_number.validate import is_valid

from gateway.config import Issuer
from gateway.errors import Refusal
from gateway.identity.token import TokenError
from policies.caller import Caller

_ODS = re.compile(r"[A-Z0-9]{3,12}", re.ASCII)
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_PURPOSE = re.compile(r"[A-Z]{2,20}", re.ASCII)
_NOT_ACCESS_TOKEN = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events"})
_KEYCLOAK_KINDS = frozenset({"ID", "Refresh", "Offline", "Logout"})

RoleOfCode = Callable[[str], str | None]
"""NHS role code (`S8000:G8000:R8001`) → gateway role, or None."""


def check_shape(claims: Mapping[str, Any], issuer: Issuer) -> None:
    """Refuse what a JWT library lets pass: ids and refresh tokens, times that are no integers, long lives."""
    if _NOT_ACCESS_TOKEN & claims.keys() or claims.get("typ") in _KEYCLOAK_KINDS:
        raise TokenError("not-an-access-token")
    for name in ("exp", "iat", "nbf"):
        if name in claims and type(claims[name]) is not int:
            raise TokenError("time-not-integer")
    if "exp" not in claims or "iat" not in claims:
        raise TokenError("no-times")
    if not 0 < claims["exp"] - claims["iat"] <= issuer.max_lifetime_s:
        raise TokenError("lifetime")
    if isinstance(claims.get("aud"), list) and not issuer.audience_lists:
        raise TokenError("audience-list")
    if not _printable(claims.get("sub"), 255):
        raise TokenError("subject")
    if "jti" in claims and not _printable(claims["jti"], 255):
        raise TokenError("token-id")


def caller_of(
    claims: Mapping[str, Any], issuer: Issuer, roles: frozenset[str], role_of_code: RoleOfCode | None = None
) -> Caller:
    """The caller that verified claims speak of. Raises TokenError for malformed claims, Refusal for no rights."""
    names = issuer.claims
    facts = _cis2(claims, role_of_code) if issuer.profile == "cis2" else {}
    role = _role(facts["role"] if facts else _at(claims, names.role), issuer, roles)
    organisation = _organisation(facts["organisation"] if facts else _at(claims, names.organisation), issuer, role)
    purpose = _at(claims, names.purpose)
    if purpose is None:
        purpose = issuer.purpose
    if not isinstance(purpose, str) or not _PURPOSE.fullmatch(purpose):
        raise TokenError("purpose")
    return Caller(
        issuer=issuer.issuer,
        subject=claims["sub"],
        role=role,
        organisation=organisation,
        purpose=purpose,
        name=_text(_at(claims, names.name)),
        client=_text(_at(claims, names.client)) or _text(claims.get("azp")),
        role_profile=_text(facts.get("role_profile") or _at(claims, names.role_profile)),
        job_role=_text(facts.get("job_role") or _at(claims, names.job_role)),
        patient=_own_number(_at(claims, names.patient)) if role == "patient" else None,
        token_id=claims.get("jti"),
    )


def _role(value: Any, issuer: Issuer, roles: frozenset[str]) -> str:
    if not isinstance(value, str):
        raise TokenError("role")
    role = issuer.role_names.get(value, value)
    if not _ROLE.fullmatch(role) or role not in roles or (issuer.roles and role not in issuer.roles):
        raise Refusal("FORBIDDEN", "Your role gives no rights here.", extensions={"rule": "role-table"})
    return role


def _organisation(value: Any, issuer: Issuer, role: str) -> str:
    """The ODS code; only a patient may act for no organisation."""
    if value is None and role == "patient":
        return ""
    if not isinstance(value, str) or not _ODS.fullmatch(value):
        raise TokenError("organisation")
    if issuer.organisations and value not in issuer.organisations:
        raise Refusal(
            "FORBIDDEN", "The issuer may not speak for this organisation.", extensions={"rule": "issuer-organisations"}
        )
    return value


def _own_number(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d{10}", value, re.ASCII) or not is_valid(value):
        raise TokenError("own-number")
    return value


def _cis2(claims: Mapping[str, Any], role_of_code: RoleOfCode | None) -> dict[str, Any]:
    """The one selected role of NHS CIS2's `nhsid_nrbac_roles`: several without a selection are no role at all."""
    held = claims.get("nhsid_nrbac_roles")
    if not isinstance(held, list) or not all(isinstance(entry, dict) for entry in held):
        raise TokenError("cis2-roles")
    selected = claims.get("selected_roleid")
    if selected is not None:
        held = [entry for entry in held if entry.get("person_roleid") == selected]
    if len(held) != 1:
        raise TokenError("cis2-selection")
    code = held[0].get("role_code")
    if not isinstance(code, str):
        raise TokenError("cis2-roles")
    role = role_of_code(code) if role_of_code else None
    return {
        "role": role or "",
        "organisation": held[0].get("org_code"),
        "role_profile": held[0].get("person_roleid"),
        "job_role": code.rsplit(":", 1)[-1],
    }


def _at(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its configured name: as a whole first (names may be URLs), then along the dots."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for step in name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _printable(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()


def _text(value: Any) -> str | None:
    return value if _printable(value, 255) else None
