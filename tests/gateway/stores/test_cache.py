"""The entry cache: bounded, forgets a patient at once, and costs speed at worst."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiocache.base import BaseCache
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from gateway.stores.cache import EntryCache
from gateway.stores.cache_backend import backend_for
from gateway.stores.cache_memory import BoundedMemoryCache
from tests.servers import RedisServer, free_port

ANN, BOB = "9990000018", "9990000026"
KEY = b"k" * 32
PARTS = ("royal-free", "AllergyIntolerance", "v1")


class Allergy(msgspec.Struct):
    code: str


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["memory", "redis"])
async def backends(request: pytest.FixtureRequest) -> AsyncIterator[tuple[BaseCache, BaseCache]]:
    """Two workers' views of one backend; with memory, the same object."""
    if request.param == "memory":
        backend = BoundedMemoryCache()
        yield backend, backend
        return
    url = request.getfixturevalue("redis_url")
    redis = Redis.from_url(url)
    await redis.flushall()
    await redis.aclose()
    first, second = backend_for(url), backend_for(url)
    yield first, second
    await first.close()
    await second.close()


async def put(cache: EntryCache, value: object, patient: str = ANN, parts: tuple[str, ...] = PARTS) -> None:
    found = await cache.get(patient, parts, type(value))
    await cache.put(found.place, value, 60)


async def read(cache: EntryCache, patient: str = ANN, parts: tuple[str, ...] = PARTS) -> Any:
    return (await cache.get(patient, parts, Allergy)).value


async def test_value_comes_back_typed_on_every_worker(backends: tuple[BaseCache, BaseCache]) -> None:
    first, second = (EntryCache(backend, KEY) for backend in backends)
    assert await read(first) is None
    await put(first, Allergy("91936005"))
    assert await read(second) == Allergy("91936005")
    assert await read(second, parts=(*PARTS, "more")) is None
    assert await read(second, parts=("royal-free", "AllergyIntolerancev1")) is None
    assert await read(second, patient=BOB) is None


async def test_dropped_patient_is_gone_everywhere_at_once(backends: tuple[BaseCache, BaseCache]) -> None:
    first, second = (EntryCache(backend, KEY) for backend in backends)
    for number in range(5):
        await put(first, Allergy("a"), parts=(*PARTS, str(number)))
    await put(first, Allergy("b"), patient=BOB)
    assert await second.drop_patient(ANN)
    for number in range(5):
        assert await read(first, parts=(*PARTS, str(number))) is None
    assert await read(first, patient=BOB) == Allergy("b")
    await put(second, Allergy("new"))
    assert await read(first) == Allergy("new")
    assert await read(first, parts=(*PARTS, "1")) is None


async def test_value_fetched_before_the_drop_is_not_kept_after_it(backends: tuple[BaseCache, BaseCache]) -> None:
    first, second = (EntryCache(backend, KEY) for backend in backends)
    begun = await first.get(ANN, PARTS, Allergy)
    await second.drop_patient(ANN)
    await read(second)
    await first.put(begun.place, Allergy("old"), 60)
    assert await read(first) is None
    assert await read(second) is None


async def test_lost_mark_makes_entries_unreadable(backends: tuple[BaseCache, BaseCache]) -> None:
    cache = EntryCache(backends[0], KEY)
    await put(cache, Allergy("a"))
    await backends[1].delete(cache._mark_key(ANN))
    assert await read(cache) is None


async def test_marks_made_at_once_agree(backends: tuple[BaseCache, BaseCache]) -> None:
    first, second = (EntryCache(backend, KEY) for backend in backends)
    found = await asyncio.gather(*(cache.get(ANN, PARTS, Allergy) for cache in (first, second) * 5))
    assert len({item.place.mark for item in found}) == 1


async def test_other_keys_and_other_shapes_are_misses(backends: tuple[BaseCache, BaseCache]) -> None:
    first, other = EntryCache(backends[0], KEY), EntryCache(backends[1], b"x" * 32)
    await put(first, {"unexpected": 1})
    assert await read(first) is None
    await put(first, Allergy("a"))
    assert await read(other) is None


async def test_entries_expire() -> None:
    clock = Clock()
    cache = EntryCache(BoundedMemoryCache(clock=clock), KEY, clock=clock)
    found = await cache.get(ANN, PARTS, Allergy)
    await cache.put(found.place, Allergy("a"), 10)
    clock.now += 9.9
    assert await read(cache) == Allergy("a")
    clock.now += 0.2
    assert await read(cache) is None
    await cache.put(found.place, Allergy("a"), 0)
    assert await read(cache) is None


async def test_redis_entries_expire(redis_url: str) -> None:
    backend = backend_for(redis_url)
    cache = EntryCache(backend, KEY)
    found = await cache.get(ANN, PARTS, Allergy)
    await cache.put(found.place, Allergy("a"), 0.05)
    assert await read(cache) == Allergy("a")
    await asyncio.sleep(0.1)
    assert await read(cache) is None
    await cache.put(found.place, Allergy("a"), 1e9)
    assert 0 < await backend.client.ttl(found.place.key) <= 300
    await cache.aclose()


async def test_no_patient_identifier_reaches_redis(redis_url: str) -> None:
    cache = EntryCache(backend_for(redis_url), KEY)
    await put(cache, Allergy("a"))
    redis = Redis.from_url(redis_url)
    keys = await redis.keys("*")
    assert keys
    assert not any(ANN.encode() in key or b"royal" in key for key in keys)
    await redis.flushall()
    await redis.aclose()
    await cache.aclose()


