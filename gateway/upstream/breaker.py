"""Stop asking what keeps failing; try it again a little at a time.

Closed: counts over a rolling window; at the failure ratio it opens, and after as many failures in a row as a ratio
needs results: whoever begins to hang has a window full of successes behind them. Open: refuses at once. Half open: lets a
few probes through; they close it, or open it again for twice as long. Connection failures count for the whole
origin, bad answers for the route they came from: one broken operation does not cut off the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum

from gateway.upstream.settings import BreakerPolicy

BUCKETS = 10
MAX_ROUTES = 128  # the rest share one breaker


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Breaker:
    """The breaker of one origin or one route."""

    __slots__ = (
        "_bad",
        "_clock",
        "_good",
        "_open_for",
        "_opens_at",
        "_policy",
        "_probing",
        "_proved",
        "_row",
        "_slot",
        "_width",
        "era",
        "state",
    )

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._width = policy.window_seconds / BUCKETS
        self.era = 0  # results of requests let through in an earlier state are void
        self._close()

    def _close(self) -> None:
        self.state = State.CLOSED
        self.era += 1
        self._good = [0] * BUCKETS
        self._bad = [0] * BUCKETS
        self._row = 0
        self._slot = int(self._clock() / self._width)
        self._open_for = self._policy.open_seconds
        self._opens_at = 0.0
        self._probing = self._proved = 0

    def admit(self) -> int | None:
        """A ticket for one request, to be handed to `record`; None when the request must not be sent."""
        if self.state is State.CLOSED:
            return self.era
        if self.state is State.OPEN:
            if self._clock() < self._opens_at:
                return None
            self.state = State.HALF_OPEN
            self.era += 1
            self._probing = self._proved = 0
        if self._probing >= self._policy.probes:
            return None
        self._probing += 1
        return self.era

    def record(self, ticket: int, good: bool | None) -> None:
        """What became of an admitted request; None when it says nothing (cancelled, never sent)."""
        if ticket != self.era:
            return
        if self.state is State.HALF_OPEN:
            self._record_probe(good)
        elif good is not None:
            slot = int(self._clock() / self._width)
            if slot != self._slot:
                self._pass_to(slot)
            if good:
                self._good[slot % BUCKETS] += 1
                self._row = 0
            else:
                self._count_bad(slot)

    def _record_probe(self, good: bool | None) -> None:
        self._probing -= 1
        if good is None:
            return
        if not good:
            self._open(min(self._open_for * 2, self._policy.max_open_seconds))
            return
        self._proved += 1
        if self._proved >= self._policy.probes:
            self._close()

    def _pass_to(self, slot: int) -> None:
        if slot - self._slot >= BUCKETS:
            self._row = 0
        for passed in range(self._slot + 1, min(slot, self._slot + BUCKETS) + 1):
            self._good[passed % BUCKETS] = self._bad[passed % BUCKETS] = 0
        self._slot = slot

    def _count_bad(self, slot: int) -> None:
        self._bad[slot % BUCKETS] += 1
        self._row += 1
        bad = sum(self._bad)
        total = bad + sum(self._good)
        many = total >= self._policy.min_requests and bad >= total * self._policy.failure_ratio
        if many or self._row >= self._policy.min_requests:
            self._open(self._policy.open_seconds)

    def _open(self, seconds: float) -> None:
        self.state = State.OPEN
        self.era += 1
        self._open_for = seconds
        self._opens_at = self._clock() + seconds


class Breakers:
    """The breakers of one upstream: its origin's and one per route."""

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self.origin = Breaker(policy, clock)
        self._routes: dict[str, Breaker] = {}

    def route(self, name: str) -> Breaker:
        """The breaker of a route, by a name without patient data (the first path segment)."""
        breaker = self._routes.get(name)
        if breaker is None:
            if len(self._routes) >= MAX_ROUTES:
                name = ""
            breaker = self._routes.setdefault(name, Breaker(self._policy, self._clock))
        return breaker
