"""Whether upstreams answer: what the last call to each came to, for `Query.organisations` and for metrics."""

from __future__ import annotations

from prometheus_client import Counter, Histogram
from prometheus_client.registry import CollectorRegistry

from gateway.upstream.observe import CANCELLED

ANSWERS = frozenset({"2xx", "3xx", "4xx"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Reach:
    """An `Observer` of all upstream clients. Labels are configured names and a closed set of outcomes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._last: dict[str, bool] = {}
        self._calls = Counter(
            "joinup_upstream_calls", "Calls to sources and subgraphs by outcome.", ["upstream", "outcome"],
            registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "joinup_upstream_seconds", "Time of one call, its retry included.", ["upstream"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip

    def observe(self, upstream: str, outcome: str, seconds: float) -> None:
        self._calls.labels(upstream, outcome).inc()
        self._seconds.labels(upstream).observe(seconds)
        if outcome != CANCELLED:
            self._last[upstream] = outcome in ANSWERS

    def reachable(self, upstream: str) -> bool | None:
        """Whether the last call got an answer; None where none has been made."""
        return self._last.get(upstream)
