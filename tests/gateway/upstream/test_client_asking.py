"""When the client asks again, and when it does not ask at all."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from gateway.upstream.settings import BreakerPolicy, RetryPolicy
from gateway.upstream.transport.limits import Limits
from resolvers.sources.upstream import Failure, Reply, UpstreamError
from tests.gateway.upstream.clients import (
    Clock,
    Raises,
    Watcher,
    client,
    failure,
    get,
    scripted,
    status,
)
from tests.gateway.upstream.hostile import OK, Peer, always, hostile

# Asking again.


@pytest.mark.parametrize("code", [502, 503, 504])
async def test_transient_status_is_asked_once_more(code: int) -> None:
    async with hostile(scripted(status(code), OK)) as server, client(server.url) as made:
        assert (await get(made)).status == 200
        assert len(server.seen) == 2
    async with hostile(always(status(code))) as server, client(server.url) as made:
        assert (await get(made)).status == code
        assert len(server.seen) == 2


@pytest.mark.parametrize("code", [400, 404, 429, 500, 501])
async def test_other_statuses_are_not_asked_again(code: int) -> None:
    async with hostile(scripted(status(code), OK)) as server, client(server.url) as made:
        assert (await get(made)).status == code
        assert len(server.seen) == 1


async def test_retry_after_is_kept_when_it_fits() -> None:
    loop = asyncio.get_running_loop()
    async with hostile(scripted(status(429, "retry-after: 1\r\n"), OK)) as server, client(server.url) as made:
        started = loop.time()
        assert (await get(made)).status == 200
        assert loop.time() - started >= 0.99
    for value in ("3600", "Wed, 21 Oct 2099 07:28:00 GMT", "soon", "-1"):
        refused = status(429, f"retry-after: {value}\r\n")
        async with hostile(scripted(refused, OK)) as server, client(server.url) as made:
            assert (await get(made)).status == 429
            assert len(server.seen) == 1


async def test_post_is_asked_again_only_when_it_only_reads() -> None:
    for idempotent, times in ((None, 1), (False, 1), (True, 2)):
        async with hostile(scripted(status(503), OK)) as server, client(server.url) as made:
            deadline = asyncio.get_running_loop().time() + 5
            await made.send("POST", "x", content=b"", deadline=deadline, idempotent=idempotent)
            assert len(server.seen) == times


async def test_no_retry_without_time_for_it() -> None:
    patient = RetryPolicy(min_wait_seconds=1.0, max_wait_seconds=1.0)
    async with hostile(scripted(status(503), OK)) as server, client(server.url, retry=patient) as made:
        assert (await get(made, seconds=0.5)).status == 503
        assert len(server.seen) == 1


async def test_timeout_is_not_asked_again() -> None:
    async def never(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(60)

    async with hostile(never) as server, client(server.url, limits=Limits(read_seconds=0.05)) as made:
        assert (await failure(made)).failure is Failure.TIMED_OUT
        assert len(server.seen) == 1


async def test_unsent_post_is_sent_elsewhere_in_time() -> None:
    calls = []

    async def first_unreachable(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if len(calls) == 1:
            raise httpx.ConnectError("down")
        return httpx.Response(200)

    async with client("http://h", transport=httpx.MockTransport(first_unreachable)) as made:
        deadline = asyncio.get_running_loop().time() + 5
        reply = await made.send("POST", "x", content=b"", deadline=deadline)
        assert (reply.status, len(calls)) == (200, 2)


# Not asking.


async def test_open_breaker_asks_nobody_and_recovers() -> None:
    answers = [500] * 5 + [200]
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(answers.pop(0) if len(answers) > 1 else answers[0])

    clock, watcher = Clock(), Watcher()
    given: dict[str, Any] = {"transport": httpx.MockTransport(answer), "clock": clock, "observer": watcher}
    async with client("http://h", breaker=BreakerPolicy(min_requests=5), **given) as made:
        for _ in range(5):
            await get(made)
        error = await failure(made)
        assert (error.failure, len(asked)) == (Failure.UNAVAILABLE, 5)
        assert watcher.seen[-1] == ("royal", "BREAKER_OPEN")
        assert made.reachable is True
        assert (await get(made, "Observation")).status == 200  # another route of the same upstream
        clock.now += 2.5
        assert (await get(made)).status == 200
        assert (await get(made)).status == 200


async def test_unreachable_origin_opens_every_route() -> None:
    transport = Raises(httpx.ConnectError("down"))
    policy = RetryPolicy(enabled=False)
    async with client("http://h", transport=transport, retry=policy, breaker=BreakerPolicy(min_requests=3)) as made:
        assert made.reachable is None
        for path in ("a", "b", "c"):
            await failure(made, path)
        assert (await failure(made, "d")).detail == "circuit open"
        assert made.reachable is False


async def test_patients_do_not_make_routes() -> None:
    async with client("http://h", transport=httpx.MockTransport(lambda request: httpx.Response(200))) as made:
        for number in range(300):
            await get(made, f"Patient/{number}")
        assert set(made._breakers._routes) == {"Patient"}


async def test_cancelled_probe_lets_the_next_one_through() -> None:
    clock = Clock()
    hang = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if hang.is_set():
            await asyncio.sleep(60)
        return httpx.Response(500)

    given: dict[str, Any] = {"transport": httpx.MockTransport(answer), "clock": clock}
    async with client("http://h", breaker=BreakerPolicy(min_requests=1), **given) as made:
        await get(made)
        clock.now += 3
        hang.set()
        probe = asyncio.create_task(get(made))
        await asyncio.sleep(0.02)
        assert (await failure(made)).detail == "circuit open"
        probe.cancel()
        await asyncio.wait([probe])
        hang.clear()
        assert (await get(made)).status == 500


async def test_concurrency_is_limited_and_the_queue_bounded() -> None:
    running = most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return httpx.Response(200)

    transport = httpx.MockTransport(answer)
    async with client("http://h", transport=transport, concurrency=2, max_waiting=3) as made:
        results = await asyncio.gather(*(get(made) for _ in range(8)), return_exceptions=True)
        assert most == 2
        assert sum(isinstance(result, Reply) for result in results) == 5
        assert sum(isinstance(result, UpstreamError) for result in results) == 3
        assert made._limiter.in_use == 0


async def test_waiting_in_the_queue_ends_at_the_deadline() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.3)
        return httpx.Response(200)

    async with client("http://h", transport=httpx.MockTransport(answer), concurrency=1) as made:
        first = asyncio.create_task(get(made))
        await asyncio.sleep(0.01)
        assert (await failure(made, seconds=0.05)).failure is Failure.UNAVAILABLE
        assert (await first).status == 200
        assert made._limiter.in_use == 0
