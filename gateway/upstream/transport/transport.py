"""The transport: an httpx.AsyncBaseTransport, and beneath it one method without httpx's objects.

`handle_async_request` lets anything that speaks httpx use these connections (clients, auth flows, tests).
`exchange` takes prepared bytes and gives a whole answer; the upstream client asks an origin's `pool` for the same. HTTP/1.1 only, no
redirects, no proxies, no cookies. Bodies are read whole, within the cap, and decompressed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any

import httpx

from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.decode import ACCEPTED
from gateway.upstream.transport.errors import (
    AnswerTimeoutError,
    ConnectError,
    ConnectTimeoutError,
    NoConnectionError,
    ProtocolError,
    TooLargeError,
    TransportError,
)
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.pool import OriginPool
from gateway.upstream.transport.request import (
    FRAMING,
    BadRequestPartError,
    Origin,
    check_target,
    header_lines,
    request_bytes,
)
from gateway.upstream.transport.tls import TlsSettings, tls_context

REPLAYABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # idempotent, RFC 9110 §9.2.2

_HTTPX_ERRORS: tuple[tuple[type[TransportError], type[httpx.TransportError]], ...] = (
    (ConnectTimeoutError, httpx.ConnectTimeout),
    (ConnectError, httpx.ConnectError),
    (NoConnectionError, httpx.PoolTimeout),
    (AnswerTimeoutError, httpx.ReadTimeout),
    (ProtocolError, httpx.RemoteProtocolError),
    (TooLargeError, httpx.RemoteProtocolError),
    (TransportError, httpx.ReadError),
)


class PooledTransport(httpx.AsyncBaseTransport):
    """Kept-alive connections per origin; belongs to the event loop that first uses it."""

    def __init__(self, limits: Limits | None = None, tls: TlsSettings | ssl.SSLContext | None = None) -> None:
        self.limits = limits or Limits()
        self._tls = tls
        self._context: ssl.SSLContext | None = tls if isinstance(tls, ssl.SSLContext) else None
        self._pools: dict[Origin, OriginPool] = {}

    def pool(self, origin: Origin) -> OriginPool:
        """The connections to an origin."""
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = OriginPool(origin, self.limits, self._tls_for(origin))
        return pool

    def _tls_for(self, origin: Origin) -> ssl.SSLContext | None:
        if not origin.tls:
            return None
        if self._context is None:
            settings = self._tls if isinstance(self._tls, TlsSettings) else TlsSettings()
            self._context = tls_context(settings)
        return self._context

    def exchange(
        self, origin: Origin, data: bytes, *, head_only: bool, replayable: bool, deadline: float
    ) -> Coroutine[Any, Any, Answer]:
        """Send prepared bytes (see `request_bytes`), read the whole answer, decompressed.

        `deadline` is in seconds of the loop's clock and ends everything: waiting, connecting, reading.
        Raises TransportError.
        """
        limits = self.limits
        return self.pool(origin).exchange(
            data,
            head_only=head_only,
            replayable=replayable,
            deadline=deadline,
            connect_seconds=limits.connect_seconds,
            read_seconds=limits.read_seconds,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The httpx seam. Timeouts come from the request's extensions, as httpx's client sets them."""
        try:
            answer = await self._exchange_httpx(request)
        except BadRequestPartError as error:
            failure: httpx.TransportError = httpx.LocalProtocolError(str(error))
        except TransportError as error:
            failure = httpx_error(error)
        else:
            headers = [(n, v) for n, v in answer.headers if n not in (b"content-encoding", b"transfer-encoding")]
            return httpx.Response(answer.status, headers=headers, content=_content(answer, request))
        raise failure

    async def _exchange_httpx(self, request: httpx.Request) -> Answer:
        url = request.url
        tls = url.scheme == "https"
        if url.scheme not in ("http", "https") or not url.host:
            raise BadRequestPartError("only http and https URLs with a host can be fetched")
        origin = Origin(tls, url.host, url.port or (443 if tls else 80))
        content = await request.aread()
        lines = header_lines(_own_headers(request))
        data = request_bytes(
            request.method, check_target(url.raw_path.decode("ascii")), origin.authority, lines, content or None
        )
        limits, timeout = self.limits, request.extensions.get("timeout", {})
        return await self.pool(origin).exchange(
            data,
            head_only=request.method == "HEAD",
            replayable=request.method in REPLAYABLE,
            deadline=asyncio.get_running_loop().time() + limits.total_seconds,
            connect_seconds=timeout.get("connect") or limits.connect_seconds,
            read_seconds=timeout.get("read") or limits.read_seconds,
        )

    async def aclose(self) -> None:
        """Close idle connections now and busy ones as they finish."""
        for pool in self._pools.values():
            pool.close()


def _own_headers(request: httpx.Request) -> list[tuple[str, str]]:
    """The request's headers without framing, which is rebuilt, and with the one coding that is undone here."""
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name.lower().decode("latin-1") not in FRAMING and name.lower() != b"accept-encoding"
    ]
    headers.append(("accept-encoding", ACCEPTED.decode()))
    return headers


def _content(answer: Answer, request: httpx.Request) -> bytes | None:
    return None if request.method == "HEAD" or answer.status in (204, 304) else answer.body


def httpx_error(error: TransportError) -> httpx.TransportError:
    """The httpx exception that stands for a transport's."""
    for ours, theirs in _HTTPX_ERRORS:
        if isinstance(error, ours):
            return theirs(str(error))
    return httpx.TransportError(str(error))
