"""Audit entries as FHIR R4 AuditEvents in the shapes of IHE BALP (Basic Audit Log Patterns).

A read of a record is IHE.BasicAudit.PatientRead, a search IHE.BasicAudit.PatientQuery; both ask for one event per
patient. Their profiles describe success only, so an event of a refusal or failure names no profile; nor does a change
of the opt-out registry, which is recorded as an update.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from gateway.stores.audit_entry import AuditEntry, AuditRecord

BALP = "https://profiles.ihe.net/ITI/BALP"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
TERMS = "http://terminology.hl7.org/CodeSystem"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS_CODE = "https://fhir.nhs.uk/Id/ods-organization-code"

Json = dict[str, Any]

# v3-ActReason codes of the purposes that callers name; another purpose is kept as text.
PURPOSES = {
    "direct-care": ("TREAT", "treatment"),
    "treat": ("TREAT", "treatment"),
    "emergency": ("ETREAT", "Emergency Treatment"),
    "etreat": ("ETREAT", "Emergency Treatment"),
    "break-glass": ("BTG", "break the glass"),
    "btg": ("BTG", "break the glass"),
    "caremgt": ("CAREMGT", "care management"),
    "coc": ("COC", "coordination of care"),
    "hoperat": ("HOPERAT", "healthcare operations"),
    "patsfty": ("PATSFTY", "patient safety"),
    "patient-request": ("PATRQT", "patient requested"),
    "patrqt": ("PATRQT", "patient requested"),
    "audit": ("HSYSADMIN", "health system administration"),
}

# By the kind of an entry: FHIR's interaction and AuditEvent's action; every other kind changes the registry.
INTERACTIONS = {"read": ("read", "R"), "search": ("search", "E")}
PROFILES = {"read": "Read", "search": "Query"}
PROFILE_BASE = f"{BALP}/StructureDefinition/IHE.BasicAudit"

OUTCOMES = {
    "ANSWERED": ("0", None),
    "PARTIAL": ("0", "some sources gave no answer"),
    "NOT_AVAILABLE": ("0", "no record was available"),
    "REFUSED": ("4", "refused by policy"),
}


@dataclass(frozen=True, slots=True)
class Gateway:
    """How the gateway names itself in an event."""

    identifier: str  # such as its host name
    address: str  # its public URL
    site: str = ""


def audit_events(record: AuditRecord, gateway: Gateway) -> list[Json]:
    """One event for each patient of the entry, one without patient if it has none."""
    patients: tuple[str | None, ...] = record.entry.patients or (None,)
    return [_event(record, gateway, number, patient) for number, patient in enumerate(patients, 1)]


def _event(record: AuditRecord, gateway: Gateway, number: int, patient: str | None) -> Json:
    entry = record.entry
    interaction, action = INTERACTIONS.get(entry.kind, ("update", "U"))
    code, description = OUTCOMES.get(entry.outcome, ("8", "failed"))
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"joinup-{record.sequence}-{number}",
        "type": _coding(f"{TERMS}/audit-event-type", "rest", "Restful Operation"),
        "subtype": [_coding("http://hl7.org/fhir/restful-interaction", interaction, interaction)],
        "action": action,
        "recorded": entry.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": code,
        "agent": _agents(entry, gateway, interaction),
        "source": _source(gateway),
        "entity": _entities(record, interaction, patient),
    }
    if description is not None:
        event["outcomeDesc"] = description
    if code == "0" and interaction in PROFILES:
        patients = "Patient" if patient else ""
        event["meta"] = {"profile": [f"{PROFILE_BASE}.{patients}{PROFILES[interaction]}"]}
    if entry.purpose:
        event["purposeOfEvent"] = [_purpose(entry.purpose)]
    return event


def _coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [_coding(system, code, display)]}


def _purpose(purpose: str) -> Json:
    known = PURPOSES.get(purpose.lower())
    return _concept(f"{TERMS}/v3-ActReason", *known) if known else {"text": purpose}


def _agents(entry: AuditEntry, gateway: Gateway, interaction: str) -> list[Json]:
    # A read flows from server to client; the parameters of anything else flow the other way, and so do the roles.
    source, destination = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
    server_role, client_role = (source, destination) if interaction == "read" else (destination, source)
    user: Json = {
        "type": _concept(f"{TERMS}/v3-ParticipationType", "IRCP", "information recipient"),
        "who": {"identifier": {"value": entry.subject}},
        "requestor": True,
        "role": [{"text": entry.role}],
    }
    if entry.purpose:
        user["purposeOfUse"] = [_purpose(entry.purpose)]
    agents: list[Json] = [
        {
            "type": _concept(DCM, *server_role),
            "who": {"identifier": {"value": gateway.identifier}},
            "requestor": False,
            "network": {"address": gateway.address, "type": "5"},
        },
        {
            "type": _concept(DCM, *client_role),
            "who": {"identifier": {"value": entry.client_id or "unknown"}},
            "requestor": False,
            "network": {"address": entry.client_address or "unknown", "type": "2"},
        },
        user,
    ]
    if entry.organisation:
        organisation = {"type": "Organization", "identifier": {"system": ODS_CODE, "value": entry.organisation}}
        provider = _concept(f"{TERMS}/v3-RoleClass", "PROV", "healthcare provider")
        agents.append({"type": provider, "who": organisation, "requestor": False})
    return agents


def _source(gateway: Gateway) -> Json:
    source: Json = {
        "observer": {"identifier": {"value": gateway.identifier}},
        "type": [_coding(f"{TERMS}/security-source-type", "4", "Application Server")],
    }
    return {**source, "site": gateway.site} if gateway.site else source


def _entities(record: AuditRecord, interaction: str, patient: str | None) -> list[Json]:
    entry = record.entry
    entities: list[Json] = []
    if patient is not None:
        entities.append(
            {
                "what": {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": patient}},
                "type": _coding(f"{TERMS}/audit-entity-type", "1", "Person"),
                "role": _coding(f"{TERMS}/object-role", "1", "Patient"),
            }
        )
    entities.append(_query(entry) if interaction == "search" else _data(record))
    if entry.request_id:
        entities.append(
            {
                "what": {"identifier": {"value": entry.request_id}},
                "type": {"system": f"{BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"},
            }
        )
    return entities


def _data(record: AuditRecord) -> Json:
    entry = record.entry
    return {
        "what": {"display": entry.operation_name or "GraphQL operation"},
        "type": _coding(f"{TERMS}/audit-entity-type", "2", "System Object"),
        "role": _coding(f"{TERMS}/object-role", "4", "Domain Resource"),
        "detail": [{"type": kind, "valueString": value} for kind, value in _details(record) if value],
    }


def _query(entry: AuditEntry) -> Json:
    # The operation's hash stands for its text: arguments of a search are demographics.
    query = f"{entry.operation_name} {entry.operation_hash}".strip() or "search"
    return {
        "type": _coding(f"{TERMS}/audit-entity-type", "2", "System Object"),
        "role": _coding(f"{TERMS}/object-role", "24", "Query"),
        "query": b64encode(query.encode()).decode(),
    }


def _details(record: AuditRecord) -> list[tuple[str, str]]:
    entry = record.entry
    return [
        ("sequence", str(record.sequence)),
        ("chain", record.chain),
        ("kind", entry.kind),
        ("outcome", entry.outcome),
        ("operation-hash", entry.operation_hash),
        ("policy-version", entry.policy_version),
        *(("section", section) for section in entry.sections),
        *(("source", f"{source.name} {source.status}") for source in entry.sources),
        *(("denied", f"{denied.field} {denied.rule}") for denied in entry.denied),
    ]
