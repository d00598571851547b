"""At most so many requests in any second: waiting one's turn, but never beyond the deadline."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from resolvers.sources.upstream import Failure, UpstreamError


class Pace:
    """A sliding window. `per_second` may be a fraction: 0.5 is one request in two seconds.

    The limit is this process's own: give each worker its share of the national one.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if per_second <= 0:
            raise ValueError("requests per second must be more than 0")
        self._most = max(1, int(per_second))
        self._window = self._most / per_second
        self._turns: deque[float] = deque(maxlen=self._most)
        self._clock = clock
        self._sleep = sleep

    async def turn(self, deadline: float) -> None:
        """Wait for a turn. Raises UpstreamError(UNAVAILABLE) at once when none comes before the deadline.

        A turn that is given up while waiting stays taken: the next one must not come too early either way.
        """
        now = self._clock() if self._clock is not None else asyncio.get_running_loop().time()
        full = len(self._turns) == self._most
        at = max(now, self._turns[0] + self._window) if full else now
        if at >= deadline:
            raise UpstreamError(Failure.UNAVAILABLE, "the demographics service's rate limit is used up")
        self._turns.append(at)
        if at > now:
            await self._sleep(at - now)
