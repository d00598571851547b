"""Sharing one attempt: all get its outcome, nobody's leaving harms the others."""

from __future__ import annotations

import asyncio

import pytest

from gateway.stores.singleflight import SingleFlight


class Attempt:
    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self.cancelled = False
        self.go = asyncio.Event()
        self.error = error

    async def __call__(self) -> int:
        self.runs += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error is not None:
            raise self.error
        return self.runs


async def test_callers_share_one_attempt() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    attempt = Attempt()
    tasks = [asyncio.create_task(flights.run("a", attempt)) for _ in range(10)]
    await asyncio.sleep(0)
    attempt.go.set()
    assert await asyncio.gather(*tasks) == [1] * 10
    assert await flights.run("a", attempt) == 2
    assert len(flights) == 0


async def test_keys_do_not_share() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    attempt = Attempt()
    attempt.go.set()
    await asyncio.gather(flights.run("a", attempt), flights.run("b", attempt))
    assert attempt.runs == 2


async def test_failure_reaches_all_and_is_not_remembered() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    attempt = Attempt(ValueError("no"))
    tasks = [asyncio.create_task(flights.run("a", attempt)) for _ in range(3)]
    await asyncio.sleep(0)
    attempt.go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, ValueError) for result in results)
    attempt.error = None
    assert await flights.run("a", attempt) == 2


async def test_one_leaving_leaves_the_attempt_to_the_others() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    attempt = Attempt()
    first = asyncio.create_task(flights.run("a", attempt))
    second = asyncio.create_task(flights.run("a", attempt))
    await asyncio.sleep(0.01)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    attempt.go.set()
    assert await second == 1


@pytest.mark.parametrize("finish", [False, True])
async def test_last_one_leaving_ends_it_unless_told_to_finish(finish: bool) -> None:
    flights: SingleFlight[str, int] = SingleFlight(finish=finish)
    attempt = Attempt()
    task = asyncio.create_task(flights.run("a", attempt))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0.01)
    assert attempt.cancelled is not finish
    assert len(flights) == int(finish)
    attempt.go.set()
    await asyncio.sleep(0.01)
    assert len(flights) == 0
