"""How many different patients a caller may open in a while: a sliding window that stops enumeration.

The engine asks `Rate.admit` before it fetches for a patient. A patient already in the window is free, and a refused
one is not counted, so the limit never takes away a record that is open. Aliases, batches and many requests count alike.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.config import Rate as RateConfig
from gateway.settings import Settings
from policies.caller import Caller

log = structlog.get_logger("gateway.rate")

MAX_CALLERS = 50_000
"""Callers remembered per worker; the one that asked longest ago is forgotten first."""


class Rate(Protocol):
    """May this caller open these patients now?"""

    async def admit(self, caller: Caller, nhs_numbers: Collection[str]) -> bool: ...

    async def close(self) -> None: ...


class MemoryRate:
    """The window of one worker. `clock` is monotonic seconds."""

    def __init__(self, settings: RateConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._windows: OrderedDict[tuple[str, str], dict[str, float]] = OrderedDict()

    async def admit(self, caller: Caller, nhs_numbers: Collection[str]) -> bool:
        now = self._clock()
        who = (caller.issuer, caller.subject)
        window = self._windows.setdefault(who, {})
        self._windows.move_to_end(who)
        if len(self._windows) > MAX_CALLERS:
            self._windows.popitem(last=False)
        for number in [number for number, seen in window.items() if seen <= now - self._settings.window_s]:
            del window[number]
        fresh = {number for number in nhs_numbers if number not in window}
        if fresh and len(window) + len(fresh) > allowance(self._settings, caller):
            return False
        window.update(dict.fromkeys(nhs_numbers, now))
        return True

    async def close(self) -> None:
        return


_ADMIT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
local fresh = 0
for i = 3, #ARGV do
  if not redis.call('ZSCORE', KEYS[1], ARGV[i]) then fresh = fresh + 1 end
end
if fresh > 0 and redis.call('ZCARD', KEYS[1]) + fresh > tonumber(ARGV[1]) then return 0 end
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], now, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2]) * 1000))
return 1
"""


class RedisRate:
    """One window for all workers. NHS numbers reach Redis as keyed digests only; without Redis each worker counts."""

    def __init__(self, settings: RateConfig, redis: Any, key: bytes, fallback: MemoryRate | None = None) -> None:
        self._settings = settings
        self._redis = redis
        self._key = key
        self._fallback = fallback or MemoryRate(settings)

    async def admit(self, caller: Caller, nhs_numbers: Collection[str]) -> bool:
        who = self._digest(f"{caller.issuer}\n{caller.subject}")
        digests = sorted({self._digest(f"{who}\n{number}") for number in nhs_numbers})
        limit = allowance(self._settings, caller)
        try:
            given = await self._redis.eval(_ADMIT, 1, f"joinup:rate:{who}", limit, self._settings.window_s, *digests)
        except (RedisError, OSError, TimeoutError) as failure:
            log.warning("rate_store_unavailable", reason=type(failure).__name__)
            return await self._fallback.admit(caller, nhs_numbers)
        return bool(given)

    async def close(self) -> None:
        await self._redis.aclose()

    def _digest(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8"), sha256).hexdigest()[:32]


def allowance(settings: RateConfig, caller: Caller) -> int:
    """Different patients per window for the caller's role."""
    return settings.roles.get(caller.role, settings.patients)


def rate_from(settings: Settings) -> Rate:
    """The limiter that the configuration asks for."""
    config = settings.config.rate
    if config.redis_url is None or config.key is None:
        return MemoryRate(config)
    url, key = settings.secret(config.redis_url), settings.secret(config.key)
    redis = Redis.from_url(url.reveal(), socket_timeout=0.5, socket_connect_timeout=0.5)
    return RedisRate(config, redis, key.reveal().encode("utf-8"))
