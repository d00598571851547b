"""A council's facts about a person as our social care JSON, version 1 (docs/social-care.md)."""

from __future__ import annotations

from typing import Any

from seeds.organisations import Seeded
from seeds.people import Fact, Somebody
from seeds.render_r4 import concept, local_id

LIST = {
    "service": "services",
    "assessment": "assessments",
    "contact": "contacts",
    "equipment": "equipment",
    "flag": "flags",
    "reason": "supportReasons",
}


def document(council: Seeded, person: Somebody, include: frozenset[str], now: str) -> dict[str, Any]:
    """The person's document with the wanted lists; every list that is not kept is named in `notHeld`."""
    body: dict[str, Any] = {
        "version": "1",
        "person": {"nhsNumber": person.nhs_number, "birthDate": person.born.isoformat()},
        "council": {"onsCode": council.ods_code, "name": council.name},
        "asOf": now,
        "notHeld": ["plans"],
    }
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in (*LIST.values(), "workers")}
    facts = person.facts.get(council.id, [])
    for number, fact in enumerate(facts):
        lists[LIST[fact.kind]].append(_item(fact, f"{local_id(council, person)}-{number}"))
    if any(fact.detail.get("client") != "child" for fact in facts):
        start = min(fact.when for fact in facts).isoformat()
        lists["workers"].append(
            {
                "id": f"{local_id(council, person)}-w",
                "clientType": "adult",
                "start": start,
                "name": "Sam Made-Up",
                "role": "Social worker",
                "telephone": "020 7946 0999",
                "team": {"name": "Adults North", "service": "Adult social care"},
            }
        )
    return body | {name: items for name, items in lists.items() if not include or name in include}


def _item(fact: Fact, id_: str) -> dict[str, Any]:
    child = fact.detail.get("client") == "child"
    team = (
        {"name": "Children in need", "service": "Children's social care"}
        if child
        else {"name": "Adults North", "service": "Adult social care"}
    )
    item: dict[str, Any] = {
        "id": id_,
        "clientType": "child" if child else "adult",
        "start": fact.when.isoformat(),
        "updated": f"{fact.when.isoformat()}T12:00:00Z",
        "recordedByRole": "Social worker",
        "team": team,
        "type": concept(fact.concept),
        "status": "completed" if fact.kind in ("assessment", "contact") else "active",
    }
    if "frequency" in fact.detail:
        item["frequency"] = fact.detail["frequency"]
        item["provider"] = {"name": "Helping Hands (made up)"}
    if "outcome" in fact.detail:
        item["outcomes"] = [{"text": fact.detail["outcome"]}]
    return item
