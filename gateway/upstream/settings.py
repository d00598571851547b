"""One upstream's settings, as values: what configuration gives and the client takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.tls import TlsSettings

# What an adapter may send. Anything else is refused, so a header of the gateway's own caller cannot slip through.
ALLOWED_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "authorization",  # GP Connect: a token about the end user, made per request
        "content-type",
        "if-modified-since",
        "if-none-match",
        "joinup-context",  # who asks and why, signed (see context.py)
        "prefer",
        "traceparent",
        "tracestate",
        "x-correlation-id",
        "x-request-id",
    }
)
# Spine Secure Proxy; NHS API platform; who asks, for a council's audit (docs/social-care.md)
ALLOWED_PREFIXES = ("ssp-", "nhsd-", "x-requester-")


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When to stop asking an upstream, and when to try it again."""

    window_seconds: float = 10.0
    min_requests: int = 5  # fewer within the window never open it; as many failures in a row always do
    failure_ratio: float = 0.5
    open_seconds: float = 2.0  # doubled at each failed probe
    max_open_seconds: float = 30.0
    probes: int = 1  # requests let through at once while half open; as many successes close it


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """One more attempt, for what may be asked twice."""

    enabled: bool = True
    min_wait_seconds: float = 0.01
    max_wait_seconds: float = 0.1  # the wait is drawn between the two
    min_attempt_seconds: float = 0.05  # no retry with less than this left of the deadline


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """One configured upstream. `headers` may hold secrets and are not shown."""

    name: str
    base_url: str
    limits: Limits = field(default_factory=Limits)
    concurrency: int = 64  # requests in flight
    max_waiting: int = 256  # requests queued behind them; more are turned away at once
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    tls: TlsSettings = field(default_factory=TlsSettings)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # sent with every request
    allow_headers: frozenset[str] = frozenset()  # further names (lower case) that adapters may send
