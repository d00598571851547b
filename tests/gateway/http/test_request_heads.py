"""Request heads are bounded in bytes and in time, on real sockets."""

from __future__ import annotations

import asyncio
import json

import pytest

import gateway.http.protocol as protocol
from tests.gateway.kit import gateway
from tests.gateway.serving import served

GET = b"GET /health/live HTTP/1.1\r\nhost: x\r\n"


async def exchange(*pieces: bytes, end: bool = False) -> bytes:
    """What the server answers to these pieces, until it closes or says no more."""
    async with served(gateway(), http=protocol.BoundedHeads) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.005)
            if end:
                return await asyncio.wait_for(reader.read(), 10)
            return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@pytest.mark.parametrize(
    "pieces",
    [
        [GET + b"a: b\r\n\r\n"],
        [GET, b"a: b\r\n", b"\r\n"],
        [bytes([byte]) for byte in GET + b"\r\n"],
        [GET + b"a: " + b"x" * 20_000 + b"\r\n", b"b: c\r\n\r\n"],
        [b"POST /x HTTP/1.1\r\ncontent-length: 100000\r\n\r\n" + b"x" * 100_000 + GET, b"\r\n"],
    ],
    ids=["whole", "in lines", "in bytes", "large", "after a large body"],
)
async def test_head_within_bounds_is_answered(pieces: list[bytes]) -> None:
    assert (await exchange(*pieces)).startswith((b"HTTP/1.1 200", b"HTTP/1.1 404"))


@pytest.mark.parametrize(
    "pieces",
    [
        [GET + b"a: " + b"x" * 40_000 + b"\r\n\r\n"],
        [GET + b"a: b\r\n" * 20_000],
        [GET + b"a: ", *[b"x" * 10_000] * 5],
        [b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\n\r\n"],
    ],
    ids=["one large", "many small", "without end", "address"],
)
async def test_head_beyond_bounds_is_refused(pieces: list[bytes]) -> None:
    reply = await exchange(*pieces, end=True)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 431")  # a reset may overtake the answer


@pytest.mark.parametrize("piece", [b"", b"GET / HT", GET, GET + b"a: b\r\n"])
async def test_slow_head_is_given_up(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    assert await exchange(piece, end=True) == b""


async def test_body_may_take_longer_than_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.02)
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n"
    assert (await exchange(head, *[b"x"] * 3)).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"hello\r\n\r\n"])
async def test_what_is_no_http_is_refused_in_json(raw: bytes) -> None:
    reply = await exchange(raw, end=True)
    assert reply.startswith(b"HTTP/1.1 400")
    assert json.loads(reply.split(b"\r\n\r\n", 1)[1])["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
