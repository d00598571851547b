"""What is written down of a request: who, why, about whom, which parts, who was asked and what was decided; no content."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from gateway.federation.execute import Executor
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.fhir_r4.kit import of
from tests.resolvers.kit import Register
from tests.resolvers.pds.service import located
from tests.resolvers.recorded import Recorded
from tests.whole.gateway import OPTED_OUT, PATIENCE, PERSON, REQUEST_ID, UNKNOWN, Known, Whole, World, policies
from tests.whole.records import Record, world

WORDS = "Latex zzcontentzz"


def holding(opted_out: frozenset[str] = frozenset()) -> World:
    latex = of("AllergyIntolerance", recordedDate="2026-01-01", code={"text": WORDS})
    visits = [{"id": "v", "text": "zzvisitzz", "patient": PERSON}]
    record = Record(hospital=[latex], visits=visits, person=located(PERSON, birthDate="1980-05-05"))
    return world(record, opted_out)


async def written(whole: Whole, query: str, number: str = PERSON) -> Any:
    """The one entry of the request."""
    await whole.ask(query, {"n": number} if "$n" in query else {})
    (entry,) = whole.trail.entries
    return msgspec.json.decode(msgspec.json.encode(entry))


async def test_a_read_is_written_down_whole() -> None:
    query = "query Look($n: NHSNumber!) { patient(nhsNumber: $n) { allergies { nodes { code { text } } } visits { text } } }"
    entry = await written(Whole(holding()), query)
    assert WORDS not in repr(entry)
    assert "zzvisitzz" not in repr(entry)
    sources = {one["name"]: one["status"] for one in entry.pop("sources")}
    assert entry == {
        "request_id": REQUEST_ID,
        "at": "2026-11-22T09:00:00Z",
        "subject": "https://id.test|somebody",
        "role": "gp",
        "organisation": "Y99001",
        "purpose": "TREAT",
        "kind": "read",
        "outcome": "ANSWERED",
        "patients": [PERSON],
        "operation_name": "Look",
        "operation_hash": sha256(query.encode()).hexdigest(),
        "sections": ["allergies"],
        "denied": [],
        "policy_version": policies().version,
        "client_id": "",
        "client_address": "",
    }
    assert sources["rfl/allergies"] == "ANSWERED"
    assert sources["gp1/allergies"] == "EMPTY"
    assert sources["falls"] == "FETCHED"


async def test_what_was_denied_is_written_down_with_its_rule() -> None:
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { birthDate medications { totalCount } } }"
    entry = await written(Whole(holding(), "receptionist"), query)
    ((field, rule),) = [(one["field"], one["rule"]) for one in entry["denied"]]
    assert field == "Patient.medications"
    assert rule.startswith("roles/receptionist/")
    assert "medications" not in entry["sections"]
    assert [one for one in entry["sources"] if "medications" in one["name"]] == []


async def test_a_source_that_failed_is_written_down_as_it_failed() -> None:
    made = holding()
    down = Recorded(lambda _: UpstreamError(Failure.TIMED_OUT))
    made.sources[0].adapter._upstream = down  # type: ignore[attr-defined]
    entry = await written(Whole(made), "query($n: NHSNumber!) { patient(nhsNumber: $n) { allergies { finding } } }")
    assert {"name": "rfl/allergies", "status": "TIMED_OUT"} in entry["sources"]


async def test_who_was_asked_about_in_vain_is_written_down() -> None:
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { allergies { finding } } }"
    for number in (OPTED_OUT, UNKNOWN):
        entry = await written(Whole(holding(frozenset({OPTED_OUT}))), query, number)
        assert (entry["outcome"], entry["patients"], entry["sources"]) == ("NOT_AVAILABLE", [number], [])


async def test_a_search_names_whom_it_found() -> None:
    entry = await written(
        Whole(holding()), '{ findPatients(family: "Made-Up", birthDate: "1980-05-05") { nhsNumber } }'
    )
    assert (entry["kind"], entry["patients"]) == ("search", [PERSON])
    assert "Made-Up" not in repr(entry)


async def test_a_change_of_the_registry_is_one() -> None:
    mutation = 'mutation Out($n: NHSNumber!) { optOut(nhsNumber: $n, reason: "letter") { optedOut } }'
    register = Register()
    entry = await written(Whole(holding(), "privacy_officer", register=register), mutation)
    assert (entry["kind"], entry["patients"], entry["operation_name"]) == ("registry", [PERSON], "Out")
    assert register.out == {PERSON}


async def test_a_refused_change_of_the_registry_is_written_down_too() -> None:
    mutation = 'mutation($n: NHSNumber!) { optOut(nhsNumber: $n, reason: "letter") { optedOut } }'
    register = Register()
    entry = await written(Whole(holding(), "gp", register=register), mutation)
    assert [one["field"] for one in entry["denied"]] == ["Mutation.optOut"]
    assert register.out == set()


async def test_a_request_for_a_purpose_that_is_not_the_roles_is_written_down() -> None:
    query = "query Why($n: NHSNumber!) { patient(nhsNumber: $n) { birthDate } }"
    whole = Whole(holding())
    whole.app.identity = Known(replace(whole.caller, purpose="HMARKT"))
    seen = await whole.ask(query, {"n": PERSON})
    assert [error["extensions"]["code"] for error in seen.json["errors"]] == ["FORBIDDEN"]
    (entry,) = whole.trail.entries
    assert (entry["outcome"], entry["purpose"], entry["operation_name"]) == ("REFUSED", "HMARKT", "Why")
    assert (entry["patients"], entry["sources"]) == ((), ())


async def test_a_refusal_that_cannot_be_written_down_is_none() -> None:
    whole = Whole(holding())
    whole.app.identity = Known(replace(whole.caller, purpose="HMARKT"))
    whole.trail.record = unwritable  # type: ignore[method-assign]
    seen = await whole.ask("{ viewer { role } }")
    assert [error["extensions"]["code"] for error in seen.json["errors"]] == ["AUDIT_UNAVAILABLE"]


async def unwritable(_: object) -> None:
    raise OSError


async def test_a_refused_change_tells_nobody_who_has_opted_out() -> None:
    mutation = 'mutation($n: NHSNumber!) {{ {}(nhsNumber: $n, reason: "letter") {{ nhsNumber optedOut }} }}'
    for field in ("optOut", "withdrawOptOut"):
        document = mutation.format(field)
        out, unknown = [
            await Whole(holding(frozenset({OPTED_OUT})), "gp").ask(document, {"n": number})
            for number in (OPTED_OUT, UNKNOWN)
        ]
        assert (out.status, out.headers, out.body, out.logs) == (
            unknown.status,
            unknown.headers,
            unknown.body,
            unknown.logs,
        )
        assert [error["extensions"]["code"] for error in out.json["errors"]] == ["FORBIDDEN"]


async def test_a_request_that_breaks_off_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_executor: Executor, _prepared: object, _values: object, context: Any, **_: object) -> None:
        await context.people.find(PERSON, frozenset())
        raise RuntimeError

    monkeypatch.setattr(Executor, "run", broken)
    whole = Whole(holding())
    seen = await whole.ask("query($n: NHSNumber!) { patient(nhsNumber: $n) { birthDate } }", {"n": PERSON})
    assert [error["extensions"]["code"] for error in seen.json["errors"]] == ["INTERNAL_ERROR"]
    (entry,) = whole.trail.entries
    assert (entry["outcome"], entry["patients"]) == ("FAILED", (PERSON,))


async def test_whoever_leaves_before_the_answer_is_written_down() -> None:
    made, asked = holding(), asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        asked.set()
        await asyncio.sleep(PATIENCE)

    made.sources[0].adapter._upstream.send = never  # type: ignore[attr-defined]
    whole = Whole(made)
    query = "query($n: NHSNumber!) { patient(nhsNumber: $n) { allergies { finding } } }"
    asking = asyncio.create_task(whole.ask(query, {"n": PERSON}))
    await asked.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    (entry,) = whole.trail.entries
    assert (entry["outcome"], entry["patients"]) == ("FAILED", (PERSON,))
