"""Methods, media types, headers, origins and failures at the endpoint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt as pyjwt
import pytest

from gateway.errors import CODES, Refusal
from tests.gateway.kit import NHS_NUMBER, SmallEngine, client, code_of, gateway, token

GRAPHQL = "application/graphql-response+json"
NEW = {"accept": GRAPHQL}


async def ask(
    query: str = "{hello}", headers: dict[str, str] | None = None, engine: SmallEngine | None = None, **members: Any
) -> httpx.Response:
    async with client(gateway(engine)) as http:
        return await http.post("/graphql", json={"query": query, **members}, headers=headers)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (GRAPHQL, GRAPHQL),
        ("application/json", "application/json"),
        (f"{GRAPHQL};q=0.5, application/json", "application/json"),
        (f"application/json;q=0.9, {GRAPHQL}", GRAPHQL),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        (f"text/html, {GRAPHQL};charset=utf-8;q=0.1", GRAPHQL),
    ],
)
async def test_answer_has_the_accepted_type(accept: str, media_type: str) -> None:
    reply = await ask(headers={"accept": accept})
    assert reply.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert reply.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize("accept", ["text/plain", "application/xml", f"{GRAPHQL};q=0", f"{GRAPHQL};charset=utf-16"])
async def test_unserved_type_is_not_acceptable(accept: str) -> None:
    reply = await ask(headers={"accept": accept})
    assert (reply.status_code, code_of(reply)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(("query", "code"), [("{", "GRAPHQL_PARSE_FAILED"), ("{nope}", "GRAPHQL_VALIDATION_FAILED")])
async def test_faulty_document_is_400_or_200_by_type(query: str, code: str) -> None:
    new, old = await ask(query, NEW), await ask(query, {"accept": "application/json"})
    assert (new.status_code, old.status_code) == (400, 200)
    assert code_of(new) == code_of(old) == code


async def test_failed_field_keeps_its_answer() -> None:
    reply = await ask("{hello crash}", NEW)
    assert reply.status_code == 200
    assert reply.json()["data"] == {"hello": "hello world", "crash": None}


@pytest.mark.parametrize("name", [None, "C"])
async def test_unclear_operation_is_refused(name: str | None) -> None:
    reply = await ask("query A {hello} query B {crash}", NEW, operationName=name)
    assert code_of(reply) == "OPERATION_RESOLUTION_FAILURE"


async def test_named_operation_runs_alone() -> None:
    engine = SmallEngine()
    reply = await ask("query A {hello} query B {crash}", NEW, engine, operationName="A")
    assert reply.json() == {"data": {"hello": "hello world"}}
    assert [operation.name for operation, _, _ in engine.seen] == ["A"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE"])
async def test_other_methods_are_not_allowed(method: str) -> None:
    async with client(gateway()) as http:
        reply = await http.request(method, "/graphql")
    assert reply.status_code == 405
    assert "POST" in reply.headers["allow"]


async def test_get_runs_queries_with_variables() -> None:
    async with client(gateway()) as http:
        reply = await http.get(
            "/graphql", params={"query": "query($n: String) {hello(name: $n)}", "variables": '{"n": "x"}'}
        )
    assert reply.json() == {"data": {"hello": "hello x"}}


async def test_get_refuses_mutations() -> None:
    engine = SmallEngine()
    async with client(gateway(engine)) as http:
        reply = await http.get("/graphql", params={"query": "mutation {touch}"})
    assert reply.status_code == 405
    assert engine.seen == []


@pytest.mark.parametrize(
    "query",
    [
        "query={hello}&query={crash}",
        "query={hello}&variables=[",
        "query={hello}&variables=[1]",
        "query=%ff",
        "&".join(["a=1"] * 30),
        "",
    ],
)
async def test_malformed_query_string_is_a_bad_request(query: str) -> None:
    async with client(gateway()) as http:
        reply = await http.get(f"/graphql?{query}")
    assert (reply.status_code, code_of(reply)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"},
        {"cookie": "session=1"},
    ],
)
async def test_forged_get_is_refused(headers: dict[str, str]) -> None:
    async with client(gateway(), None) as http:
        reply = await http.get("/graphql", params={"query": "{hello}"}, headers=headers)
    assert (reply.status_code, code_of(reply)) == (403, "CROSS_SITE_REQUEST")


async def test_answers_carry_security_headers() -> None:
    headers = (await ask()).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers
    assert "strict-transport-security" not in headers


async def test_hsts_is_a_setting() -> None:
    async with client(gateway(config={"server": {"hsts": True}})) as http:
        reply = await http.post("/graphql", json={"query": "{hello}"})
    assert "max-age" in reply.headers["strict-transport-security"]


async def test_request_id_is_kept_only_if_it_is_one() -> None:
    given = "6f1c2b1e-8a5d-4e8c-9d0a-0123456789ab"
    assert (await ask(headers={"x-request-id": given})).headers["x-request-id"] == given
    assert (await ask(headers={"x-request-id": NHS_NUMBER})).headers["x-request-id"] != NHS_NUMBER


async def test_engine_sees_neither_token_nor_cookie() -> None:
    engine = SmallEngine()
    await ask(headers={"cookie": "a=b", "traceparent": "00-1"}, engine=engine)
    headers = engine.seen[0][2].headers
    assert headers["traceparent"] == "00-1"
    assert not {"authorization", "cookie"} & headers.keys()


ORIGIN = "https://app.trust.test"


async def test_foreign_origin_gets_no_permission() -> None:
    async with client(gateway(config={"cors": {"origins": [ORIGIN]}})) as http:
        asked = await http.options(
            "/graphql", headers={"origin": "https://evil.test", "access-control-request-method": "POST"}
        )
        got = await http.post("/graphql", json={"query": "{hello}"}, headers={"origin": "https://evil.test"})
    for reply in (asked, got):
        assert not [name for name in reply.headers if name.startswith("access-control-")]
        assert reply.headers["vary"] == "origin"


async def test_configured_origin_gets_permission() -> None:
    async with client(gateway(config={"cors": {"origins": [ORIGIN]}})) as http:
        asked = await http.options("/graphql", headers={"origin": ORIGIN, "access-control-request-method": "POST"})
        got = await http.post("/graphql", json={"query": "{hello}"}, headers={"origin": ORIGIN})
    assert asked.status_code == 204
    assert "authorization" in asked.headers["access-control-allow-headers"]
    assert asked.headers["access-control-allow-origin"] == got.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in asked.headers


async def test_refusals_reach_a_configured_origin_too() -> None:
    async with client(gateway(config={"cors": {"origins": [ORIGIN]}}), None) as http:
        reply = await http.post("/graphql", json={"query": "{hello}"}, headers={"origin": ORIGIN})
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (401, ORIGIN)


FOREIGN = [
    ValueError(f"bad {NHS_NUMBER}"),
    RecursionError(),
    KeyError(NHS_NUMBER),
    httpx.ReadTimeout(NHS_NUMBER),
    pyjwt.InvalidTokenError(NHS_NUMBER),
    json.JSONDecodeError(NHS_NUMBER, NHS_NUMBER, 0),
    MemoryError(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, NHS_NUMBER),
    TimeoutError(),
    ExceptionGroup(NHS_NUMBER, [ValueError(NHS_NUMBER)]),
]


@pytest.mark.parametrize("failure", FOREIGN, ids=lambda failure: type(failure).__name__)
async def test_no_foreign_exception_escapes(failure: Exception) -> None:
    engine = SmallEngine()
    engine.failure = failure
    reply = await ask(engine=engine)
    assert (reply.status_code, code_of(reply)) == (500, "INTERNAL_ERROR")
    assert NHS_NUMBER not in reply.text


@pytest.mark.parametrize("code", [name for name, row in CODES.items() if row.scope == "request"])
async def test_every_refusal_keeps_its_code_and_status(code: str) -> None:
    engine = SmallEngine()
    engine.failure = Refusal(code)
    reply = await ask(headers=NEW, engine=engine)
    assert (reply.status_code, code_of(reply)) == (CODES[code].status, code)


async def test_too_many_in_hand_are_turned_away() -> None:
    engine = SmallEngine()
    hold = asyncio.Event()
    answer = engine.answer

    async def slow(*arguments: Any) -> Any:
        await hold.wait()
        return await answer(*arguments)

    engine.answer = slow  # type: ignore[method-assign]
    async with client(gateway(engine, {"server": {"in_flight": 1}})) as http:
        first = asyncio.create_task(http.post("/graphql", json={"query": "{hello}"}))
        await asyncio.sleep(0.01)
        second = await http.post("/graphql", json={"query": "{hello}"})
        hold.set()
        assert (await first).status_code == 200
    assert (second.status_code, second.headers["retry-after"]) == (503, "1")


async def frames(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_frames_arrive_as_multipart() -> None:
    engine = SmallEngine()
    engine.frames = frames(b'{"data":{},"hasNext":true}', b'{"hasNext":false}')
    reply = await ask(headers={"accept": f"multipart/mixed, {GRAPHQL}"}, engine=engine)
    assert reply.headers["content-type"] == 'multipart/mixed; boundary="-"'
    parts = [part.strip() for part in reply.text.split("\r\n---")]
    bodies = [json.loads(part.split("\r\n\r\n", 1)[1]) for part in parts if "\r\n\r\n" in part]
    assert bodies == [{"data": {}, "hasNext": True}, {"hasNext": False}]
    assert reply.text.endswith("\r\n-----\r\n")


async def test_client_without_multipart_gets_one_answer() -> None:
    engine = SmallEngine()
    engine.frames = frames(b"never")
    assert (await ask(headers=NEW, engine=engine)).json() == {"data": {"hello": "hello world"}}
    await engine.frames.aclose()  # type: ignore[attr-defined]


async def test_departed_client_closes_the_frames() -> None:
    engine = SmallEngine()
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"{}"
                await asyncio.sleep(0.001)
        finally:
            closed.set()

    engine.frames = endless()
    body = json.dumps({"query": "{hello}"}).encode()
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await incoming.put({"type": "http.request", "body": body})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 4:
            await incoming.put({"type": "http.disconnect"})

    headers = [
        (b"authorization", f"Bearer {token()}".encode()),
        (b"accept", b"multipart/mixed"),
        (b"content-type", b"application/json"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await asyncio.wait_for(gateway(engine)(scope, incoming.get, send), 5)
    assert closed.is_set()


async def test_slow_body_is_given_up() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)
        yield b"}"

    async with client(gateway(config={"server": {"body_timeout_s": 0.02}})) as http:
        reply = await http.post("/graphql", content=slow(), headers={"content-type": "application/json"})
    assert (reply.status_code, code_of(reply)) == (408, "REQUEST_TIMEOUT")


async def test_client_that_leaves_before_its_body_is_complete_is_no_error() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {token()}".encode()), (b"content-type", b"application/json")]
    await gateway()(
        {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}, gone, send
    )
    assert sent == []


async def test_other_paths_are_not_found() -> None:
    async with client(gateway()) as http:
        for path in ("/", "/graphql/", "/graphql/x", "/admin", "/.env"):
            reply = await http.get(path)
            assert (reply.status_code, code_of(reply)) == (404, "NOT_FOUND")
