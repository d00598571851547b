"""One kept-alive connection: one request at a time, one answer to it, or a typed failure."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import cast

from gateway.upstream.transport.answer import Answer, AnswerReader
from gateway.upstream.transport.errors import (
    AnswerTimeoutError,
    DisconnectedError,
    TransportError,
)
from gateway.upstream.transport.limits import Limits


class Connection(asyncio.Protocol):
    """A protocol instance per socket; the pool hands it from request to request."""

    __slots__ = (
        "_deadline",
        "_due",
        "_idle_since",
        "_loop",
        "_lost",
        "_poll",
        "_read_seconds",
        "_reader",
        "_timer",
        "_timer_at",
        "_transport",
        "_waiter",
        "closed",
        "connected",
        "idle_limit",
        "served",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits, lost: Callable[[Connection], None]) -> None:
        self._loop = loop
        self._lost = lost
        self._reader = AnswerReader(limits.max_head_bytes, limits.max_body_bytes)
        self._read_seconds = limits.read_seconds
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._poll: Callable[[int], list[tuple[int, int]]] | None = None
        self._deadline = self._due = self._timer_at = 0.0
        self.closed = False
        self.connected = False
        self.served = 0
        self._idle_since = 0.0
        self.idle_limit = limits.idle_seconds

    # Called by the pool.

    def exchange(
        self, data: bytes, *, head_only: bool, deadline: float, read_seconds: float | None = None
    ) -> asyncio.Future[Answer]:
        """Write a whole request; the future is its whole answer or a TransportError."""
        waiter = self._loop.create_future()
        self._waiter = waiter
        transport = self._transport
        if self.closed or transport is None:
            self._fail(DisconnectedError("the connection was closed", silent=True))
            return waiter
        if read_seconds is not None:
            self._read_seconds = read_seconds
        self._deadline = deadline
        self._reader.start(head_only=head_only)
        self._due = due = min(deadline, self._loop.time() + self._read_seconds)
        if self._timer is None or self._timer_at > due:
            self._arm(due)
        transport.write(data)
        return waiter

    def usable(self) -> bool:
        """Whether an idle connection may take a request.

        Anything that can be read from an idle connection is its end or an answer nobody asked for; either
        way the next answer read from it might not belong to the next request.
        """
        if self.closed or self._loop.time() - self._idle_since >= self.idle_limit:
            return False
        return self._poll is None or not self._poll(0)

    def rest(self) -> bool:
        """Idle from now on; whether the connection can be kept after the answer just read."""
        self._idle_since = self._loop.time()
        transport = self._transport
        return (
            self._reader.reusable
            and not self.closed
            and transport is not None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0
        )

    def abort(self) -> None:
        """End at once, whatever is in flight."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.connected = True
        sock = transport.get_extra_info("socket")
        if sock is not None and hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock.fileno(), select.POLLIN)
            self._poll = poll.poll

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.abort()
            return
        try:
            whole = self._reader.feed(data)
        except TransportError as error:
            self._fail(error)
            return
        if whole:
            self._complete()
        else:
            self._due = min(self._deadline, self._loop.time() + self._read_seconds)

    def eof_received(self) -> bool:
        self._ended(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._ended(exc)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._lost(self)

    # Inner.

    def _complete(self) -> None:
        waiter, self._waiter = self._waiter, None
        self.served += 1
        if waiter is not None and not waiter.done():
            hint = self._reader.keep_alive
            if hint is not None:
                self._keep_alive_hint(hint)
            waiter.set_result(self._reader.answer())

    def _keep_alive_hint(self, hint: bytes) -> None:
        for part in hint.split(b","):
            name, _, value = part.partition(b"=")
            seconds = value.strip()
            if name.strip().lower() == b"timeout" and seconds.isdigit() and len(seconds) < 6:
                self.idle_limit = min(self.idle_limit, max(int(seconds) - 1.0, 0.0))

    def _ended(self, exc: Exception | None) -> None:
        self.closed = True
        if self._waiter is None:
            return
        if exc is None and self._reader.end():
            self._complete()
        else:
            self._fail(DisconnectedError("the connection ended before the answer did", silent=self._reader.silent))

    def _fail(self, error: TransportError) -> None:
        waiter, self._waiter = self._waiter, None
        self.abort()
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    def _arm(self, due: float) -> None:
        # The timer outlives the request: moving a due time costs nothing, a new timer per request does.
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() + 0.0005 < self._due:
            self._arm(self._due)
            return
        self._fail(AnswerTimeoutError("no whole answer in time"))
