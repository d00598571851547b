"""CPU per upstream call: the client, its transport, and plain httpx, against one keep-alive server, in one run.

    python bench/micro_upstream.py [--calls 3000] [--rounds 5]

The server runs in a process of its own; the figure is the CPU time of this process (user and system) per call.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import httpx
import uvloop

from gateway.upstream.client import UpstreamClient
from gateway.upstream.settings import UpstreamSettings
from gateway.upstream.transport.request import Origin, header_lines, request_bytes
from gateway.upstream.transport.transport import PooledTransport

SMALL, LARGE = 368, 100_000
Call = Callable[[], Awaitable[None]]


class _Server(asyncio.Protocol):
    """Answers every request head at once; a path that begins with /large gets the large body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            size = LARGE if b" /large" in head[:12] else SMALL
            body = b'{"data":"' + b"x" * (size - 11) + b'"}'
            self.transport.write(  # type: ignore[attr-defined]
                b"HTTP/1.1 200 OK\r\ndate: Sun, 22 Nov 2026 10:00:00 GMT\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )


def serve(pipe: Connection) -> None:
    """Run the server and tell its port."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(run())


async def measure(call: Call, calls: int, concurrency: int, rounds: int) -> float:
    """Median CPU microseconds per call."""

    async def worker(count: int) -> None:
        for _ in range(count):
            await call()

    await asyncio.gather(*(worker(20) for _ in range(concurrency)))
    figures = []
    for _ in range(rounds):
        started = time.process_time()
        await asyncio.gather(*(worker(calls // concurrency) for _ in range(concurrency)))
        figures.append((time.process_time() - started) / calls * 1e6)
    return statistics.median(figures)


async def compare(port: int, path: str, concurrency: int, calls: int, rounds: int) -> dict[str, float]:
    """CPU per call of each way of calling."""
    url = f"http://127.0.0.1:{port}"
    loop = asyncio.get_running_loop()
    transport = PooledTransport()
    client = UpstreamClient(UpstreamSettings("bench", url))
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=1000)
    origin = Origin(False, "127.0.0.1", port)
    data = request_bytes("GET", path, origin.authority, header_lines([("accept", "application/json")]), None)
    accept = {"accept": "application/json"}

    async with httpx.AsyncClient(limits=limits) as plain, httpx.AsyncClient(transport=PooledTransport()) as ours:

        async def by_transport() -> None:
            await transport.exchange(origin, data, head_only=False, replayable=True, deadline=loop.time() + 5)

        async def by_client() -> None:
            await client.send("GET", path, headers=accept, deadline=loop.time() + 5)

        async def by_httpx() -> None:
            await plain.get(url + path, headers=accept)

        async def by_httpx_over_ours() -> None:
            await ours.get(url + path, headers=accept)

        ways: dict[str, Call] = {
            "transport alone": by_transport,
            "upstream client": by_client,
            "httpx over our transport": by_httpx_over_ours,
            "plain httpx": by_httpx,
        }
        result = {name: await measure(call, calls, concurrency, rounds) for name, call in ways.items()}
    await transport.aclose()
    await client.aclose()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    port = here.recv()
    for path, size in (("/small", SMALL), ("/large", LARGE)):
        for concurrency in (1, 16, 64):
            figures = uvloop.run(compare(port, path, concurrency, options.calls, options.rounds))
            base = figures["upstream client"]
            print(f"{size} bytes, {concurrency} at once")
            for name, micros in figures.items():
                print(f"  {name:26s}{micros:9.1f} µs CPU   {micros / base:6.1f} × upstream client")
    server.terminate()


if __name__ == "__main__":
    main()
