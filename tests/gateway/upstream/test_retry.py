"""How long to wait before the one more attempt: spread out, so that many who failed together do not return together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.fault import Fault
from gateway.upstream.retry import wait_before
from gateway.upstream.settings import RetryPolicy
from resolvers.sources.upstream import Failure, Reply

CHANCE = st.floats(0, 1, exclude_max=True)
POLICY = RetryPolicy(min_wait_seconds=0.05, max_wait_seconds=0.25)


def wait(result: Reply | Fault, chance: float) -> float | None:
    return wait_before(result, POLICY, True, chance, lambda: False)


@given(CHANCE, CHANCE)
def test_waits_are_spread_over_the_whole_span(one: float, other: float) -> None:
    for lost in (Reply(503, b""), Fault(Failure.UNAVAILABLE, "reset", sent=True)):
        first, second = wait(lost, one), wait(lost, other)
        assert first is not None
        assert second is not None
        assert 0.05 <= first <= 0.25
        assert abs((first - second) - (one - other) * 0.2) < 1e-9


@given(CHANCE)
def test_who_is_told_when_to_come_back_comes_no_earlier(chance: float) -> None:
    waited = wait(Reply(429, b"", {"retry-after": "2"}), chance)
    assert waited is not None
    assert 2.05 <= waited <= 2.25
