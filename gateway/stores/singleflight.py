"""Concurrent callers that want the same thing share one attempt at it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Flight(Generic[V]):
    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[V]) -> None:
        self.task = task
        self.waiting = 0


class SingleFlight(Generic[K, V]):
    """One running attempt per key; nothing is remembered once it has ended.

    The key must hold everything that can change the outcome, the caller's identity too where it matters. A
    caller that is cancelled leaves the attempt to the others; the last one to leave cancels it, unless the
    attempt is worth finishing for those who come next (`finish`).
    """

    def __init__(self, *, finish: bool = False) -> None:
        self._finish = finish
        self._flights: dict[K, _Flight[V]] = {}

    async def run(self, key: K, attempt: Callable[[], Awaitable[V]]) -> V:
        """The outcome of the attempt under way for `key`, else of a new one. Raises what the attempt raises."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._start(key, attempt)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not self._finish and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    def __len__(self) -> int:
        return len(self._flights)

    def _start(self, key: K, attempt: Callable[[], Awaitable[V]]) -> _Flight[V]:
        async def fly() -> V:
            return await attempt()

        flight = _Flight(asyncio.get_running_loop().create_task(fly()))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda task: self._forget(key, flight))
        return flight

    def _forget(self, key: K, flight: _Flight[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # marks it as seen: a waiter that was cancelled will not look
