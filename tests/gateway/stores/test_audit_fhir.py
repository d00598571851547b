"""The export: AuditEvents that a FHIR library accepts, in the shapes of IHE BALP."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

from gateway.stores.audit import AuditStore
from gateway.stores.audit_entry import AuditRecord
from gateway.stores.audit_fhir import Gateway, audit_events
from gateway.stores.database import Database
from policies.roles import RoleMatrix
from tests.gateway.stores.trail import ANN, BOB, KEYS, entry
from tests.shared_data import shared_data

GATEWAY = Gateway("gateway.example", "https://gateway.example/graphql", "NCL")


def event(**given: Any) -> dict[str, Any]:
    (made,) = audit_events(AuditRecord(7, entry(**given), "c" * 64), GATEWAY)
    return made


def agent(made: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [a for a in made["agent"] if a["type"]["coding"][0]["code"] == code]
    return found  # type: ignore[no-any-return]


def entity(made: dict[str, Any], system: str, code: str) -> list[dict[str, Any]]:
    return [e for e in made["entity"] if (e["type"]["system"], e["type"]["code"]) == (system, code)]


ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
BALP_ENTITY = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"


def test_read_has_the_fixed_values_of_patient_read() -> None:
    made = event(client_id="epr", client_address="192.0.2.7")
    assert made["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"
    ]
    assert (made["type"]["code"], made["subtype"][0]["code"], made["action"]) == ("rest", "read", "R")
    assert (made["recorded"], made["outcome"]) == ("2026-11-22T10:00:00.000Z", "0")
    server, client, user = agent(made, "110153"), agent(made, "110152"), agent(made, "IRCP")
    assert server["who"]["identifier"]["value"] == "gateway.example"
    assert server["network"] == {"address": "https://gateway.example/graphql", "type": "5"}
    assert (client["who"]["identifier"]["value"], client["network"]["address"]) == ("epr", "192.0.2.7")
    assert (user["requestor"], user["role"]) == (True, [{"text": "gp"}])
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"
    assert "network" not in user
    (patient,) = entity(made, ENTITY, "1")
    assert patient["what"]["identifier"]["value"] == ANN
    assert patient["role"]["code"] == "1"
    (data,) = entity(made, ENTITY, "2")
    assert data["role"]["code"] == "4"
    assert data["what"]
    (transaction,) = entity(made, BALP_ENTITY, "XrequestId")
    assert transaction["what"]["identifier"]["value"] == "r1"


def test_published_profile_has_these_values() -> None:
    rules = shared_data("balp/PatientRead.fsh").read_text() + shared_data("balp/PatientQuery.fsh").read_text()
    for expected in (
        "agent[client].type = http://dicom.nema.org/resources/ontology/DCM#110152",
        "agent[server].type = http://dicom.nema.org/resources/ontology/DCM#110153",
        "entity[query].what 0..0",
        "entity[query].query 1..1",
        "entity[patient].what only Reference(Patient)",
    ):
        assert expected in rules


def test_search_swaps_the_roles_and_hides_its_arguments() -> None:
    made = event(kind="search", operation_name="FindPatients", operation_hash="abc", patients=(BOB,))
    assert made["meta"]["profile"][0].endswith("IHE.BasicAudit.PatientQuery")
    assert (made["subtype"][0]["code"], made["action"]) == ("search", "E")
    assert agent(made, "110152")["who"]["identifier"]["value"] == "gateway.example"
    (query,) = entity(made, ENTITY, "2")
    assert query["role"]["code"] == "24"
    assert b64decode(query["query"]) == b"FindPatients abc"
    assert not {"what", "detail", "lifecycle"} & set(query)


def test_change_of_the_registry_is_an_update() -> None:
    made = event(kind="registry")
    assert (made["subtype"][0]["code"], made["action"], "meta" in made) == ("update", "U", False)
    assert agent(made, "110153")["who"]["identifier"]["value"] == "unknown"


def test_one_event_for_each_patient() -> None:
    record = AuditRecord(9, entry(patients=(ANN, BOB)), "c" * 64)
    made = audit_events(record, GATEWAY)
    assert [e["id"] for e in made] == ["joinup-9-1", "joinup-9-2"]
    assert [entity(e, ENTITY, "1")[0]["what"]["identifier"]["value"] for e in made] == [ANN, BOB]
    (nobody,) = audit_events(AuditRecord(9, entry(patients=()), "c" * 64), GATEWAY)
    assert nobody["meta"]["profile"][0].endswith("IHE.BasicAudit.Read")
    assert entity(nobody, ENTITY, "1") == []


def test_refusal_claims_no_profile_of_success() -> None:
    for outcome, code in (("REFUSED", "4"), ("FAILED", "8"), ("unknown", "8")):
        made = event(outcome=outcome)
        assert (made["outcome"], "meta" in made) == (code, False)
        assert made["outcomeDesc"]


def test_decision_can_be_followed() -> None:
    details = {(d["type"], d["valueString"]) for d in entity(event(), ENTITY, "2")[0]["detail"]}
    assert {
        ("sequence", "7"),
        ("section", "allergies"),
        ("source", "royal-free ANSWERED"),
        ("denied", "Patient.address receptionist-no-address"),
    } <= details


def test_every_purpose_of_the_roles_is_exported_as_its_code() -> None:
    for role in RoleMatrix.load().by_name.values():
        for purpose in role.purposes:
            (coded,) = event(purpose=purpose)["purposeOfEvent"]
            assert coded["coding"][0]["code"] == purpose


def test_unknown_purpose_is_kept_as_text() -> None:
    assert event(purpose="population-health")["purposeOfEvent"] == [{"text": "population-health"}]
    assert "purposeOfEvent" not in event(purpose="")


async def test_export_walks_the_whole_store(database: Database) -> None:
    store = AuditStore(database, KEYS)
    for number in range(1, 4):
        at = datetime(2026, 11, 22, 10, number, tzinfo=UTC)
        await store.append(entry(number, at=at, patients=(ANN, BOB) if number == 2 else (ANN,)))
    everything = [made["id"] async for made in store.export_fhir(GATEWAY)]
    assert everything == ["joinup-1-1", "joinup-2-1", "joinup-2-2", "joinup-3-1"]
    assert [made["id"] async for made in store.export_fhir(GATEWAY, after=2)] == ["joinup-3-1"]
    await store.aclose()
