"""Whether an attempt is worth one more, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from gateway.upstream.fault import Fault
from gateway.upstream.settings import RetryPolicy
from resolvers.sources.upstream import Failure, Reply

_TRANSIENT = frozenset({502, 503, 504})


def wait_before(
    result: Reply | Fault,
    policy: RetryPolicy,
    idempotent: bool,
    chance: float,
    new_credentials: Callable[[], bool],
) -> float | None:
    """Seconds to wait before one more attempt, or None for none. `chance` is in [0, 1).

    Never sent: anyone may try again. Sent: only what may be asked twice, after a lost connection, a 502, 503 or
    504, a 429 that says when to come back, or a 401 that new credentials may cure.
    """
    if not policy.enabled:
        return None
    jitter = policy.min_wait_seconds + chance * (policy.max_wait_seconds - policy.min_wait_seconds)
    if isinstance(result, Fault):
        lost = result.failure is Failure.UNAVAILABLE and result.label is None
        return jitter if lost and (idempotent or not result.sent) else None
    if result.status == 401:
        return 0.0 if new_credentials() and idempotent else None
    if not idempotent or result.status not in (429, *_TRANSIENT):
        return None
    asked = retry_after(result.headers.get("retry-after"))
    if asked is None:
        return jitter if result.status in _TRANSIENT else None
    return asked + jitter


def retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 §10.2.3: a number or a date), or None."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 8:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - datetime.now(UTC)).total_seconds(), 0.0)
