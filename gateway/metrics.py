"""Prometheus metrics in a registry of our own. Labels are closed sets: no subject, patient, path or document."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The process's metrics. Other parts add their own to `registry` under the prefix `joinup_`."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """`registry` may hold other parts' metrics already."""
        self.registry = registry or CollectorRegistry(auto_describe=True)
        self.requests = Counter(
            "joinup_requests", "GraphQL requests by outcome: ok, or the code of the refusal.", ["outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "joinup_request_seconds", "Time from arrival to the last byte of the answer.", buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self.in_flight = Gauge("joinup_requests_in_flight", "GraphQL requests in hand.", registry=self.registry)
        self.answers_with_errors = Counter(
            "joinup_answers_with_errors", "Answers that carry `errors` beside `data`.", registry=self.registry
        )
        self.tokens_refused = Counter(
            "joinup_tokens_refused", "Tokens refused, by reason.", ["reason"], registry=self.registry
        )
        self.documents = Gauge(
            "joinup_documents_looked_up", "Documents looked up in the cache of checked ones.", ["found"],
            registry=self.registry,
        )  # fmt: skip
        self.ok = self.requests.labels("ok")

    def token_refused(self, reason: str) -> None:
        self.tokens_refused.labels(reason).inc()

    def watch_documents(self, hits: Callable[[], float], misses: Callable[[], float]) -> None:
        """Read the operation stage's own counts when metrics are asked for."""
        self.documents.labels("yes").set_function(hits)
        self.documents.labels("no").set_function(misses)

    def page(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)
