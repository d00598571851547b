"""aiocache's in-memory backend with a bound: in entries and in bytes, the longest unused going first.

aiocache's own grows without end and sets a timer per entry; this one looks at the clock when asked.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from aiocache.base import BaseCache
from aiocache.serializers import NullSerializer

OVERHEAD_BYTES = 200  # of one entry beside key and value


class BoundedMemoryCache(BaseCache):  # type: ignore[misc]
    """Holds bytes. One process's own: other workers do not see it."""

    NAME = "bounded-memory"

    def __init__(
        self,
        max_entries: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(serializer=NullSerializer(encoding=None), timeout=None)
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def _get(self, key: str, encoding: str | None = None, _conn: Any = None) -> bytes | None:
        found = self._entries.get(key)
        if found is None:
            return None
        value, until = found
        if until <= self._clock():
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return value

    async def _gets(self, key: str, encoding: str | None = None, _conn: Any = None) -> bytes | None:
        return await self._get(key)

    async def _multi_get(self, keys: list[str], encoding: str | None = None, _conn: Any = None) -> list[bytes | None]:
        return [await self._get(key) for key in keys]

    async def _set(
        self, key: str, value: bytes, ttl: float | None = None, _cas_token: Any = None, _conn: Any = None
    ) -> bool:
        self._remove(key)
        cost = len(key) + len(value) + OVERHEAD_BYTES
        if cost > self._max_bytes:
            return False
        self._entries[key] = (value, self._clock() + ttl if ttl else float("inf"))
        self.size += cost
        while self.size > self._max_bytes or len(self._entries) > self._max_entries:
            self._remove(next(iter(self._entries)))
        return True

    async def _add(self, key: str, value: bytes, ttl: float | None = None, _conn: Any = None) -> bool:
        if await self._get(key) is not None:
            raise ValueError("the key is taken")
        return await self._set(key, value, ttl)

    async def _delete(self, key: str, _conn: Any = None) -> int:
        return int(self._remove(key))

    async def _clear(self, namespace: str | None = None, _conn: Any = None) -> bool:
        self._entries.clear()
        self.size = 0
        return True

    def _remove(self, key: str) -> bool:
        found = self._entries.pop(key, None)
        if found is None:
            return False
        self.size -= len(key) + len(found[0]) + OVERHEAD_BYTES
        return True
