"""How the client tells what happened; a metrics registry implements it."""

from __future__ import annotations

from typing import Protocol

BREAKER_OPEN = "BREAKER_OPEN"
BUSY = "BUSY"
CANCELLED = "CANCELLED"


class Observer(Protocol):
    """Called once per request of the client, retry included."""

    def observe(self, upstream: str, outcome: str, seconds: float) -> None:
        """`outcome`: "2xx" to "5xx", a Failure's value, BREAKER_OPEN, BUSY or CANCELLED: a closed set."""
        ...
