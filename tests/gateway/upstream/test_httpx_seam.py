"""The transport as httpx sees it: any httpx client works over it, with httpx's own exceptions."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.transport import PooledTransport
from tests.gateway.upstream.hostile import Peer, always, hostile, once
from tests.servers import free_port


@pytest.fixture
async def transport() -> AsyncIterator[PooledTransport]:
    made = PooledTransport(Limits(max_connections=4, max_head_bytes=2000, max_body_bytes=5000))
    yield made
    await made.aclose()


async def test_httpx_client_works_over_it(transport: PooledTransport) -> None:
    body = gzip.compress(b"a" * 1000)
    answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    async with hostile(always(answer)) as server, httpx.AsyncClient(transport=transport) as client:
        response = await client.post(f"{server.url}/a?b=c", json={"x": 1})
        assert response.text == "a" * 1000
        assert "content-encoding" not in response.headers
        sent = server.seen[0].lower()
        assert sent.startswith(b"post /a?b=c http/1.1\r\n")
        assert sent.count(b"accept-encoding: gzip\r\n") == 1
        assert sent.count(b"content-length: 7\r\n") == 1


async def test_httpx_client_follows_nothing_by_itself(transport: PooledTransport) -> None:
    moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with hostile(always(moved)) as server, httpx.AsyncClient(transport=transport) as client:
        assert (await client.get(server.url)).status_code == 302


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"nonsense\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 6000\r\n\r\n", httpx.RemoteProtocolError),
        (b"", httpx.ReadError),
    ],
)
async def test_httpx_sees_its_own_exceptions(transport: PooledTransport, answer: bytes, error: type[Exception]) -> None:
    async with hostile(once(answer)) as server, httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(error):
            await client.get(server.url)


async def test_httpx_sees_connect_and_read_errors(transport: PooledTransport) -> None:
    async def never(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(60)

    async with httpx.AsyncClient(transport=transport, timeout=httpx.Timeout(5, read=0.05)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{free_port()}/")
        async with hostile(never) as server:
            with pytest.raises(httpx.ReadTimeout):
                await client.get(server.url)
        with pytest.raises(httpx.LocalProtocolError):
            await client.get(server.url, headers={"x-a": "a\r\nb: c"})