@asynccontextmanager
async def over(url: str, clock: Clock) -> AsyncIterator[EntryCache]:
    cache = EntryCache(backend_for(url), KEY, clock=clock)
    yield cache
    await cache.aclose()


async def test_dead_redis_is_a_miss_and_asked_only_now_and_then() -> None:
    clock = Clock()
    async with over(f"redis://127.0.0.1:{free_port()}/0", clock) as cache:
        calls = 0
        ask = cache._backend.multi_get

        async def counted(*args: Any, **given: Any) -> Any:
            nonlocal calls
            calls += 1
            return await ask(*args, **given)

        cache._backend.multi_get = counted
        for _ in range(5):
            await put(cache, Allergy("a"))
            assert await read(cache) is None
        assert calls == 1
        clock.now += 1.1
        assert await read(cache) is None
        clock.now += 1.1
        assert await read(cache) is None
        assert calls == 2  # the wait has doubled
        clock.now += 1.1
        await read(cache)
        assert calls == 3
        loaded = await cache.get_or_load(ANN, PARTS, Allergy, lambda: _value(Allergy("live")), 60)
        assert loaded == Allergy("live")


async def _value(value: Allergy) -> Allergy:
    return value


async def test_redis_that_hangs_is_tried_once() -> None:
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda reader, writer: held.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with over(f"redis://127.0.0.1:{port}/0", Clock()) as cache:
        for _ in range(20):
            assert await read(cache) is None
    server.close()
    assert len(held) <= 3  # the driver's own attempts within the one that we made
    for writer in held:
        writer.close()
        await writer.wait_closed()


async def test_drop_while_redis_is_down_is_made_good(redis_server: RedisServer) -> None:
    clock = Clock()
    async with over(redis_server.url, clock) as cache:
        await put(cache, Allergy("a"))
        assert await read(cache) == Allergy("a")
        # Cut off from a Redis that keeps its data: its connections are refused for a while.
        delete = cache._backend.delete

        async def cut_off(*args: Any, **given: Any) -> Any:
            raise ConnectionError

        cache._backend.delete = cut_off
        assert not await cache.drop_patient(ANN)
        clock.now += 40
        assert await read(cache) is None
        cache._backend.delete = delete
        assert await read(cache) is None
        clock.now += 40
        assert await read(cache) is None
        await put(cache, Allergy("b"))
        assert await read(cache) == Allergy("b")


async def test_redis_comes_back(redis_server: RedisServer) -> None:
    clock = Clock()
    async with over(redis_server.url, clock) as cache:
        await put(cache, Allergy("a"))
        redis_server.stop()
        assert await read(cache) is None
        redis_server.start()
        clock.now += 1.1
        assert await read(cache) is None
        await put(cache, Allergy("b"))
        assert await read(cache) == Allergy("b")


async def test_concurrent_loads_are_one() -> None:
    cache = EntryCache(BoundedMemoryCache(), KEY)
    loads = 0

    async def load() -> Allergy:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0.01)
        return Allergy("a")

    async def ask(patient: str) -> Allergy:
        return await cache.get_or_load(patient, PARTS, Allergy, load, 60)

    assert set(map(repr, await asyncio.gather(*(ask(ANN) for _ in range(10))))) == {"Allergy(code='a')"}
    assert loads == 1
    await ask(ANN)
    assert loads == 1
    await ask(BOB)
    assert loads == 2


async def test_failed_load_is_not_kept() -> None:
    cache = EntryCache(BoundedMemoryCache(), KEY)

    async def fail() -> Allergy:
        raise LookupError

    with pytest.raises(LookupError):
        await cache.get_or_load(ANN, PARTS, Allergy, fail, 60)
    assert await cache.get_or_load(ANN, PARTS, Allergy, lambda: _value(Allergy("a")), 60) == Allergy("a")


async def test_very_large_value_is_not_stored() -> None:
    backend = BoundedMemoryCache()
    cache = EntryCache(backend, KEY)
    await put(cache, Allergy("a" * 3_000_000))
    assert await read(cache) is None
    assert backend.size < 1000


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 400), st.sampled_from(["set", "get", "delete"]))),
    st.integers(1, 8),
    st.integers(100, 3000),
)
def test_memory_never_exceeds_its_bounds(steps: list[tuple[int, int, str]], max_entries: int, max_bytes: int) -> None:
    async def scenario() -> None:
        cache = BoundedMemoryCache(max_entries, max_bytes)
        for key, size, action in steps:
            if action == "set":
                await cache.set(str(key), b"x" * size, ttl=10)
            elif action == "get":
                await cache.get(str(key))
            else:
                await cache.delete(str(key))
            assert len(cache) <= max_entries
            assert 0 <= cache.size <= max_bytes
        await cache.clear()
        assert (len(cache), cache.size) == (0, 0)

    asyncio.run(scenario())


async def test_longest_unused_goes_first() -> None:
    cache = BoundedMemoryCache(max_entries=2)
    await cache.set("a", b"1")
    await cache.set("b", b"2")
    await cache.get("a")
    await cache.set("c", b"3")
    assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]
    with pytest.raises(ValueError, match="taken"):
        await cache.add("a", b"9")


@pytest.mark.parametrize("url", ["", "http://h", "redis://", "redis://h/x", "memcached://h"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="cache URL"):
        backend_for(url)


def test_weak_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        EntryCache(BoundedMemoryCache(), b"short")
