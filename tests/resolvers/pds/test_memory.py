"""One look-up for many who ask, a short memory, and forgetting at once."""

from __future__ import annotations

import asyncio

import pytest

from resolvers.sources.demographics import Person
from resolvers.sources.pds.memory import Memory
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.pds.service import CALLER, OTHER, PERSON, patient, pds, soon
from tests.resolvers.recorded import Recorded, always


async def test_many_at_once_cost_one_request() -> None:
    upstream = Recorded(always(patient()).handler, delay=0.01)
    service = pds(upstream)
    found = await asyncio.gather(*(service.person(PERSON, CALLER, f"r{i}", soon()) for i in range(20)))
    assert {each.nhs_number for each in found if each} == {PERSON}
    assert len(upstream.sent) == 1


async def test_a_person_is_remembered_for_seconds_only() -> None:
    asked, now = 0, 100.0

    async def look_up(_: float) -> Person | None:
        nonlocal asked
        asked += 1
        return Person(PERSON, PERSON)

    memory = Memory(seconds=10, clock=lambda: now)
    await memory.person(PERSON, soon(), look_up)
    now = 109.9
    await memory.person(PERSON, soon(), look_up)
    assert asked == 1
    now = 110.1
    await memory.person(PERSON, soon(), look_up)
    assert asked == 2


async def test_nobody_shares_a_remembered_object() -> None:
    service = pds(always(patient()))
    first = await service.person(PERSON, CALLER, "r", soon())
    assert first is not None
    first.restricted = True
    second = await service.person(PERSON, CALLER, "r", soon())
    assert second is not None
    assert not second.restricted


@pytest.mark.parametrize("forgotten", [PERSON, OTHER])
async def test_forget_drops_a_person_under_every_number(forgotten: str) -> None:
    upstream = always(patient(OTHER))
    service = pds(upstream)
    await service.person(PERSON, CALLER, "r", soon())
    service.forget(forgotten)
    await service.person(PERSON, CALLER, "r", soon())
    assert len(upstream.sent) == 2


async def test_a_look_up_under_way_is_not_remembered_after_forget() -> None:
    upstream = Recorded(always(patient()).handler, delay=0.01)
    service = pds(upstream)
    running = asyncio.create_task(service.person(PERSON, CALLER, "r", soon()))
    await asyncio.sleep(0)
    service.forget(PERSON)
    joined = asyncio.create_task(service.person(PERSON, CALLER, "r", soon()))
    await asyncio.gather(running, joined)
    assert len(upstream.sent) == 2


async def test_failures_are_not_remembered() -> None:
    good = always(patient())
    upstream = Recorded(lambda sent: good.handler(sent) if upstream.sent[1:] else UpstreamError(Failure.UNAVAILABLE))
    service = pds(upstream)
    with pytest.raises(UpstreamError):
        await service.person(PERSON, CALLER, "r", soon())
    assert await service.person(PERSON, CALLER, "r", soon()) is not None


async def test_one_who_leaves_does_not_end_the_look_up_of_others() -> None:
    upstream = Recorded(always(patient()).handler, delay=0.02)
    service = pds(upstream)
    first = asyncio.create_task(service.person(PERSON, CALLER, "r", soon()))
    second = asyncio.create_task(service.person(PERSON, CALLER, "r", soon()))
    await asyncio.sleep(0.005)
    first.cancel()
    assert await second is not None
    assert len(upstream.sent) == 1


async def test_when_all_have_left_the_look_up_ends_and_can_begin_anew() -> None:
    upstream = Recorded(always(patient()).handler, delay=0.02)
    service = pds(upstream)
    only = asyncio.create_task(service.person(PERSON, CALLER, "r", soon()))
    await asyncio.sleep(0.005)
    only.cancel()
    with pytest.raises(asyncio.CancelledError):
        await only
    assert await service.person(PERSON, CALLER, "r", soon()) is not None
    assert len(upstream.sent) == 2


async def test_each_waits_to_their_own_deadline() -> None:
    upstream = Recorded(always(patient()).handler, delay=0.05)
    service = pds(upstream)
    patiently = asyncio.create_task(service.person(PERSON, CALLER, "r", soon()))
    await asyncio.sleep(0)
    with pytest.raises(UpstreamError) as caught:
        await service.person(PERSON, CALLER, "r", soon(0.01))
    assert caught.value.failure is Failure.TIMED_OUT
    assert await patiently is not None


async def test_one_with_more_time_asks_again() -> None:
    calls: list[float] = []

    async def look_up(deadline: float) -> Person | None:
        calls.append(deadline)
        if len(calls) == 1:
            await asyncio.sleep(0.01)
            raise UpstreamError(Failure.TIMED_OUT)
        return Person(PERSON, PERSON)

    memory = Memory()
    hurried = asyncio.create_task(memory.person(PERSON, soon(1), look_up))
    await asyncio.sleep(0)
    assert await memory.person(PERSON, soon(5), look_up) is not None
    with pytest.raises(UpstreamError):
        await hurried
    assert len(calls) == 2


async def test_the_map_is_bounded() -> None:
    async def look_up(_: float) -> Person | None:
        return None

    memory = Memory(most=3)
    for number in range(10):
        await memory.person(str(number), soon(), look_up)
    assert len(memory._known) == 3
