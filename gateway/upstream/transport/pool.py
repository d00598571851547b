"""Connections to one origin: the most recently used first, never more than the limit, first come first served."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque

from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.connection import Connection
from gateway.upstream.transport.decode import decompress
from gateway.upstream.transport.errors import (
    ConnectError,
    ConnectTimeoutError,
    DisconnectedError,
    NoConnectionError,
    TlsError,
)
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.request import Origin


class OriginPool:
    """The connections to one origin, on one event loop."""

    def __init__(self, origin: Origin, limits: Limits, tls: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._limits = limits
        self._tls = tls
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False
        self.open = 0  # connected or connecting

    @property
    def idle(self) -> int:
        """How many connections wait for a request."""
        return sum(not connection.closed for connection in self._idle)

    async def exchange(
        self,
        data: bytes,
        *,
        head_only: bool,
        replayable: bool,
        deadline: float,
        connect_seconds: float,
        read_seconds: float,
    ) -> Answer:
        """Send a request and read its answer, decompressed. Raises TransportError.

        A reused connection that ends without one byte of answer had most likely been closed by the other side
        while idle: the request is sent again, once, on a new connection, if it is `replayable` (RFC 9110 §9.2.2).
        """
        connection = self._take()
        if connection is None:
            connection = await self._acquire(asyncio.get_running_loop(), deadline, connect_seconds)
        once_more = replayable and connection.served > 0
        while True:
            try:
                answer = await connection.exchange(
                    data, head_only=head_only, deadline=deadline, read_seconds=read_seconds
                )
            except BaseException as error:
                connection.abort()
                if not (once_more and isinstance(error, DisconnectedError) and error.silent):
                    raise
            else:
                self._release(connection)
                if answer.coding is not None:
                    answer.body = decompress(answer, self._limits.max_body_bytes)
                return answer
            once_more = False
            self._drop_idle()  # whatever closed that one has probably closed the others
            connection = await self._acquire(asyncio.get_running_loop(), deadline, connect_seconds)

    def _take(self) -> Connection | None:
        idle = self._idle
        while idle:
            connection = idle.pop()
            if connection.usable():
                return connection
            connection.abort()
        return None

    def _release(self, connection: Connection) -> None:
        if self._closed or not connection.rest():
            connection.abort()
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)
        if self._sweeper is None:
            self._arm_sweeper()

    async def _acquire(self, loop: asyncio.AbstractEventLoop, deadline: float, connect_seconds: float) -> Connection:
        if self._closed:
            raise NoConnectionError("the pool is closed")
        if self.open < self._limits.max_connections:
            self.open += 1
            return await self._connect(loop, deadline, connect_seconds)
        connection = await self._wait(loop, deadline)
        if connection is not None:
            return connection
        return await self._connect(loop, deadline, connect_seconds)

    async def _wait(self, loop: asyncio.AbstractEventLoop, deadline: float) -> Connection | None:
        """A connection set free by another request, or None with the right to open one."""
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except BaseException as error:
            self._give_back(waiter)
            if isinstance(error, TimeoutError):
                raise NoConnectionError("every connection to the origin stayed busy") from None
            raise

    def _give_back(self, waiter: asyncio.Future[Connection | None]) -> None:
        if not waiter.done() or waiter.cancelled():
            return
        if waiter.exception() is not None:
            return
        connection = waiter.result()
        if connection is None:
            self._slot_free()
        else:
            self._release(connection)

    async def _connect(self, loop: asyncio.AbstractEventLoop, deadline: float, connect_seconds: float) -> Connection:
        made: list[Connection] = []

        def factory() -> Connection:
            connection = Connection(loop, self._limits, self._lost)
            made.append(connection)
            return connection

        origin = self._origin
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + connect_seconds)):
                await loop.create_connection(
                    factory,
                    origin.host,
                    origin.port,
                    ssl=self._tls if origin.tls else None,
                    server_hostname=origin.host if origin.tls else None,
                )
            return made[-1]
        except BaseException as error:
            self._abandon(made)
            if isinstance(error, Exception):
                raise connect_failure(error) from None
            raise

    def _abandon(self, made: list[Connection]) -> None:
        """Undo a connect that failed: the slot goes back exactly once."""
        connected = [connection for connection in made if connection.connected]
        for connection in made:
            connection.abort()
        if not connected:
            self._slot_free()

    def _lost(self, connection: Connection) -> None:
        if connection.connected:
            self._slot_free()

    def _slot_free(self) -> None:
        self.open -= 1
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self.open += 1
                waiter.set_result(None)
                return

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.abort()

    def _arm_sweeper(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(self._limits.idle_seconds, self._sweep)

    def _sweep(self) -> None:
        self._sweeper = None
        keep = [connection for connection in self._idle if connection.usable()]
        for connection in self._idle:
            if connection not in keep:
                connection.abort()
        self._idle = keep
        if keep:
            self._arm_sweeper()

    def close(self) -> None:
        """Close idle connections now, busy ones as they finish; refuse new requests."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._drop_idle()
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(NoConnectionError("the pool is closed"))


def connect_failure(error: Exception) -> ConnectError:
    """The typed failure of a connect; nothing of the original text is kept."""
    if isinstance(error, TimeoutError):
        return ConnectTimeoutError("no connection in time")
    if isinstance(error, ssl.SSLError | ssl.CertificateError):
        return TlsError("the TLS handshake failed")
    return ConnectError("no connection")
