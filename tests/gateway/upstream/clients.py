"""An upstream client over a server or a transport, and what tests ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.upstream.client import UpstreamClient
from gateway.upstream.settings import RetryPolicy, UpstreamSettings
from resolvers.sources.upstream import Reply, UpstreamError
from tests.gateway.upstream.hostile import Peer

QUICK = RetryPolicy(min_wait_seconds=0.0, max_wait_seconds=0.001)
PATIENT = "9990000018"


class Watcher:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def observe(self, upstream: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.seen.append((upstream, outcome))


@asynccontextmanager
async def client(url: str, **given: Any) -> AsyncIterator[UpstreamClient]:
    arguments = {name: given.pop(name) for name in ("auth", "transport", "observer", "clock") if name in given}
    made = UpstreamClient(UpstreamSettings("royal", url, **{"retry": QUICK, **given}), **arguments)
    try:
        yield made
    finally:
        await made.aclose()


async def get(made: UpstreamClient, path: str = "Patient", seconds: float = 5, **given: Any) -> Reply:
    return await made.send("GET", path, deadline=asyncio.get_running_loop().time() + seconds, **given)


async def failure(made: UpstreamClient, path: str = "Patient", seconds: float = 5, **given: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await get(made, path, seconds, **given)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


def status(code: int, extra: str = "") -> bytes:
    return f"HTTP/1.1 {code} X\r\n{extra}content-length: 2\r\n\r\nno".encode()


def scripted(*answers: bytes) -> Callable[[Peer], Any]:
    left = list(answers)

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(left.pop(0) if len(left) > 1 else left[0])

    return script


class Raises(httpx.AsyncBaseTransport):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self.error


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now
