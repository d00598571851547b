"""A practice's GP Connect endpoint: structured record and appointments (FHIR STU3)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seeds.organisations import Seeded
from seeds.people import Somebody
from seeds.render_gp import appointments, bundle
from seeds.render_r4 import NHS_NUMBER, local_id
from seeds.servers.faults import Faults

STU3_JSON = "application/fhir+json"
NOT_BESIDE = frozenset(
    {"medicationSearchFromDate", "uncategorisedDataSearchPeriod", "filterStatus", "filterSignificance"}
)
"""Part parameters that a practice refuses beside consultations."""
HEADERS = ("ssp-traceid", "ssp-from", "ssp-to", "ssp-interactionid")


def application(practice: Seeded, everybody: Iterable[Somebody], faults: Faults) -> Starlette:
    """The endpoint as an ASGI application."""
    registered = {person.nhs_number: person for person in everybody if practice.id in person.facts}
    by_local = {local_id(practice, person): person for person in registered.values()}

    async def structured(request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        body = await request.json()
        person = registered.get(_asked_number(body))
        if person is None:
            return _error(404, "PATIENT_NOT_FOUND")
        if faults.kind == "wrong-patient":
            person = next(other for other in registered.values() if other is not person)
        if _contradicts(body):
            return _error(422, "INVALID_PARAMETER")
        areas = [part["name"] for part in body["parameter"] if part["name"].startswith("include")]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return JSONResponse(bundle(practice, person, areas, now), media_type=STU3_JSON)

    async def find(request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        _, _, number = request.query_params.get("identifier", "").partition("|")
        person = registered.get(number)
        found = [] if person is None else [{"resource": bundle(practice, person, [], "")["entry"][0]["resource"]}]
        return JSONResponse(_searchset(found), media_type=STU3_JSON)

    async def booked(request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        person = by_local.get(request.path_params["id"])
        if person is None:
            return _error(404, "PATIENT_NOT_FOUND")
        mine = [item for item in appointments(practice, person) if _wanted(item, request)]
        return JSONResponse(_searchset([{"resource": item} for item in mine]), media_type=STU3_JSON)

    async def metadata(request: Request) -> Response:
        return JSONResponse({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.1"}, media_type=STU3_JSON)

    return Starlette(
        routes=[
            Route("/metadata", metadata),
            Route("/Patient/$gpc.getstructuredrecord", structured, methods=["POST"]),
            Route("/Patient", find),
            Route("/Patient/{id}/Appointment", booked),
        ]
    )


def _refusal(request: Request) -> Response | None:
    """What the Spine proxy and the practice check before they answer."""
    if any(name not in request.headers for name in HEADERS):
        return _error(400, "BAD_REQUEST")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return _error(401, "BAD_REQUEST")
    wanted = (
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "reason_for_request",
        "requesting_organization",
        "requesting_practitioner",
    )
    if scheme != "Bearer" or any(name not in claims for name in wanted):
        return _error(400, "BAD_REQUEST")
    return None


def _asked_number(body: dict[str, Any]) -> str:
    for part in body.get("parameter", []):
        identifier = part.get("valueIdentifier", {})
        if part.get("name") == "patientNHSNumber" and identifier.get("system") == NHS_NUMBER:
            return str(identifier.get("value"))
    return ""


def _contradicts(body: dict[str, Any]) -> bool:
    given = {area["name"]: {part["name"] for part in area.get("part", ())} for area in body["parameter"]}
    narrowed = {name for parts in given.values() for name in parts}
    recent = {"consultationSearchPeriod", "includeNumberOfMostRecent"}
    return "includeConsultations" in given and (bool(narrowed & NOT_BESIDE) or recent <= narrowed)


def _wanted(appointment: dict[str, Any], request: Request) -> bool:
    day = appointment["start"][:10]
    for bound in request.query_params.getlist("start"):
        if (bound.startswith("ge") and day < bound[2:12]) or (bound.startswith("le") and day > bound[2:12]):
            return False
    return True


def _searchset(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def _error(status: int, code: str) -> Response:
    coding = {"system": "https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1", "code": code}
    issue = {"severity": "error", "code": "invalid", "details": {"coding": [coding]}}
    return JSONResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status, media_type=STU3_JSON)
