"""The transport against servers that misbehave on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.errors import (
    AnswerTimeoutError,
    ConnectError,
    ConnectTimeoutError,
    DisconnectedError,
    NoConnectionError,
    ProtocolError,
    TooLargeError,
    TransportError,
)
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.request import Origin, header_lines, request_bytes
from gateway.upstream.transport.transport import PooledTransport
from tests.gateway.upstream.hostile import OK, Hostile, Peer, always, hostile, once


@pytest.fixture
async def transport() -> AsyncIterator[PooledTransport]:
    made = PooledTransport(Limits(max_connections=4, max_head_bytes=2000, max_body_bytes=5000))
    yield made
    await made.aclose()


async def get(
    transport: PooledTransport, port: int, *, method: str = "GET", seconds: float = 5, replayable: bool = True
) -> Answer:
    origin = Origin(False, "127.0.0.1", port)
    data = request_bytes(method, "/x", origin.authority, header_lines([("accept", "*/*")]), None)
    deadline = asyncio.get_running_loop().time() + seconds
    return await transport.exchange(origin, data, head_only=method == "HEAD", replayable=replayable, deadline=deadline)


def pool(transport: PooledTransport, server: Hostile) -> Any:
    return transport.pool(Origin(False, "127.0.0.1", server.port))


async def until(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come true")


async def test_connection_is_kept_and_used_again(transport: PooledTransport) -> None:
    async with hostile(always(OK)) as server:
        for _ in range(5):
            assert (await get(transport, server.port)).body == b"ok"
        assert server.connections == 1
        assert server.seen[0] == (f"GET /x HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\naccept: */*\r\n\r\n".encode())


async def test_connection_close_is_obeyed(transport: PooledTransport) -> None:
    closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"
    async with hostile(always(closing)) as server:
        await get(transport, server.port)
        await get(transport, server.port)
        assert server.connections == 2


async def test_last_used_connection_comes_first(transport: PooledTransport) -> None:
    async with hostile(always(OK)) as server:
        await asyncio.gather(*(get(transport, server.port) for _ in range(3)))
        connections = server.connections
        for _ in range(6):
            await get(transport, server.port)
        assert server.connections == connections
        used = pool(transport, server)._idle[-1]
        assert used.served >= 6


async def test_never_more_connections_than_the_limit(transport: PooledTransport) -> None:
    async def slow(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.01)
            await peer.say(OK)

    async with hostile(slow) as server:
        answers = await asyncio.gather(*(get(transport, server.port) for _ in range(20)))
        assert [a.body for a in answers] == [b"ok"] * 20
        assert server.connections == 4
        assert pool(transport, server).open == 4


async def test_waiting_for_a_connection_ends_at_the_deadline(transport: PooledTransport) -> None:
    async def never(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(60)

    async with hostile(never) as server:
        busy = [asyncio.create_task(get(transport, server.port)) for _ in range(4)]
        await until(lambda: len(server.seen) == 4)
        with pytest.raises(NoConnectionError):
            await get(transport, server.port, seconds=0.05)
        for task in busy:
            task.cancel()
        await asyncio.wait(busy)
        await until(lambda: pool(transport, server).open == 0)


async def test_slots_come_back_after_every_kind_of_failure(transport: PooledTransport) -> None:
    async with hostile(once(b"nonsense\r\n\r\n")) as server:
        for _ in range(10):
            with pytest.raises(ProtocolError):
                await get(transport, server.port)
        await until(lambda: pool(transport, server).open == 0)
    for _ in range(10):
        with pytest.raises(ConnectError):
            await get(transport, server.port)
    assert pool(transport, server).open == 0


async def test_waiter_gets_the_slot_of_a_failed_connection(transport: PooledTransport) -> None:
    async with hostile(once(b"nonsense\r\n\r\n")) as server:
        outcomes = await asyncio.gather(*(get(transport, server.port) for _ in range(12)), return_exceptions=True)
        assert all(isinstance(outcome, ProtocolError) for outcome in outcomes)
        await until(lambda: pool(transport, server).open == 0)


async def test_cancelled_request_closes_its_connection(transport: PooledTransport) -> None:
    async def late(peer: Peer) -> None:
        await peer.request()
        if peer.number == 1:
            await asyncio.sleep(0.05)
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale")
        else:
            await peer.say(OK)
        await asyncio.sleep(60)

    async with hostile(late) as server:
        task = asyncio.create_task(get(transport, server.port))
        await until(lambda: server.seen)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: pool(transport, server).open == 0)
        assert (await get(transport, server.port)).body == b"ok"


async def test_closed_idle_connection_is_replaced(transport: PooledTransport) -> None:
    async with hostile(once(OK)) as server:
        for _ in range(3):
            assert (await get(transport, server.port, replayable=False)).body == b"ok"
            await asyncio.sleep(0.02)
        assert server.connections == 3


async def test_stale_connection_is_retried_only_when_replayable(transport: PooledTransport) -> None:
    async def drops_second(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        if peer.number % 2:
            peer.reset()
        else:
            await peer.say(OK)

    async with hostile(drops_second) as server:
        await get(transport, server.port)
        assert (await get(transport, server.port)).body == b"ok"
        assert server.connections == 2
    async with hostile(drops_second) as server:
        await get(transport, server.port)
        with pytest.raises(DisconnectedError):
            await get(transport, server.port, replayable=False)
        assert len(server.seen) == 2


async def test_fresh_connection_that_ends_is_not_retried(transport: PooledTransport) -> None:
    async def drop(peer: Peer) -> None:
        await peer.request()

    async with hostile(drop) as server:
        with pytest.raises(DisconnectedError):
            await get(transport, server.port)
        assert server.connections == 1


async def test_close_in_the_body_is_never_retried(transport: PooledTransport) -> None:
    async def half(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf")

    async with hostile(half) as server:
        await get(transport, server.port)
        with pytest.raises(DisconnectedError) as caught:
            await get(transport, server.port)
        assert not caught.value.silent
        assert server.connections == 1


async def test_answer_nobody_asked_for_is_never_given_to_the_next_request(transport: PooledTransport) -> None:
    evil = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"

    async def pushes(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        if peer.number == 1:
            await peer.say(evil)
        await peer.request()
        await peer.say(OK)

    async with hostile(pushes) as server:
        await get(transport, server.port)
        await asyncio.sleep(0.02)
        assert (await get(transport, server.port)).body == b"ok"
        assert server.connections == 2


async def test_pushed_answer_still_in_the_socket_is_seen_before_reuse(transport: PooledTransport) -> None:
    push, pushed = asyncio.Event(), asyncio.Event()

    async def pushes(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        if peer.number == 1:
            await push.wait()
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
            pushed.set()
        await peer.request()
        await peer.say(OK)

    async with hostile(pushes) as server:
        await get(transport, server.port)
        pool(transport, server)._idle[-1]._transport.pause_reading()  # the event loop is late
        push.set()
        await pushed.wait()
        await asyncio.sleep(0.02)
        assert (await get(transport, server.port)).body == b"ok"
        assert server.connections == 2


async def test_two_answers_to_one_request_end_the_connection(transport: PooledTransport) -> None:
    async with hostile(always(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")) as server:
        for _ in range(3):
            assert (await get(transport, server.port)).body == b"ok"
        assert server.connections == 3


async def test_speaking_before_being_asked_is_no_answer(transport: PooledTransport) -> None:
    async def eager(peer: Peer) -> None:
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
        await peer.request()
        await asyncio.sleep(60)

    async with hostile(eager) as server:
        loop = asyncio.get_running_loop()
        connections = pool(transport, server)
        connections.open += 1
        connection = await connections._connect(loop, loop.time() + 5, 1.0)
        await until(lambda: connection.closed)
        with pytest.raises(DisconnectedError):
            await connection.exchange(b"GET / HTTP/1.1\r\n\r\n", head_only=False, deadline=loop.time() + 1)


async def test_no_answer_ends_at_the_deadline(transport: PooledTransport) -> None:
    async def never(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(60)

    async with hostile(never) as server:
        with pytest.raises(AnswerTimeoutError):
            await get(transport, server.port, seconds=0.05)
        await until(lambda: pool(transport, server).open == 0)


async def test_slow_loris_ends_at_the_deadline(transport: PooledTransport) -> None:
    async def drip(peer: Peer) -> None:
        await peer.request()
        for byte in OK[:-1] * 100:
            await peer.say(bytes([byte]))
            await asyncio.sleep(0.01)

    async with hostile(drip) as server:
        with pytest.raises(AnswerTimeoutError):
            await get(transport, server.port, seconds=0.2)


async def test_silence_ends_at_the_read_limit() -> None:
    async def stalls(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n")
        await asyncio.sleep(60)

    transport = PooledTransport(Limits(read_seconds=0.1))
    async with hostile(stalls) as server:
        with pytest.raises(AnswerTimeoutError):
            await get(transport, server.port, seconds=30)
    await transport.aclose()


async def test_steady_answer_outlives_the_read_limit() -> None:
    async def steady(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
        for _ in range(10):
            await asyncio.sleep(0.05)
            await peer.say(b"x")

    transport = PooledTransport(Limits(read_seconds=0.3))
    async with hostile(steady) as server:
        assert (await get(transport, server.port, seconds=30)).body == b"x" * 10
    await transport.aclose()


async def test_earlier_deadline_than_the_running_timer_is_kept(transport: PooledTransport) -> None:
    async def second_never(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        await asyncio.sleep(60)

    async with hostile(second_never) as server:
        await get(transport, server.port, seconds=8)
        async with asyncio.timeout(4):
            with pytest.raises(AnswerTimeoutError):
                await get(transport, server.port, seconds=0.05)


async def test_handshake_that_never_ends_is_a_connect_timeout() -> None:
    async def silent(peer: Peer) -> None:
        await peer.reader.read()

    transport = PooledTransport(Limits(connect_seconds=0.1))
    async with hostile(silent) as server:
        origin = Origin(True, "127.0.0.1", server.port)
        deadline = asyncio.get_running_loop().time() + 5
        with pytest.raises(ConnectTimeoutError):
            await transport.exchange(origin, b"", head_only=False, replayable=True, deadline=deadline)
        await until(lambda: transport.pool(origin).open == 0)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 3000, TooLargeError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 6000\r\n\r\n", TooLargeError),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", ProtocolError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok", ProtocolError),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", DisconnectedError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel", DisconnectedError),
        (b"HTTP/1.1 200 OK\r\ncont", DisconnectedError),
    ],
)
async def test_bad_answers_are_typed(transport: PooledTransport, answer: bytes, error: type[TransportError]) -> None:
    async with hostile(once(answer)) as server:
        with pytest.raises(error):
            await get(transport, server.port)


async def test_reset_in_an_unframed_body_is_no_answer(transport: PooledTransport) -> None:
    async def resets(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\nhalf a body")
        await asyncio.sleep(0.05)
        peer.reset()

    async with hostile(resets) as server:
        with pytest.raises(DisconnectedError):
            await get(transport, server.port)


async def test_unframed_body_ends_with_the_stream(transport: PooledTransport) -> None:
    async with hostile(once(b"HTTP/1.1 200 OK\r\n\r\nwhole")) as server:
        assert (await get(transport, server.port)).body == b"whole"


async def test_early_refusal_of_a_large_request_is_read(transport: PooledTransport) -> None:
    async def refuses(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.say(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
        await asyncio.sleep(60)

    async with hostile(refuses) as server:
        origin = Origin(False, "127.0.0.1", server.port)
        data = request_bytes("POST", "/", origin.authority, "", b"x" * 20_000_000)
        deadline = asyncio.get_running_loop().time() + 5
        answer = await transport.exchange(origin, data, head_only=False, replayable=False, deadline=deadline)
        assert answer.status == 413
        assert pool(transport, server).idle == 0
        await until(lambda: pool(transport, server).open == 0)


async def test_idle_connections_are_swept() -> None:
    transport = PooledTransport(Limits(idle_seconds=0.05))
    async with hostile(always(OK)) as server:
        await get(transport, server.port)
        assert pool(transport, server).open == 1
        await until(lambda: pool(transport, server).open == 0)
    await transport.aclose()


async def test_keep_alive_hint_of_the_server_shortens_idling(transport: PooledTransport) -> None:
    hinted = b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1, max=9\r\ncontent-length: 2\r\n\r\nok"
    async with hostile(always(hinted)) as server:
        await get(transport, server.port)
        await get(transport, server.port)
        assert server.connections == 2


async def test_closed_transport_refuses(transport: PooledTransport) -> None:
    async with hostile(always(OK)) as server:
        await get(transport, server.port)
        await transport.aclose()
        with pytest.raises(NoConnectionError):
            await get(transport, server.port)
        await until(lambda: pool(transport, server).open == 0)
