"""Never more requests in any second than allowed, and no waiting beyond the deadline."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.sources.pds.pace import Pace
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.pds.service import CALLER, PERSON, patient, pds, soon
from tests.resolvers.recorded import always


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.floats(0, 0.4), min_size=1, max_size=60), st.sampled_from([0.5, 1, 2.5, 5, 7]))
@settings(deadline=None)
async def test_no_second_holds_too_many(gaps: list[float], rate: float) -> None:
    clock = Clock()
    pace = Pace(rate, clock, clock.sleep)
    turns: list[float] = []
    for gap in gaps:
        clock.now += gap
        await pace.turn(1e9)
        turns.append(clock.now)
    most = max(1, int(rate))
    for earlier, later in zip(turns, turns[most:], strict=False):
        assert later - earlier >= most / rate - 1e-6


async def test_a_burst_goes_at_once_and_the_next_waits() -> None:
    clock = Clock()
    pace = Pace(5, clock, clock.sleep)
    for _ in range(5):
        await pace.turn(10)
    assert clock.now == 0
    await pace.turn(10)
    assert clock.now == 1


async def test_nobody_waits_for_a_turn_after_the_deadline() -> None:
    clock = Clock()
    pace = Pace(1, clock, clock.sleep)
    await pace.turn(10)
    with pytest.raises(UpstreamError) as caught:
        await pace.turn(0.5)
    assert (caught.value.failure, clock.now) == (Failure.UNAVAILABLE, 0)


async def test_the_service_keeps_its_share() -> None:
    upstream = always(patient())
    service = pds(upstream, requests_per_second=2, remember_s=0)
    for _ in range(2):
        await service.person(PERSON, CALLER, "r", soon(0.2))
    with pytest.raises(UpstreamError):
        await service.person(PERSON, CALLER, "r", soon(0.2))
    assert len(upstream.sent) == 2


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Pace(0)
