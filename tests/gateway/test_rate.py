"""The limit on different patients per caller and minute: what counts, what does not, and Redis down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from gateway.config import Rate as RateConfig
from gateway.rate import MemoryRate, RedisRate
from policies.caller import Caller
from tests.servers import redis_url  # noqa: F401

CALLER = Caller("https://issuer.test", "dr-1", "gp", "F83004")


def config(**changes: Any) -> RateConfig:
    return msgspec.convert({"patients": 3, "window_s": 60.0, **changes}, RateConfig)


def number(index: int) -> str:
    return f"999{index:07d}"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_different_patients_are_limited() -> None:
    rate = MemoryRate(config(), Clock())
    assert [await rate.admit(CALLER, [number(n)]) for n in range(5)] == [True, True, True, False, False]


async def test_open_record_stays_within_reach() -> None:
    rate = MemoryRate(config(), Clock())
    for n in range(4):
        await rate.admit(CALLER, [number(n)])
    assert all([await rate.admit(CALLER, [number(n)]) for n in range(3)])


async def test_aliases_in_one_request_count_alike() -> None:
    rate = MemoryRate(config(), Clock())
    assert not await rate.admit(CALLER, [number(n) for n in range(4)])
    assert await rate.admit(CALLER, [number(n) for n in range(3)])
    assert await rate.admit(CALLER, [number(0), number(0)])


async def test_refused_patients_are_not_counted() -> None:
    rate = MemoryRate(config(), Clock())
    await rate.admit(CALLER, [number(0)])
    for n in range(10, 40):
        await rate.admit(CALLER, [number(n + k) for k in range(4)])
    assert await rate.admit(CALLER, [number(1), number(2)])


async def test_window_slides() -> None:
    clock = Clock()
    rate = MemoryRate(config(), clock)
    for n in range(3):
        clock.now = 10.0 * n
        assert await rate.admit(CALLER, [number(n)])
    clock.now = 59.0
    assert not await rate.admit(CALLER, [number(3)])
    clock.now = 61.0
    assert await rate.admit(CALLER, [number(3)])
    assert not await rate.admit(CALLER, [number(4)])


async def test_callers_do_not_share_a_window() -> None:
    rate = MemoryRate(config(patients=1), Clock())
    assert await rate.admit(CALLER, [number(0)])
    assert await rate.admit(replace(CALLER, subject="dr-2"), [number(1)])
    assert await rate.admit(replace(CALLER, issuer="https://other.test"), [number(1)])


async def test_another_token_role_or_organisation_is_the_same_caller() -> None:
    rate = MemoryRate(config(patients=1), Clock())
    assert await rate.admit(CALLER, [number(0)])
    assert not await rate.admit(replace(CALLER, organisation="RAL", token_id="new", purpose="ETREAT"), [number(1)])


async def test_roles_may_have_other_numbers() -> None:
    rate = MemoryRate(config(roles={"receptionist": 5}), Clock())
    clerk = replace(CALLER, role="receptionist")
    assert [await rate.admit(clerk, [number(n)]) for n in range(6)] == [True] * 5 + [False]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:  # noqa: F811
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.mark.system
async def test_workers_share_the_window_in_redis(redis: Redis) -> None:
    one, two = (RedisRate(config(), redis, b"key") for _ in range(2))
    assert [await rate.admit(CALLER, [number(n)]) for n, rate in enumerate((one, two, one, two))] == [
        True,
        True,
        True,
        False,
    ]
    assert await two.admit(CALLER, [number(0)])
    assert not await one.admit(CALLER, [number(0), number(9)])
    assert await one.admit(replace(CALLER, subject="dr-2"), [number(n) for n in range(3)])


@pytest.mark.system
async def test_window_in_redis_slides_and_is_forgotten(redis: Redis) -> None:
    rate = RedisRate(config(patients=1, window_s=0.05), redis, b"key")
    assert await rate.admit(CALLER, [number(0)])
    keys = await redis.keys("*")
    assert 0 < await redis.pttl(keys[0]) <= 50
    await redis.delete(*keys)
    assert await rate.admit(CALLER, [number(1)])


@pytest.mark.system
async def test_no_number_and_no_name_reaches_redis(redis: Redis) -> None:
    await RedisRate(config(), redis, b"key").admit(CALLER, [number(1)])
    (key,) = await redis.keys("*")
    stored = key + b" ".join(await redis.zrange(key, 0, -1))
    assert number(1).encode() not in stored
    assert b"dr-1" not in stored


async def test_without_redis_each_worker_counts_for_itself() -> None:
    rate = RedisRate(config(), Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2), b"key")
    assert [await rate.admit(CALLER, [number(n)]) for n in range(4)] == [True, True, True, False]
    await rate.close()
