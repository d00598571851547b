"""The load: a number of connections that each send the next request when the last is answered, from prepared bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import cast

import httptools
import msgspec
import uvloop


@dataclass(slots=True)
class Window:
    """What was measured while the load ran. Latencies in seconds."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    received: int = 0
    failed: int = 0

    @property
    def answered(self) -> int:
        return len(self.latencies)

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def post(port: int, path: str, body: object, headers: Sequence[tuple[str, str]] = ()) -> bytes:
    """A POST with a JSON body as it goes on the wire."""
    content = msgspec.json.encode(body)
    lines = [f"POST {path} HTTP/1.1", f"host: 127.0.0.1:{port}", "content-type: application/json"]
    lines += ["accept: application/json", f"content-length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def get(port: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\naccept: application/json\r\n\r\n".encode()


class _Client(asyncio.Protocol):
    """One connection. An answer fails that is not 200 or holds one of the `bad` texts."""

    def __init__(
        self, requests: Iterator[bytes], window: Window, until: float, bad: bytes | None, pause: float
    ) -> None:
        self._requests, self._window, self._until, self._bad, self._pause = requests, window, until, bad, pause
        self._parts: list[bytes] = []
        self.body = b""
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class
        self._send()

    def _send(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parts = []
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.body = body = b"".join(self._parts)
        self._window.received += len(body)
        if self._parser.get_status_code() != 200 or (self._bad is not None and self._bad in body):
            self._window.failed += 1
        self._window.latencies.append(now - self._sent)
        if now >= self._until:
            self._transport.close()
        else:
            asyncio.get_running_loop().call_later(self._pause, self._send)

    def connection_lost(self, _: Exception | None) -> None:
        if time.perf_counter() < self._until:
            self._window.failed += 1
        if not self.ended.done():
            self.ended.set_result(None)


def run(
    port: int,
    requests: Sequence[bytes],
    connections: int,
    seconds: float,
    bad: bytes | None = b'"errors"',
    pause: float = 0.0,
) -> Window:
    """Send these requests in turn over so many connections for so long. `pause`: seconds between answer and next."""
    supply = cycle(requests)

    async def load() -> Window:
        started = time.perf_counter()
        window = Window(seconds)

        def client() -> _Client:
            return _Client(supply, window, started + seconds, bad, pause)

        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(client, "127.0.0.1", port) for _ in range(connections)]
        await asyncio.gather(*(each.ended for _, each in made))
        window.seconds = time.perf_counter() - started
        return window

    return uvloop.run(load())


def once(port: int, request: bytes) -> bytes:
    """One request's answer body. Raises OSError where nobody answers whole, TimeoutError after ten seconds."""

    async def ask() -> bytes:
        window = Window(0.0)
        made = asyncio.get_running_loop().create_connection(
            lambda: _Client(iter([request]), window, 0.0, None, 0.0), "127.0.0.1", port
        )
        async with asyncio.timeout(10):
            _, client = await made
            await client.ended
        if not window.latencies:
            raise OSError("the connection was closed before the answer was whole")
        return client.body

    return uvloop.run(ask())
