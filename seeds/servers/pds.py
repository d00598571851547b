"""The demographics service: PDS FHIR R4 reads and searches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seeds.organisations import Seeded, by_id
from seeds.people import Somebody
from seeds.render_r4 import NHS_NUMBER, ODS
from seeds.servers.faults import Faults

FHIR_JSON = "application/fhir+json"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def application(service: Seeded, everybody: Iterable[Somebody], faults: Faults) -> Starlette:
    """The service as an ASGI application."""
    people = {person.nhs_number: person for person in everybody}

    async def read(request: Request) -> Response:
        if "x-request-id" not in request.headers:
            return _error(412, "PRECONDITION_FAILED")
        person = people.get(request.path_params["number"])
        if person is None:
            return _error(404, "RESOURCE_NOT_FOUND")
        if faults.kind == "wrong-patient":
            person = next(other for other in people.values() if other is not person)
        return JSONResponse(patient(person), headers={"ETag": 'W/"2"'}, media_type=FHIR_JSON)

    async def search(request: Request) -> Response:
        params = request.query_params
        if "identifier" in params or not params.get("family") or not params.get("birthdate"):
            return _error(400, "INVALID_SEARCH_DATA")
        found = [person for person in people.values() if _matches(person, request)]
        if len(found) > 50:
            return _error(400, "TOO_MANY_MATCHES")
        entries = [
            {"fullUrl": f"urn:nhs:{person.nhs_number}", "search": {"score": 1}, "resource": patient(person)}
            for person in found
        ]
        body = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
        return JSONResponse(body, media_type=FHIR_JSON)

    return Starlette(routes=[Route("/Patient/{number}", read), Route("/Patient", search)])


def patient(person: Somebody) -> dict[str, Any]:
    """The person as PDS sends them; a restricted one without address, contacts and practice."""
    resource: dict[str, Any] = {
        "resourceType": "Patient",
        "id": person.nhs_number,
        "meta": {
            "versionId": "2",
            "security": [{"system": CONFIDENTIALITY, "code": "R" if person.restricted else "U"}],
        },
        "identifier": [{"system": NHS_NUMBER, "value": person.nhs_number}],
        "name": [{"id": "1", "use": "usual", "family": person.family, "given": [person.given]}],
        "gender": person.gender,
        "birthDate": person.born.isoformat(),
    }
    if person.died:
        resource["deceasedDateTime"] = f"{person.died.isoformat()}T00:00:00+00:00"
    if person.restricted:
        return resource
    practice = by_id(person.practice)
    return resource | {
        "address": [{"id": "1", "use": "home", "line": list(person.address), "postalCode": person.postcode}],
        "telecom": [
            {"id": "1", "system": "phone", "use": "mobile", "value": f"07700 900{int(person.nhs_number[6:9]):03d}"}
        ],
        "generalPractitioner": [
            {"id": "1", "type": "Organization", "identifier": {"system": ODS, "value": practice.ods_code}}
        ],
    }


def _matches(person: Somebody, request: Request) -> bool:
    params = request.query_params
    if person.family.casefold() != params["family"].casefold():
        return False
    if person.born.isoformat() not in {value.removeprefix("eq") for value in params.getlist("birthdate")}:
        return False
    if (given := params.get("given")) and person.given.casefold() != given.casefold():
        return False
    if (gender := params.get("gender")) and person.gender != gender:
        return False
    if postcode := params.get("address-postalcode", params.get("address-postcode")):
        return (
            not person.restricted
            and person.postcode.replace(" ", "").casefold() == postcode.replace(" ", "").casefold()
        )
    return True


def _error(status: int, code: str) -> Response:
    coding = {"system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", "code": code}
    issue = {"severity": "error", "code": "value", "details": {"coding": [coding]}}
    return JSONResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status, media_type=FHIR_JSON)
