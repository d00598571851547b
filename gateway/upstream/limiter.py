"""At most so many at once, the rest in order, within their deadlines."""

from __future__ import annotations

import asyncio
from collections import deque


class BusyError(Exception):
    """The limit is reached and the queue is full, or the deadline passed while waiting."""


class Limiter:
    """A counting semaphore with a bounded queue and deadlines. Pair every acquire with one release."""

    __slots__ = ("_in_use", "_limit", "_max_waiting", "_waiting")

    def __init__(self, limit: int, max_waiting: int) -> None:
        self._limit = limit
        self._max_waiting = max_waiting
        self._in_use = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def in_use(self) -> int:
        return self._in_use

    def try_acquire(self) -> bool:
        """Take a place if one is free and nobody waits for it."""
        if self._in_use < self._limit and not self._waiting:
            self._in_use += 1
            return True
        return False

    async def acquire(self, deadline: float) -> None:
        """Take a place, waiting until `deadline` (loop clock). Raises BusyError."""
        if self.try_acquire():
            return
        if len(self._waiting) >= self._max_waiting:
            raise BusyError
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout_at(deadline):
                await place
        except BaseException as error:
            self._leave(place)
            if isinstance(error, TimeoutError):
                raise BusyError from None
            raise

    def _leave(self, place: asyncio.Future[None]) -> None:
        if place.done() and not place.cancelled():
            self.release()  # the place was given in the same turn
        elif place in self._waiting:
            self._waiting.remove(place)

    def release(self) -> None:
        """Give a place back, to the longest waiting if any."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)  # in_use stays: the place changes hands
                return
        self._in_use -= 1
