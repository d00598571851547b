"""The upstream client: what leaves it, what comes back, and when it asks again or not at all."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from typing import Any

import httpx
import pytest
import respx

from gateway.upstream.auth import Outgoing, api_key, bearer
from gateway.upstream.client import UpstreamClient
from gateway.upstream.settings import UpstreamSettings
from gateway.upstream.target import BaseUrl
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.tls import TlsSettings, TlsSettingsError
from gateway.upstream.transport.transport import PooledTransport
from resolvers.sources.upstream import Failure, UpstreamError
from tests.gateway.upstream.clients import (
    PATIENT,
    Raises,
    Watcher,
    client,
    failure,
    get,
    status,
)
from tests.gateway.upstream.hostile import OK, Peer, always, hostile, once
from tests.servers import free_port

# What leaves.


async def test_request_is_joined_to_the_base_url() -> None:
    async with hostile(always(OK)) as server, client(f"{server.url}/fhir/r4/") as made:
        await get(made, "Patient", query=(("identifier", "a|b c&d"), ("_sort", "-date,_id")))
        await get(made, "/metadata", query={"_format": "json"})
        await get(made, "")
        await get(made, f"{server.url}/fhir/r4/next?page=2")
        targets = [seen.split(b" ")[1].decode() for seen in server.seen]
        assert targets == [
            "/fhir/r4/Patient?identifier=a%7Cb%20c%26d&_sort=-date%2C_id",
            "/fhir/r4/metadata?_format=json",
            "/fhir/r4/",
            "/fhir/r4/next?page=2",
        ]


@pytest.mark.parametrize(
    "path",
    [
        "http://elsewhere.example/fhir",
        "https://127.0.0.1/fhir",
        "//elsewhere.example/fhir",
        "http://user@127.0.0.1/fhir",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "../admin",
        "Patient/../../admin",
        "Patient/%2e%2E/admin",
        "Patient/..",
        "Patient\\..\\admin",
        "Patient/1 HTTP/1.1",
        "Patient/1\r\nx: y",
        "Patient/é",
        "Patient#part",
    ],
)
async def test_target_that_leaves_the_base_is_never_sent(path: str) -> None:
    async with hostile(always(OK)) as server, client(f"{server.url}/fhir") as made:
        assert (await failure(made, path)).failure is Failure.MALFORMED
        assert server.connections == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "1.2.3.4"},
        {"cookie": "a=b"},
        {"host": "elsewhere"},
        {"content-length": "3"},
        {"transfer-encoding": "chunked"},
        {"accept": "a\r\nx: y"},
        {"accept": "a\nb"},
        {"accept": "a\x00"},
        {"accept": "€"},
        {"x-request-id\r\nx": "y"},
    ],
)
async def test_header_off_the_list_is_never_sent(headers: dict[str, str]) -> None:
    async with hostile(always(OK)) as server, client(server.url) as made:
        error = await failure(made, headers=headers)
        assert error.failure is Failure.MALFORMED
        assert not any(value in str(error) for value in headers.values())
        assert server.connections == 0


async def test_listed_headers_are_sent() -> None:
    headers = {"Ssp-TraceID": "t", "X-Request-ID": "i", "x-extra": "e", "authorization": "Bearer x"}
    async with hostile(always(OK)) as server, client(server.url, allow_headers=frozenset({"x-extra"})) as made:
        await get(made, headers=headers)
        for name, value in headers.items():
            assert f"{name}: {value}\r\n".encode() in server.seen[0]


async def test_adapter_cannot_replace_the_configured_credentials() -> None:
    async with hostile(always(OK)) as server, client(server.url, auth=bearer("secret")) as made:
        assert (await failure(made, headers={"Authorization": "Bearer other"})).failure is Failure.MALFORMED
        assert server.connections == 0


async def test_post_carries_its_body() -> None:
    async with hostile(always(OK)) as server, client(server.url) as made:
        deadline = asyncio.get_running_loop().time() + 5
        await made.send("POST", "graphql", content=b'{"query":"{a}"}', deadline=deadline)
        assert server.seen[0].endswith(b'content-length: 15\r\n\r\n{"query":"{a}"}')
        with pytest.raises(UpstreamError):
            await made.send("DELETE", "Patient/1", deadline=deadline)
        assert len(server.seen) == 1


async def test_fixed_and_key_headers_are_sent_and_never_shown() -> None:
    async with hostile(always(OK)) as server:
        headers = (("x-fixed", "hunter1"),)
        async with client(server.url, headers=headers, auth=api_key("hunter2")) as made:
            await get(made)
            assert b"x-fixed: hunter1\r\n" in server.seen[0]
            assert b"apikey: hunter2\r\n" in server.seen[0]
            shown = repr(made) + repr(made.settings) + repr(api_key("hunter2")) + repr(made.__dict__["_base"])
            assert "hunter" not in shown


# What comes back.


async def test_reply_has_lower_case_joined_headers_and_the_inflated_body() -> None:
    body = gzip.compress(b'{"a":1}')
    answer = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )
    async with hostile(always(answer)) as server, client(server.url) as made:
        reply = await get(made)
        assert (reply.status, reply.body, reply.headers["x-a"]) == (200, b'{"a":1}', "1, 2")


@pytest.mark.parametrize("code", [301, 302, 307, 400, 401, 403, 404, 409, 422, 429, 500, 501, 503])
async def test_every_status_is_a_reply(code: int) -> None:
    answer = status(code, "location: http://127.0.0.1:1/\r\n")
    async with hostile(always(answer)) as server, client(server.url) as made:
        reply = await get(made)
        assert (reply.status, reply.body) == (code, b"no")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", Failure.UNAVAILABLE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", Failure.UNAVAILABLE),
        (b"SSH-2.0-x\r\n", Failure.MALFORMED),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n", Failure.MALFORMED),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nno", Failure.MALFORMED),
    ],
)
async def test_broken_answers_are_typed(answer: bytes, kind: Failure) -> None:
    async with hostile(once(answer)) as server, client(server.url, limits=Limits(max_body_bytes=5000)) as made:
        assert (await failure(made)).failure is kind


async def test_down_and_slow_are_told_apart() -> None:
    async def never(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(60)

    watcher = Watcher()
    async with client(f"http://127.0.0.1:{free_port()}", observer=watcher) as made:
        assert (await failure(made)).failure is Failure.UNAVAILABLE
    async with hostile(never) as server, client(server.url, observer=watcher) as made:
        assert (await failure(made, seconds=0.05)).failure is Failure.TIMED_OUT
        assert (await failure(made, seconds=-1)).failure is Failure.TIMED_OUT
        assert len(server.seen) == 1
    assert watcher.seen == [("royal", "UNAVAILABLE"), ("royal", "TIMED_OUT"), ("royal", "TIMED_OUT")]


async def test_cancellation_passes_through() -> None:
    async def never(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(60)

    watcher = Watcher()
    async with hostile(never) as server, client(server.url, observer=watcher, concurrency=1) as made:
        task = asyncio.create_task(get(made))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert watcher.seen == [("royal", "CANCELLED")]
        assert made._limiter.in_use == 0


class RaisesFast(PooledTransport):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    async def exchange(self, *args: Any, **kwargs: Any) -> Any:
        raise self.error


def every_httpx_error() -> list[Exception]:
    found: list[Exception] = []
    pending: list[type[Exception]] = [httpx.HTTPError]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        if kind is not httpx.HTTPStatusError:
            found.append(kind(f"about {PATIENT}"))
    return [*found, httpx.InvalidURL("x"), httpx.StreamConsumed(), httpx.CookieConflict("x")]


FOREIGN = [
    *every_httpx_error(),
    OSError(f"about {PATIENT}"),
    ConnectionResetError("x"),
    TimeoutError("x"),
    TimeoutError("x"),
    asyncio.IncompleteReadError(b"", 1),
    ssl.SSLError("x"),
    ssl.SSLCertVerificationError("x"),
    json.JSONDecodeError("x", "y", 0),
    UnicodeDecodeError("utf-8", b"x", 0, 1, "x"),
    ValueError("x"),
    KeyError("x"),
    RuntimeError("x"),
    RecursionError("x"),
    MemoryError("x"),
    AssertionError("x"),
]


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("through", [Raises, RaisesFast])
async def test_no_foreign_exception_escapes(error: Exception, through: type[Raises]) -> None:
    async with client("http://127.0.0.1", transport=through(error)) as made:
        seen = await failure(made, f"Patient/{PATIENT}")
        assert PATIENT not in str(seen) + repr(seen)


# The httpx seam.


async def test_respx_router_plugs_in_as_a_transport() -> None:
    router = respx.Router()
    route = router.get("http://hospital.example/fhir/Patient", params={"_id": "1"}).respond(json={"a": 1})
    transport = httpx.MockTransport(router.async_handler)
    async with client("http://hospital.example/fhir", transport=transport, auth=api_key("k")) as made:
        reply = await get(made, query={"_id": "1"}, headers={"accept": "application/fhir+json"})
        assert json.loads(reply.body) == {"a": 1}
        assert reply.headers["content-type"] == "application/json"
        sent = route.calls.last.request
        assert (sent.headers["apikey"], sent.headers["accept"]) == ("k", "application/fhir+json")


@respx.mock
async def test_plain_respx_intercepts_the_httpx_transport() -> None:
    respx.get("http://hospital.example/Patient").mock(side_effect=[httpx.Response(503), httpx.Response(200)])
    async with client("http://hospital.example", transport=httpx.AsyncHTTPTransport()) as made:
        assert (await get(made)).status == 200


async def test_other_transports_keep_the_caps_and_deadlines() -> None:
    def large(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"x" * 6000)

    def bomb(request: httpx.Request) -> httpx.Response:
        packed = gzip.compress(b"x" * 6000)
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed))

    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    limits = Limits(max_body_bytes=5000)
    for handler, kind in ((large, Failure.MALFORMED), (bomb, Failure.MALFORMED), (slow, Failure.TIMED_OUT)):
        async with client("http://h", transport=httpx.MockTransport(handler), limits=limits) as made:
            assert (await failure(made, seconds=0.1)).failure is kind


async def test_any_httpx_auth_works() -> None:
    async def challenge(peer: Peer) -> None:
        while True:
            head = await peer.request()
            if b"authorization: Digest" in head.replace(b"Authorization", b"authorization"):
                await peer.say(OK)
            else:
                demand = 'www-authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256\r\n'
                await peer.say(status(401, demand))

    async with hostile(challenge) as server, client(server.url, auth=httpx.DigestAuth("user", "hunter2")) as made:
        assert (await get(made)).status == 200
        assert len(server.seen) == 2
        assert b"hunter2" not in b"".join(server.seen)


# Settings.


async def test_base_url_itself_is_asked_as_it_was_configured() -> None:
    async with hostile(always(OK)) as server:
        for path in ("", "/", "/graphql", "/graphql/"):
            async with client(f"{server.url}{path}") as made:
                await get(made, "")
        assert [seen.split(b" ")[1] for seen in server.seen] == [b"/", b"/", b"/graphql", b"/graphql/"]


def test_host_names_are_as_dns_has_them() -> None:
    assert BaseUrl("https://krankenhäuser.example/a").origin.authority == "xn--krankenhuser-ncb.example"
    assert BaseUrl("http://[::1]:8080/a").origin.authority == "[::1]:8080"


@pytest.mark.parametrize("url", ["ftp://h", "h", "http://", "http://u:p@h/", "http://h/?a=b", "http://h/#f"])
def test_unusable_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        UpstreamClient(UpstreamSettings("x", url))


def test_unusable_certificate_is_found_at_once(tmp_path: Any) -> None:
    tls = TlsSettings(ca_file=tmp_path / "absent.pem")
    with pytest.raises(TlsSettingsError):
        UpstreamClient(UpstreamSettings("x", "https://h", tls=tls))


async def test_credentials_see_the_request_as_sent() -> None:
    seen: list[Outgoing] = []

    class Recorder:
        async def headers(self, outgoing: Outgoing, deadline: float) -> tuple[tuple[str, str], ...]:
            seen.append(outgoing)
            return (("x-signed", "1"),)

        def rejected(self) -> bool:
            return False

    async with hostile(always(OK)) as server, client(f"{server.url}/b", auth=Recorder()) as made:
        await get(made, "Patient", query={"a": "b"})
        assert (seen[0].method, seen[0].target, seen[0].authority) == (
            "GET",
            "/b/Patient?a=b",
            f"127.0.0.1:{server.port}",
        )
        assert b"x-signed: 1\r\n" in server.seen[0]
