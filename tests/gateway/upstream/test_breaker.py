"""The breaker's states, with a clock that the test moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.breaker import MAX_ROUTES, Breaker, Breakers, State
from gateway.upstream.settings import BreakerPolicy

POLICY = BreakerPolicy(window_seconds=10, min_requests=4, failure_ratio=0.5, open_seconds=2, max_open_seconds=5)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(policy: BreakerPolicy = POLICY) -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker(policy, clock), clock


def run(breaker: Breaker, *results: bool | None) -> None:
    for result in results:
        ticket = breaker.admit()
        assert ticket is not None
        breaker.record(ticket, result)


def test_opens_at_the_ratio_and_not_before_enough_requests() -> None:
    breaker, _ = made()
    run(breaker, False, False, False)
    assert breaker.state is State.CLOSED
    run(breaker, False)
    assert breaker.admit() is None


def test_opens_after_failures_in_a_row_whatever_went_well_before() -> None:
    breaker, _ = made()
    run(breaker, *[True] * 100, False, False, False, True, False, False, False)
    assert breaker.state is State.CLOSED
    run(breaker, False)
    assert breaker.admit() is None


def test_stays_closed_below_the_ratio() -> None:
    breaker, _ = made()
    run(breaker, *[True, True, False] * 20)
    assert breaker.state is State.CLOSED


def test_old_failures_roll_out_of_the_window() -> None:
    breaker, clock = made()
    run(breaker, False, False, False)
    clock.now += 11
    run(breaker, False)
    assert breaker.state is State.CLOSED
    clock.now += 5
    run(breaker, False, False, False)
    assert breaker.admit() is None


def test_one_probe_at_a_time_closes_it() -> None:
    breaker, clock = made()
    run(breaker, *[False] * 4)
    clock.now += 2
    probe = breaker.admit()
    assert probe is not None
    assert breaker.admit() is None
    breaker.record(probe, True)
    run(breaker, True, True)
    assert breaker.state is State.CLOSED


def test_failed_probes_double_the_wait_up_to_a_limit() -> None:
    breaker, clock = made()
    run(breaker, *[False] * 4)
    for wait in (2.0, 4.0, 5.0, 5.0):
        clock.now += wait - 0.1
        assert breaker.admit() is None
        clock.now += 0.1
        run(breaker, False)


def test_probe_without_a_result_gives_its_place_back() -> None:
    breaker, clock = made()
    run(breaker, *[False] * 4)
    clock.now += 2
    run(breaker, None, None, True)
    assert breaker.state is State.CLOSED


def test_result_from_before_it_opened_is_void() -> None:
    breaker, clock = made()
    late = breaker.admit()
    assert late is not None
    run(breaker, *[False] * 4)
    clock.now += 2
    probe = breaker.admit()
    assert probe is not None
    breaker.record(late, True)
    assert breaker.state is State.HALF_OPEN
    breaker.record(late, False)
    breaker.record(probe, True)
    assert breaker.state is State.CLOSED


def test_routes_are_bounded() -> None:
    breakers = Breakers(POLICY)
    for number in range(MAX_ROUTES * 3):
        breakers.route(str(number))
    assert breakers.route("one more") is breakers.route("another")


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0, 4)), max_size=60))
def test_it_always_recovers_once_the_upstream_does(events: list[tuple[bool | None, float]]) -> None:
    breaker, clock = made()
    for result, wait in events:
        clock.now += wait
        ticket = breaker.admit()
        if ticket is not None:
            breaker.record(ticket, result)
    clock.now += POLICY.max_open_seconds
    run(breaker, True)
    run(breaker, *[True] * 50)
    assert breaker.state is State.CLOSED
