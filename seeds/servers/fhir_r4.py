"""A trust's FHIR R4 server: searches by patient with sort, paging, includes and a CapabilityStatement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from seeds.organisations import Seeded
from seeds.people import Somebody
from seeds.render_r4 import NHS_NUMBER, Resource, local_id, resources
from seeds.servers.faults import Faults

FHIR_JSON = "application/fhir+json"
DATES = {
    "AllergyIntolerance": ("date", ("recordedDate",)),
    "Appointment": ("date", ("start",)),
    "CarePlan": ("date", ("period.start", "created")),
    "CareTeam": ("date", ("period.start",)),
    "Composition": ("date", ("date",)),
    "Condition": ("recorded-date", ("recordedDate",)),
    "DiagnosticReport": ("date", ("effectiveDateTime",)),
    "DocumentReference": ("date", ("date",)),
    "Encounter": ("date", ("period.start",)),
    "Flag": ("date", ("period.start",)),
    "Immunization": ("date", ("occurrenceDateTime",)),
    "MedicationRequest": ("authoredon", ("authoredOn",)),
    "MedicationStatement": ("effective", ("effectiveDateTime",)),
    "Observation": ("date", ("effectiveDateTime",)),
    "Procedure": ("date", ("performedDateTime",)),
}
"""Searchable types, the name of their date parameter, and where the date stands."""

REFERENCES = {
    ("MedicationRequest", "medication"): "medicationReference",
    ("MedicationStatement", "medication"): "medicationReference",
    ("MedicationRequest", "requester"): "requester",
    ("AllergyIntolerance", "recorder"): "recorder",
    ("CareTeam", "participant"): "participant",
    ("Encounter", "diagnosis"): "diagnosis",
    ("DiagnosticReport", "result"): "result",
    ("Appointment", "location"): "participant",
    ("Appointment", "actor"): "participant",
    ("PractitionerRole", "practitioner"): "practitioner",
    ("PractitionerRole", "organization"): "organization",
}
PAGE = 20
OWN = frozenset(
    {"patient", "subject", "patient.identifier", "subject.identifier", "_sort", "_count", "_page", "_include", "_id"}
)


class Store:
    """One trust's resources: by id, and by patient and type."""

    def __init__(self, organisation: Seeded, everybody: Iterable[Somebody]) -> None:
        self.by_reference: dict[str, Resource] = {}
        self.by_patient: dict[str, dict[str, list[Resource]]] = {}
        self.local: dict[str, str] = {}
        for person in everybody:
            if organisation.id not in person.facts:
                continue
            mine = self.by_patient.setdefault(local_id(organisation, person), {})
            self.local[person.nhs_number] = local_id(organisation, person)
            for resource in resources(organisation, person):
                self.by_reference[f"{resource['resourceType']}/{resource['id']}"] = resource
                mine.setdefault(resource["resourceType"], []).append(resource)


def application(organisation: Seeded, everybody: Iterable[Somebody], faults: Faults) -> Starlette:
    """The server as an ASGI application."""
    store = Store(organisation, everybody)

    async def metadata(request: Request) -> JSONResponse:
        return JSONResponse(capability(), media_type=FHIR_JSON)

    async def read(request: Request) -> JSONResponse:
        reference = f"{request.path_params['kind']}/{request.path_params['id']}"
        found = store.by_reference.get(reference)
        return JSONResponse(found or _outcome("not-found"), 200 if found else 404, media_type=FHIR_JSON)

    async def search(request: Request) -> JSONResponse:
        kind = request.path_params["kind"]
        if kind == "Patient":
            return _bundle(
                request, [store.by_reference[f"Patient/{id_}"] for id_ in _asked_patients(store, request)], []
            )
        if kind not in DATES:
            return JSONResponse(_outcome("not-supported"), 404, media_type=FHIR_JSON)
        unknown = set(request.query_params) - OWN - {DATES[kind][0], "category", "status"}
        unknown = {name for name in unknown if not name.startswith(("patient:", "subject:"))}
        if unknown:
            return JSONResponse(_outcome("invalid"), 400, media_type=FHIR_JSON)
        patients = _asked_patients(store, request)
        if faults.kind == "wrong-patient":
            patients = [id_ for id_ in store.by_patient if id_ not in patients][:1]
        matches = [resource for id_ in patients for resource in store.by_patient.get(id_, {}).get(kind, [])]
        matches = [resource for resource in matches if _in_time(kind, resource, request)]
        matches.sort(key=lambda resource: (_date(kind, resource), resource["id"]), reverse=True)
        return _bundle(request, matches, _included(store, kind, request))

    return Starlette(
        routes=[
            Route("/metadata", metadata),
            Route("/{kind:str}", search),
            Route("/{kind:str}/{id:str}", read),
        ]
    )


