"""How the tests of the sensitivity gate say what they mean."""

from __future__ import annotations

import json
from typing import Any

from policies.decision import Show, Withhold
from policies.sensitivity.gate import Item, SensitivityPolicy

SNOMED = "http://snomed.info/sct"
HIV = "86406008"


def raw(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def is_withheld(policy: SensitivityPolicy, value: Any) -> bool:
    """Judged as a decoded value and as raw bytes, which must agree; a withheld value is never provably innocent."""
    exact = isinstance(policy.judge(value), Withhold)
    assert isinstance(policy.judge_raw(raw(value)), Withhold) is exact
    if exact:
        assert not policy.innocent(raw(value))
    return exact


def sifted(policy: SensitivityPolicy, *resources: dict[str, Any]) -> set[str]:
    """The keys that survive."""
    items = [Item(f"{one['resourceType']}/{one['id']}", raw(one)) for one in resources]
    decisions = policy.sift(items)
    return {item.key for item, decision in zip(items, decisions, strict=True) if isinstance(decision, Show)}


def resource(kind: str, id: str, **fields: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": id, **fields}


def concept(code: str | None = None, text: str | None = None, system: str = SNOMED) -> dict[str, Any]:
    value: dict[str, Any] = {}
    if code is not None:
        value["coding"] = [{"system": system, "code": code}]
    if text is not None:
        value["text"] = text
    return value


def to(key: str, **more: Any) -> dict[str, Any]:
    return {"reference": key, **more}


HIV_PROBLEM = resource("Condition", "c1", code=concept(HIV))
