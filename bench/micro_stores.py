"""CPU and time per store operation: opt-out look-up, audit append, cache look-up.

    python bench/micro_stores.py [--url sqlite+aiosqlite:///file | postgresql+asyncpg://…] [--redis redis://…]

Without a URL a SQLite file in a temporary folder is used. CPU is of this process, user and system, per operation.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import uvloop

from gateway.stores.audit import AuditStore
from gateway.stores.audit_chain import AuditKeys
from gateway.stores.audit_entry import AuditEntry, SourceAsked
from gateway.stores.cache import EntryCache
from gateway.stores.cache_backend import backend_for
from gateway.stores.database import Database
from gateway.stores.migrate import migrate
from gateway.stores.optout import OptOutRegistry

PATIENTS = ("9990000018", "9990000026", "9990000034")


async def measure(name: str, operation: Callable[[], Awaitable[object]], count: int, concurrency: int = 1) -> None:
    async def worker(times: int) -> None:
        for _ in range(times):
            await operation()

    await worker(10)
    cpu, wall = [], []
    for _ in range(5):
        started, clock = time.process_time(), time.perf_counter()
        await asyncio.gather(*(worker(count // concurrency) for _ in range(concurrency)))
        cpu.append((time.process_time() - started) / count * 1e6)
        wall.append((time.perf_counter() - clock) / count * 1e6)
    print(
        f"{name:44s}{concurrency:4d} at once{statistics.median(cpu):9.1f} µs CPU{statistics.median(wall):10.1f} µs wall"
    )


async def run(url: str, redis: str | None) -> None:
    await migrate(url)
    database = Database(url)
    registry = OptOutRegistry(database)
    store = AuditStore(database, AuditKeys("k1", {"k1": b"1" * 32}))
    entry = AuditEntry(
        request_id="0192d1c0-0000-7000-8000-000000000000",
        at=datetime.now(UTC),
        subject="user-1",
        role="hospital_clinician",
        organisation="RAL",
        purpose="direct-care",
        outcome="ANSWERED",
        patients=PATIENTS[:1],
        operation_name="Record",
        operation_hash="0" * 64,
        sections=("allergies", "medications", "conditions"),
        sources=tuple(SourceAsked(f"source-{number}", "ANSWERED") for number in range(8)),
        policy_version="1",
    )
    await registry.add(PATIENTS[0], "bench", "bench", datetime.now(UTC))
    await measure("opt-out look-up, one patient", lambda: registry.opted_out(PATIENTS[:1]), 3000)
    await measure("opt-out look-up, three patients", lambda: registry.opted_out(PATIENTS), 3000)
    for concurrency in (1, 16, 64):
        await measure("audit append", lambda: store.append(entry), 640, concurrency)
    for name in ("memory", *([redis] if redis else [])):
        await measure_cache(name)
    report = await store.verify()
    print(f"chain of {report.entries} entries verified: {'sound' if report.sound else report.problems}")
    await store.aclose()
    await registry.aclose()
    await database.aclose()


async def measure_cache(url: str) -> None:
    cache = EntryCache(backend_for(url), b"k" * 32)
    parts = ("royal-free", "AllergyIntolerance", "1")
    found = await cache.get(PATIENTS[0], parts, list[str])
    await cache.put(found.place, ["x" * 100] * 20, 60)
    await measure(f"cache hit, {url.split(':')[0]}", lambda: cache.get(PATIENTS[0], parts, list[str]), 3000)
    await cache.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--redis")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(run(options.url or f"sqlite+aiosqlite:///{folder}/bench.sqlite3", options.redis))


if __name__ == "__main__":
    main()