def capability() -> Resource:
    """What this server can be asked (FHIR R4 CapabilityStatement)."""
    kinds = [
        {
            "type": kind,
            "interaction": [{"code": "search-type"}, {"code": "read"}],
            "searchParam": [
                {"name": name, "type": t} for name, t in (("patient", "reference"), ("_id", "token"), (date, "date"))
            ],
            "searchInclude": [f"{a}:{b}" for a, b in REFERENCES if a == kind],
        }
        for kind, (date, _) in DATES.items()
    ]
    people = {
        "type": "Patient",
        "interaction": [{"code": "search-type"}],
        "searchParam": [{"name": "identifier", "type": "token"}],
    }
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{"mode": "server", "resource": [people, *kinds]}],
    }


def _asked_patients(store: Store, request: Request) -> list[str]:
    params = request.query_params
    for name in ("identifier", "patient.identifier", "subject.identifier", "patient:identifier", "subject:identifier"):
        system, _, number = params.get(name, "").partition("|")
        if system == NHS_NUMBER:
            return [store.local[number]] if number in store.local else []
    wanted = (params.get("patient") or params.get("subject") or "").rpartition("/")[2]
    return [wanted] if wanted in store.by_patient else []


def _at(resource: Resource, path: str) -> Any:
    value: Any = resource
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _date(kind: str, resource: Resource) -> str:
    return next((value for path in DATES[kind][1] if (value := _at(resource, path))), "")


def _in_time(kind: str, resource: Resource, request: Request) -> bool:
    for bound in request.query_params.getlist(DATES[kind][0]):
        date = _date(kind, resource)
        if bound.startswith("ge") and date and date < bound[2:]:
            return False
        if bound.startswith("le") and date > bound[2:] + "~":
            return False
    return True


def _included(store: Store, kind: str, request: Request) -> list[tuple[str, str]]:
    pairs = []
    for include in request.query_params.getlist("_include"):
        parts = include.split(":")
        if len(parts) >= 2:
            pairs.append((parts[0], parts[1]))
    request.state.store = store
    return pairs


def _bundle(request: Request, matches: list[Resource], includes: list[tuple[str, str]]) -> JSONResponse:
    page = int(request.query_params.get("_page", "0"))
    count = min(int(request.query_params.get("_count", PAGE)), 100)
    shown = matches[page * count : (page + 1) * count]
    links = [{"relation": "self", "url": str(request.url)}]
    if (page + 1) * count < len(matches):
        params = [(k, v) for k, v in request.query_params.multi_items() if k != "_page"] + [("_page", str(page + 1))]
        links.append({"relation": "next", "url": f"{request.url.replace(query='')}?{urlencode(params)}"})
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in shown]
    entries += [{"resource": other, "search": {"mode": "include"}} for other in _referred(request, shown, includes)]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(matches), "link": links, "entry": entries}
    return JSONResponse(bundle, media_type=FHIR_JSON)


def _referred(request: Request, shown: list[Resource], includes: list[tuple[str, str]]) -> list[Resource]:
    found: dict[str, Resource] = {}
    frontier = shown
    for _ in range(3):
        new = []
        for resource in frontier:
            for kind, name in includes:
                if resource["resourceType"] != kind:
                    continue
                for reference in _references(resource.get(REFERENCES.get((kind, name), name))):
                    other = request.state.store.by_reference.get(reference)
                    if other is not None and other["resourceType"] != "Patient" and reference not in found:
                        found[reference] = other
                        new.append(other)
        frontier = new
    return list(found.values())


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [reference for item in value.values() for reference in _references(item)]
    if isinstance(value, list):
        return [reference for item in value for reference in _references(item)]
    return []


def _outcome(code: str) -> Resource:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}
