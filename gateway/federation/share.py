"""One call for several who ask the same thing at the same time.

For patient data the caller belongs in the key: whoever builds it answers for everything that can change the
answer. Nothing is kept once the call has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Call(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class InFlight(Generic[T]):
    """Calls under way, by key. The result is shared, so it must not be changed by those who get it."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call[T]] = {}

    async def once(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The result of `make`, or of the same call if it is under way. Its exception is shared, too.

        A waiter that is cancelled leaves the others their call; when the last one goes, the call is cancelled.
        """
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(asyncio.ensure_future(_run(make)))
        call.waiting += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiting -= 1
            if call.task.done() or not call.waiting:
                call.task.cancel()
                if self._calls.get(key) is call:
                    del self._calls[key]


async def _run(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
