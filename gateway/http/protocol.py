"""uvicorn's HTTP protocol with a bound on request heads, and a short way out for answers in one piece.

uvicorn's httptools protocol bounds neither a head's bytes nor its time, so one connection could send headers for ever
and fill memory with them. It writes head and body of an answer apart, after looking at every header with two patterns;
an application that has both at hand, and vouches for its headers, finds `WHOLE` in its scope's extensions instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.errors import Refusal
from gateway.http.body import as_json

HEAD_BYTES = 32_768
"""Request line and headers; a token is at most 8 KB of it, a GET's document at most 16 KB."""

HEAD_SECONDS = 10.0
"""From a connection's opening, or a request's first byte, to its last header."""

_BODY = as_json({"errors": [Refusal("BAD_REQUEST", "This is not HTTP as this server speaks it.").as_error()]})
_REST = b"\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
_MALFORMED = b"HTTP/1.1 400 Bad Request" + _REST
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large" + _REST


WHOLE = "joinup.whole_answer"
Whole = Callable[[bytes, bytes], bool]
"""Header lines, the last of them followed by an empty one, and a body → whether they are on their way. If not, the
answer is to be sent as ASGI has it."""


class BoundedHeads(HttpToolsProtocol):
    """Closes connections whose heads are too large (431) or too slow (no answer)."""

    _head = 0
    _received = 0
    _in_head = True
    _begun = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._head = self._received = 0
        self._in_head = self._begun = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._head += len(url)
        if self._head > HEAD_BYTES:
            raise OverflowError
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > HEAD_BYTES:
            raise OverflowError  # httptools reports it as a parser error, which ends in `send_400_response`
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        self.scope["extensions"] = {WHOLE: partial(write_whole, self.cycle)}  # type: ignore[dict-item]

    def data_received(self, data: bytes) -> None:
        self._begun = False
        super().data_received(data)
        if not self._in_head:
            self._disarm()
            return
        self._arm()
        if not self._begun:  # else the piece may hold the end of the request before
            self._received += len(data)
        if max(self._head, self._received) > HEAD_BYTES:
            self._refuse(_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        too_large = self._in_head and self._head > HEAD_BYTES
        self._refuse(_TOO_LARGE if too_large else _MALFORMED)

    def _refuse(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

    def _arm(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _disarm(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def write_whole(cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
    """Answer 200 with a whole answer; False if the connection is not ready to take it at once."""
    if cycle.disconnected or cycle.response_started or cycle.flow.write_paused:
        return False
    lines = [STATUS_LINE[200], *(b"%b: %b\r\n" % header for header in cycle.default_headers)]
    if not cycle.keep_alive:
        lines.append(b"connection: close\r\n")
    cycle.transport.writelines([b"".join([*lines, head]), body])
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
