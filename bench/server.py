"""A small HTTP/1.1 server for prepared answers: what a measured gateway asks must never be what it waits for.

An application is a function from method, path with query, and body to an `Answer`. Answers may be delayed, dropped
with the connection, or never given.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools
import uvloop

HANG = float("inf")
DROP = -1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response as bytes, given after `delay` seconds; HANG: never; DROP: the connection is closed."""

    wire: bytes
    delay: float = 0.0


Application = Callable[[str, str, bytes], Answer]


def wire(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    """A response on the wire."""
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One connection; requests on it are answered in order."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._body: list[bytes] = []
        self._waiting: deque[Answer] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class

    def connection_lost(self, _: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.abort()

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        method, path, body = self._parser.get_method().decode(), self._path.decode(), b"".join(self._body)
        self._path, self._body = b"", []
        answer = self._application(method, path, body)
        if answer.delay == 0 and not self._waiting:
            self._transport.write(answer.wire)
        elif answer.delay == DROP:
            self._transport.abort()
        elif answer.delay != HANG:
            self._waiting.append(answer)
            if self._timer is None:
                self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._waiting[0].delay, self._give)

    def _give(self) -> None:
        self._timer = None
        self._transport.write(self._waiting.popleft().wire)
        if self._waiting:
            self._wait()


def serve(application: Application, port: int) -> None:
    """Serve on the loopback until the process is ended."""

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: Connection(application), "127.0.0.1", port, backlog=1024
        )
        await server.serve_forever()

    uvloop.run(forever())
