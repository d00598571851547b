"""Bodies that are no GraphQL request: a clear 4xx, never a 5xx, and never a guess."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.kit import SmallEngine, client, code_of, gateway, token

JSON = {"content-type": "application/json"}


async def post(
    raw: bytes, headers: dict[str, str] | None = None, config: dict[str, Any] | None = None
) -> httpx.Response:
    async with client(gateway(config=config)) as http:
        return await http.post("/graphql", content=raw, headers={**JSON, **(headers or {})})


def request(**members: Any) -> bytes:
    return json.dumps({"query": "{hello}", **members}).encode()


HOSTILE: dict[str, bytes] = {
    "a number": b"1",
    "a string": b'"x"',
    "null": b"null",
    "true": b"true",
    "an array": b'[{"query": "{hello}"}]',
    "empty": b"",
    "blank": b"   ",
    "cut off": b'{"query": "{hel',
    "not UTF-8": b'{"query": "\xff\xfe{hello}"}',
    "UTF-16": json.dumps({"query": "{hello}"}).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + request(),
    "half a character in the name": b'{"query": "{hello}", "operationName": "\\ud800"}',
    "array 100 000 deep": b"[" * 100_000 + b"]" * 100_000,
    "variables 50 000 deep": b'{"query": "{hello}", "variables": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    "variables 21 deep": b'{"query": "{hello}", "variables": {"a": ' + b"[" * 21 + b"]" * 21 + b"}}",
    "integer of 6000 digits": b'{"query": "{hello}", "variables": {"a": ' + b"9" * 6000 + b"}}",
    "NaN": b'{"query": "{hello}", "variables": {"a": NaN}}',
    "-Infinity": b'{"query": "{hello}", "variables": {"a": -Infinity}}',
    "1e400": b'{"query": "{hello}", "variables": {"a": 1e400}}',
    "query twice": b'{"query": "{hello}", "query": "{crash}"}',
    "variable twice": b'{"query": "{hello}", "variables": {"a": 1, "a": 2}}',
    "query a number": request(query=1),
    "query a list": request(query=["{hello}"]),
    "query null": request(query=None),
    "no query": b"{}",
    "operationName a list": request(operationName=["a"]),
    "variables a list": request(variables=[1]),
    "variables a string": request(variables="{}"),
    "extensions a list": request(extensions=[]),
    "two things": request() + request(),
    "quotes without end": b'{"query": "' + b'\\"' * 100_000,
}
HOSTILE_DOCUMENTS = {
    "5000 deep": "{a" * 5000 + "}" * 5000,
    "150 deep": "{friend" * 150 + "}" * 150,
    "deep list value": "{sum(numbers: " + "[" * 200 + "]" * 200 + ")}",
    "deep type": "query($a: " + "[" * 200 + "Int" + "]" * 200 + ") {hello}",
    "no document": "",
    "comment only": "#",
    "control character": "{\x00hello}",
    "type system": "type Query { a: Int }",
    "half a character": '{hello(name: "\\uD800")}',
    "many quotes": '"' * 60_000,
    "many block quotes": '"""\\' * 15_000,
    "unknown directive": "{hello @nothing}",
    "subscription": "subscription {hello}",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_body_is_a_bad_request(raw: bytes) -> None:
    reply = await post(raw)
    assert reply.status_code == 400
    assert code_of(reply) == "BAD_REQUEST"


@pytest.mark.parametrize("text", HOSTILE_DOCUMENTS.values(), ids=HOSTILE_DOCUMENTS.keys())
async def test_hostile_document_is_refused_with_a_code(text: str) -> None:
    reply = await post(request(query=text), {"accept": "application/graphql-response+json"})
    assert reply.status_code == 400
    assert code_of(reply) in {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "OPERATION_TOO_LARGE", "OPERATION_RESOLUTION_FAILURE"}  # fmt: skip


async def test_body_over_the_cap_is_refused_by_its_length() -> None:
    reply = await post(request(variables={"a": "x" * 300_000}))
    assert (reply.status_code, code_of(reply)) == (413, "PAYLOAD_TOO_LARGE")


async def test_body_over_the_cap_is_refused_without_a_length() -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 10_000

    async with client(gateway()) as http:
        reply = await http.post("/graphql", content=chunks(), headers=JSON)
    assert (reply.status_code, code_of(reply)) == (413, "PAYLOAD_TOO_LARGE")


async def pieces_read(headers: list[tuple[bytes, bytes]]) -> int:
    """How many pieces of an endless body of 10 KB pieces are read before it is refused."""
    count = 0

    async def endless() -> dict[str, Any]:
        nonlocal count
        count += 1
        assert count < 1000
        return {"type": "http.request", "body": b" " * 10_000, "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(b"authorization", f"Bearer {token()}".encode()), (b"content-type", b"application/json"), *headers]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": given}
    await gateway()(scope, endless, send)
    assert sent[0]["status"] == 413
    return count


async def test_endless_body_is_not_read_beyond_the_cap() -> None:
    assert await pieces_read([]) <= 28


async def test_body_announced_as_too_long_is_not_read_at_all() -> None:
    assert await pieces_read([(b"content-length", b"300000")]) == 0


async def test_body_in_pieces_is_read_whole() -> None:
    async def chunks() -> Any:
        for byte in request():
            yield bytes([byte])

    async with client(gateway()) as http:
        reply = await http.post("/graphql", content=chunks(), headers=JSON)
    assert reply.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": ""},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/graphql"},
        {"content-encoding": "gzip"},
    ],
)
async def test_other_content_is_unsupported(headers: dict[str, str]) -> None:
    reply = await post(request(), headers)
    assert (reply.status_code, code_of(reply)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "value", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"']
)
async def test_json_in_utf8_is_read(value: str) -> None:
    assert (await post(request(), {"content-type": value})).status_code == 200


async def test_unknown_members_are_ignored() -> None:
    assert (await post(request(foo=1, variables=None, extensions={"x": 1}))).json() == {
        "data": {"hello": "hello world"}
    }


async def test_strangers_bodies_are_not_read() -> None:
    async with client(gateway(), None) as http:
        reply = await http.post("/graphql", content=b"[" * 1000, headers=JSON)
    assert reply.status_code == 401


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MEMBERS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("query", "operationName", "variables", "extensions", "documentId"), ANY_JSON)
)
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.binary(max_size=200))
async def test_no_bytes_break_the_gateway(raw: bytes) -> None:
    assert (await post(raw)).status_code < 500


@FUZZ
@given(MEMBERS)
async def test_no_json_breaks_the_gateway(members: dict[str, Any]) -> None:
    assert (await post(json.dumps(members).encode())).status_code < 500


@FUZZ
@given(st.text(alphabet='{}()[]:!$@#"\\ .,&|=\nabhello…\u202e0123456789', max_size=120))
async def test_no_document_breaks_the_gateway(text: str) -> None:
    engine = SmallEngine()
    async with client(gateway(engine)) as http:
        reply = await http.post("/graphql", json={"query": text})
    assert reply.status_code < 500
    assert reply.json().get("errors") or engine.seen
