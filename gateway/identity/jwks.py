"""An issuer's key set over HTTPS: fetched without blocking, seldom, and kept a while when the issuer is down.

An unknown `kid` may be a key rotated in or an attacker's invention; either way the set is fetched at most once in
`REFRESH_GAP` seconds, so a flood of invented names costs the issuer two requests a minute (SECURITY: kid flood).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import httpx
import structlog

from gateway.errors import Refusal
from gateway.identity.keys import Key, KeySet, KeySetError, read_key_set
from gateway.identity.token import TokenError

REFRESH_GAP = 30.0
FETCH_SECONDS = 5.0
MAX_BYTES = 131_072

log = structlog.get_logger("gateway.identity")


class Keys(Protocol):
    """Where an issuer's keys come from."""

    def fingerprint(self) -> str | None:
        """Which keys are in force now; None when there are none. A remembered token is good for one value of it."""
        ...

    async def find(self, key_id: str | None) -> Key:
        """The key for a token. Raises TokenError when there is none, Refusal when the keys cannot be read."""
        ...

    async def close(self) -> None: ...


class StaticKeys:
    """Keys of a file, for the life of the process."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def fingerprint(self) -> str | None:
        return self._keys.fingerprint

    async def find(self, key_id: str | None) -> Key:
        if (key := self._keys.find(key_id)) is None:
            raise TokenError("unknown-key")
        return key

    async def close(self) -> None:
        return


class RemoteKeys:
    """Keys behind a `jwks_url`. `fresh` and `stale` are ages in seconds; `clock` is monotonic."""

    def __init__(
        self,
        url: str,
        algorithms: tuple[str, ...],
        *,
        fresh: float,
        stale: float,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._algorithms = algorithms
        self._fresh = fresh
        self._stale = stale
        self._client = client
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched = self._tried = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None

    def fingerprint(self) -> str | None:
        if (keys := self._current()) is None:
            return None
        if self._clock() - self._fetched > self._fresh:
            self._start_refresh()
        return keys.fingerprint

    async def find(self, key_id: str | None) -> Key:
        if self._clock() - self._fetched > self._fresh:
            task = self._start_refresh()
            if task is not None and self._current() is None:
                await asyncio.shield(task)
        keys = self._current()
        key = keys.find(key_id) if keys else None
        if key is None and (task := self._start_refresh()) is not None:
            await asyncio.shield(task)
            keys = self._current()
            key = keys.find(key_id) if keys else None
        if keys is None:
            raise Refusal("IDENTITY_UNAVAILABLE", headers=(("retry-after", str(int(REFRESH_GAP))),))
        if key is None:
            raise TokenError("unknown-key")
        return key

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _current(self) -> KeySet | None:
        return self._keys if self._clock() - self._fetched <= self._stale else None

    def _start_refresh(self) -> asyncio.Task[None] | None:
        """The refresh under way, or a new one if the last was long enough ago."""
        if self._refreshing is not None and not self._refreshing.done():
            return self._refreshing
        if self._clock() - self._tried < REFRESH_GAP:
            return None
        self._tried = self._clock()
        self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                raw = await self._fetch()
            self._keys = read_key_set(raw, self._algorithms)
            self._fetched = self._clock()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, KeySetError, OSError) as failure:
            log.warning("jwks_refresh_failed", reason=type(failure).__name__)

    async def _fetch(self) -> bytes:
        """The body of a plain 200 answer: no redirect followed, no more bytes read than a key set needs."""
        if self._client is None:
            self._client = httpx.AsyncClient(follow_redirects=False, timeout=FETCH_SECONDS)
        body = bytearray()
        async with self._client.stream("GET", self._url, headers={"accept": "application/json"}) as reply:
            if reply.status_code != 200:
                raise KeySetError(f"status {reply.status_code}")
            async for chunk in reply.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise KeySetError(f"more than {MAX_BYTES} bytes")
        return bytes(body)
