"""The unsigned audit token that every GP Connect request carries, minted anew each time for the end user.

GP Connect 1.x, "Cross-organisation audit and provenance", JWT generation and payload. The transport authenticates
systems (mutual TLS, Spine); this token only says who asks and for whom, so that the practice can audit it.
"""

from __future__ import annotations

import re
from datetime import datetime

import jwt

from policies.caller import Caller
from resolvers.sources.gp_connect.settings import GPConnectSettings

LIFETIME = 300  # seconds; the specification fixes it
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
SDS_USER = "https://fhir.nhs.uk/Id/sds-user-id"
SDS_ROLE_PROFILE = "https://fhir.nhs.uk/Id/sds-role-profile-id"
SDS_ID = re.compile(r"\d{12}", re.ASCII)
TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "sir", "dame", "rev", "sister"})
NO_SMARTCARD = "UNK"

PATIENT_READ = "patient/*.read"
OTHER_READ = "organization/*.read"


def audit_token(settings: GPConnectSettings, audience: str, caller: Caller, now: str, scope: str) -> str:
    """A compact JWT with algorithm 'none' and an empty signature. `now` is an ISO instant."""
    issued = int(datetime.fromisoformat(now).timestamp())
    claims: dict[str, object] = {
        "iss": settings.issuer,
        "sub": caller.subject,
        "aud": audience,
        "exp": issued + LIFETIME,
        "iat": issued,
        "reason_for_request": "directcare",
        "requested_scope": scope,
        "requesting_device": _device(settings),
        "requesting_organization": _organisation(settings, caller),
        "requesting_practitioner": _practitioner(settings, caller),
    }
    return jwt.encode(claims, "", algorithm="none")


def _device(settings: GPConnectSettings) -> dict[str, object]:
    device = settings.device
    return {
        "resourceType": "Device",
        "identifier": [{"system": device.system, "value": device.value}],
        "model": device.model,
        "version": device.version,
    }


def _organisation(settings: GPConnectSettings, caller: Caller) -> dict[str, object]:
    """The organisation where the request begins, never the one that hosts the gateway."""
    return {
        "resourceType": "Organization",
        "identifier": [{"system": ODS, "value": caller.organisation}],
        "name": settings.organisation_names.get(caller.organisation, caller.organisation),
    }


def _practitioner(settings: GPConnectSettings, caller: Caller) -> dict[str, object]:
    smartcard = bool(caller.role_profile) and SDS_ID.fullmatch(caller.subject) is not None
    return {
        "resourceType": "Practitioner",
        "id": caller.subject,
        "identifier": [
            {"system": SDS_USER, "value": caller.subject if smartcard else NO_SMARTCARD},
            {"system": SDS_ROLE_PROFILE, "value": caller.role_profile or NO_SMARTCARD},
            {"system": settings.user_system, "value": caller.subject},
        ],
        "name": [_name(caller)],
    }


def _name(caller: Caller) -> dict[str, object]:
    """The display name as family, given and title; a name of one word, or none, is given as the family name."""
    parts = (caller.name or caller.subject).split()
    title = [parts.pop(0)] if len(parts) > 1 and parts[0].rstrip(".").lower() in TITLES else []
    name: dict[str, object] = {"family": parts[-1] if parts else caller.subject}
    if parts[:-1]:
        name["given"] = parts[:-1]
    if title:
        name["prefix"] = title
    return name
