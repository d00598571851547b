"""Logs say what happened and never to whom: after hostile requests no number, no query text, no value is in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway import logs
from gateway.errors import Refusal
from tests.gateway.kit import NHS_NUMBER, SmallEngine, client, gateway, token

SPACED = f"{NHS_NUMBER[:3]} {NHS_NUMBER[3:6]} {NHS_NUMBER[6:]}"
MARK = "xylophone"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root, kept = logging.getLogger(), logging.getLogger().handlers[:]
    logs.configure("debug", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = kept
    root.setLevel(logging.WARNING)


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_hostile_requests_leave_no_patient_datum(lines: io.StringIO) -> None:
    engine = SmallEngine()
    texts = [
        f'{{patient(nhsNumber: "{NHS_NUMBER}") {{nope}}}}',
        f'{{{MARK} "{SPACED}"',
        f"{{hello {NHS_NUMBER}}}",
        "{hello}",
    ]
    async with client(gateway(engine)) as http, client(gateway(), None) as stranger:
        for text in texts:
            await http.post(
                "/graphql", json={"query": text, "variables": {"n": NHS_NUMBER}}, headers={"x-request-id": NHS_NUMBER}
            )
            await http.get("/graphql", params={"query": text})
            await stranger.post("/graphql", json={"query": text}, headers={"authorization": f"Bearer {NHS_NUMBER}"})
        for failure in (
            ValueError(f"no {SPACED} {MARK}"),
            KeyError(NHS_NUMBER),
            Refusal("BAD_USER_INPUT", f"bad {MARK}"),
        ):
            engine.failure = failure
            await http.post("/graphql", json={"query": "{hello}"})
        await stranger.post(
            "/graphql", json={}, headers={"authorization": f"Bearer {token(sub=NHS_NUMBER, role=MARK)}"}
        )
    text = lines.getvalue()
    assert "request_failed" in text
    assert "token_refused" in text
    for secret in (NHS_NUMBER, SPACED, MARK, "{hello", "nhsNumber", "eyJ"):
        assert secret not in text


async def test_failure_is_logged_by_class_and_place(lines: io.StringIO) -> None:
    engine = SmallEngine()
    engine.failure = ZeroDivisionError("secret")
    async with client(gateway(engine)) as http:
        reply = await http.post("/graphql", json={"query": "{hello}"})
    (entry,) = [line for line in read(lines) if line["event"] == "request_failed"]
    assert entry["error"] == "ZeroDivisionError"
    assert entry["request_id"] == reply.headers["x-request-id"]
    assert any(place.startswith("answer:") for place in entry["places"])


def test_fields_outside_the_list_are_dropped(lines: io.StringIO) -> None:
    structlog.get_logger().info(
        "an_event", reason="x", nhs_number=NHS_NUMBER, query="{q}", code=f"a {SPACED} b {NHS_NUMBER}"
    )
    (entry,) = read(lines)
    assert entry.keys() == {"event", "reason", "code", "level", "timestamp"}
    assert entry["code"] == "a [number] b [number]"
    assert entry["timestamp"].startswith("20")


def test_library_records_are_kept_without_their_text(lines: io.StringIO) -> None:
    try:
        raise ValueError(MARK)
    except ValueError:
        logging.getLogger("strawberry.execution").exception("query %s failed", MARK)
    logging.getLogger("httpx").info("HTTP Request: GET %s", MARK)
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n%s", MARK)
    events = read(lines)
    assert MARK not in lines.getvalue()
    assert [event["event"] for event in events] == ["library_event", "Application startup complete.", "library_event"]
    assert events[0]["error"] == "ValueError"
    assert events[0]["logger"] == "strawberry.execution"


def test_long_values_are_cut(lines: io.StringIO) -> None:
    structlog.get_logger().info("an_event", reason="x" * 10_000)
    assert len(read(lines)[0]["reason"]) == logs.LONGEST
