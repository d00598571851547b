"""The upstream client: one per configured upstream, everything between an adapter and the wire.

Order of a request: allow-listed headers, same-origin target → breaker → concurrency limit → credentials →
transport → one retry where that is safe and still fits → Reply. Only UpstreamError (and cancellation) leaves.

httpx is the seam. With `PooledTransport`, the default, the client gives prepared bytes to its pool. Any
other `httpx.AsyncBaseTransport` works through httpx's objects. Tests plug respx in as a transport:

    UpstreamClient(settings, transport=httpx.MockTransport(respx_router.async_handler))

or give `httpx.AsyncHTTPTransport()`, which a plain `respx.mock` intercepts.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping

import httpx

from gateway.upstream import retry
from gateway.upstream.auth import Credentials, Outgoing, StaticHeaders
from gateway.upstream.breaker import Breaker, Breakers, State
from gateway.upstream.fault import Fault
from gateway.upstream.limiter import BusyError, Limiter
from gateway.upstream.observe import BREAKER_OPEN, BUSY, CANCELLED, Observer
from gateway.upstream.settings import ALLOWED_HEADERS, ALLOWED_PREFIXES, UpstreamSettings
from gateway.upstream.target import BaseUrl, Query
from gateway.upstream.through_httpx import HttpxExchange
from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.decode import ACCEPTED
from gateway.upstream.transport.errors import TransportError
from gateway.upstream.transport.pool import OriginPool
from gateway.upstream.transport.request import BadRequestPartError, header_line, header_lines, request_bytes
from gateway.upstream.transport.transport import PooledTransport
from resolvers.sources.upstream import Failure, Reply, UpstreamError

_IDEMPOTENT = frozenset({"GET", "HEAD"})
_MEDIA_HEADERS = frozenset({"accept", "content-type"})
MAX_KNOWN_LINES = 64
_METHODS = frozenset({"GET", "HEAD", "POST"})  # the gateway only reads


class UpstreamClient:
    """Implements `resolvers.sources.upstream.Upstream`."""

    def __init__(
        self,
        settings: UpstreamSettings,
        *,
        auth: Credentials | httpx.Auth | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ValueError for a base URL or fixed header that cannot be used, TlsSettingsError for
        certificates that cannot.

        A transport given is the caller's to close; the client closes one that it made itself.
        """
        self.settings = settings
        self._base = BaseUrl(settings.base_url)
        self._own = None if transport is not None else PooledTransport(settings.limits, settings.tls)
        self._observer = observer
        self._breakers = Breakers(settings.breaker, clock)
        self._limiter = Limiter(settings.concurrency, settings.max_waiting)
        self._reached: bool | None = None
        self._allowed = ALLOWED_HEADERS | settings.allow_headers
        self._authority = self._base.origin.authority
        self._credentials = None if isinstance(auth, httpx.Auth | StaticHeaders) else auth
        fixed = [("accept-encoding", ACCEPTED.decode()), *settings.headers]
        if isinstance(auth, StaticHeaders):
            fixed += auth.values
        self._fixed_names = frozenset(name.lower() for name, _ in fixed)
        self._fixed_lines = header_lines(fixed)
        self._known_lines: dict[tuple[str, str], str] = {}
        chosen = transport if transport is not None else self._own
        assert chosen is not None
        if self._own is not None:
            self._own.pool(self._base.origin)  # unusable certificates are found now, not at the first request
        if isinstance(chosen, PooledTransport) and not isinstance(auth, httpx.Auth):
            self._limits = chosen.limits
            self._pool: OriginPool | None = chosen.pool(self._base.origin)
            self._slow: HttpxExchange | None = None
        else:
            self._pool = None
            flow = auth if isinstance(auth, httpx.Auth) else None
            self._slow = HttpxExchange(chosen, self._base.origin, settings.limits, flow)

    def __repr__(self) -> str:
        return f"UpstreamClient({self.settings.name!r}, {self._base.url!r})"

    @property
    def base_url(self) -> str:
        return self._base.url

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def reachable(self) -> bool | None:
        """Whether the last request reached the upstream; None before the first, False while the circuit is open."""
        return False if self._breakers.origin.state is State.OPEN else self._reached

    async def aclose(self) -> None:
        """Close the connections that the client opened."""
        if self._own is not None:
            await self._own.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float,
        idempotent: bool | None = None,
    ) -> Reply:
        """See `Upstream.send`."""
        started = time.perf_counter()
        outcome = CANCELLED
        failure: UpstreamError | None = None
        try:
            lines = self._caller_lines(headers)
            again = idempotent if idempotent is not None else method in _IDEMPOTENT
            if method not in _METHODS:
                raise BadRequestPartError("only GET, HEAD and POST are sent to an upstream")
            target, route_name = self._base.resolve(path, query)
            outgoing = Outgoing(method, target, self._authority, content, again)
            route = self._breakers.route(route_name)
            loop = asyncio.get_running_loop()
            result = await self._guarded(loop, outgoing, lines, route, deadline)
            if isinstance(result, Fault) or result.status >= 400:
                result = await self._once_more(result, loop, outgoing, lines, route, deadline)
            if isinstance(result, Reply):
                outcome = f"{result.status // 100}xx"
                return result
            outcome = result.outcome
            failure = result.error()
        except BadRequestPartError as error:
            outcome = Failure.MALFORMED.value
            failure = UpstreamError(Failure.MALFORMED, str(error))
        except UpstreamError as error:
            outcome = error.failure.value
            failure = UpstreamError(error.failure, error.detail, error.status)
        except Exception:
            # Whatever it was, its text may hold a URL or an answer: nothing of it goes on.
            outcome = Failure.UNAVAILABLE.value
            failure = UpstreamError(Failure.UNAVAILABLE, "the client failed")
        finally:
            if self._observer is not None:
                self._observer.observe(self.settings.name, outcome, time.perf_counter() - started)
        raise failure

    def _caller_lines(self, headers: Mapping[str, str] | None) -> str:
        lines = ""
        for item in headers.items() if headers else ():
            line = self._known_lines.get(item)
            if line is None:
                line = self._caller_line(*item)
                # Only what names nobody is remembered: media types come from adapters' code.
                if item[0] in _MEDIA_HEADERS and len(self._known_lines) < MAX_KNOWN_LINES:
                    self._known_lines[item] = line
            lines += line
        return lines

    def _caller_line(self, name: str, value: str) -> str:
        lower = name.lower()
        if lower not in self._allowed and not lower.startswith(ALLOWED_PREFIXES):
            raise BadRequestPartError(f"the header {lower} is not on the upstream's allow-list")
        if lower in self._fixed_names:
            raise BadRequestPartError(f"the header {lower} is set by the upstream's configuration")
        return header_line(name, value)

    async def _once_more(
        self,
        first: Reply | Fault,
        loop: asyncio.AbstractEventLoop,
        outgoing: Outgoing,
        lines: str,
        route: Breaker,
        deadline: float,
    ) -> Reply | Fault:
        """What comes of another attempt, if one is worth it; else what came of the first."""
        policy = self.settings.retry
        wait = retry.wait_before(first, policy, outgoing.replayable, random.random(), self._rejected)
        if wait is None or loop.time() + wait + policy.min_attempt_seconds > deadline:
            return first
        await asyncio.sleep(wait)
        second = await self._guarded(loop, outgoing, lines, route, deadline)
        if isinstance(second, Fault) and not second.sent and isinstance(first, Reply):
            return first  # the breaker opened meanwhile: what the upstream did say tells more
        return second

    def _rejected(self) -> bool:
        return self._credentials is not None and self._credentials.rejected()

    async def _guarded(
        self,
        loop: asyncio.AbstractEventLoop,
        outgoing: Outgoing,
        lines: str,
        route: Breaker,
        deadline: float,
    ) -> Reply | Fault:
        if loop.time() >= deadline:
            return Fault(Failure.TIMED_OUT, "before it was asked", sent=False)
        if not self._limiter.try_acquire():
            try:
                await self._limiter.acquire(deadline)
            except BusyError:
                return Fault(Failure.UNAVAILABLE, "too many requests in flight", sent=False, label=BUSY)
        origin, origin_ticket, route_ticket = self._breakers.origin, None, None
        reached: bool | None = None
        good: bool | None = None
        try:
            origin_ticket = origin.admit()
            route_ticket = route.admit() if origin_ticket is not None else None
            if route_ticket is None:
                return Fault(Failure.UNAVAILABLE, "circuit open", sent=False, label=BREAKER_OPEN)
            if self._credentials is not None:
                lines += await self._credential_lines(self._credentials, outgoing, lines, deadline)
            result = await self._exchange(outgoing, self._fixed_lines + lines, deadline)
            if isinstance(result, Fault):
                reached, good = result.reached, False if result.reached else None
            else:
                reached, good = True, result.status < 500 and result.status != 429
            return result
        finally:
            if reached is not None:
                self._reached = reached
            if origin_ticket is not None:
                origin.record(origin_ticket, reached)
            if route_ticket is not None:
                route.record(route_ticket, good)
            self._limiter.release()

    async def _credential_lines(self, credentials: Credentials, outgoing: Outgoing, lines: str, deadline: float) -> str:
        added = await credentials.headers(outgoing, deadline)
        sent = f"\r\n{lines}".lower()
        if any(f"\r\n{name.lower()}:" in sent for name, _ in added):
            raise BadRequestPartError("a header is set both by the adapter and by authentication")
        return header_lines(added)

    async def _exchange(self, outgoing: Outgoing, lines: str, deadline: float) -> Reply | Fault:
        if self._pool is None:
            assert self._slow is not None
            answer = await self._slow.exchange(outgoing, lines, deadline)
            return answer if isinstance(answer, Fault) else reply(answer)
        method, limits = outgoing.method, self._limits
        data = request_bytes(method, outgoing.target, outgoing.authority, lines, outgoing.content)
        try:
            answer = await self._pool.exchange(
                data,
                head_only=method == "HEAD",
                replayable=outgoing.replayable,
                deadline=deadline,
                connect_seconds=limits.connect_seconds,
                read_seconds=limits.read_seconds,
            )
        except TransportError as error:
            return Fault.of(error)
        return reply(answer)


def reply(answer: Answer) -> Reply:
    """An answer as adapters read it; repeated headers joined by a comma (RFC 9110 §5.3)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = str(raw_name, "latin-1"), str(raw_value, "latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Reply(answer.status, answer.body, headers)
