"""The audit store: on disk before it says so, one chain for all processes, and every change found."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.stores.audit_chain import AuditKeys, Head
from gateway.stores.audit_journal import Entries
from gateway.stores.audit_verify import Defect, Problem
from gateway.stores.checkpoints import CheckpointFile
from gateway.stores.database import Database
from gateway.stores.errors import AuditUnavailable
from gateway.stores.migrate import migrate
from tests.gateway.stores.trail import ANN, BOB, KEYS, NOW, entry, filled, opened
from tests.servers import PostgresServer, free_port


async def test_entries_are_kept_in_order(database: Database) -> None:
    async with opened(database) as store:
        assert [await store.append(entry(number)) for number in (1, 2, 3)] == [1, 2, 3]
        records = await store.show()
        assert [record.entry for record in records] == [entry(1), entry(2), entry(3)]
        assert (await store.verify()).sound
        assert [record.sequence for record in await store.show(after=1, limit=1)] == [2]


async def test_accesses_to_one_patient_are_found(database: Database) -> None:
    async with opened(database) as store:
        await store.append(entry(1))
        await store.append(entry(2, patients=(BOB, ANN, BOB)))
        await store.append(entry(3, patients=()))
        assert [record.sequence for record in await store.show(patient=ANN)] == [1, 2]
        assert [record.sequence for record in await store.show(patient=BOB)] == [2]
        assert (await store.verify()).sound


async def test_many_at_once_share_few_transactions(database: Database) -> None:
    async with opened(database) as store:
        commits = 0
        journal = store._journal
        commit = journal.commit

        async def counted(entries: Entries) -> Head:
            nonlocal commits
            commits += 1
            return await commit(entries)

        journal.commit = counted  # type: ignore[method-assign]
        numbers = await asyncio.gather(*(store.append(entry(number)) for number in range(300)))
        assert sorted(numbers) == list(range(1, 301))
        assert commits <= 3
        records = await store.show(limit=400)
        by_sequence = {record.sequence: record.entry.request_id for record in records}
        assert [by_sequence[sequence] for sequence in numbers] == [f"r{number}" for number in range(300)]


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from gateway.stores.audit import AuditStore
from gateway.stores.audit_chain import AuditKeys
from gateway.stores.audit_entry import AuditEntry
from gateway.stores.database import Database
async def main():
    database = Database(sys.argv[1])
    store = AuditStore(database, AuditKeys("k1", {"k1": b"1" * 32}))
    async def one(number):
        return await store.append(AuditEntry(
            request_id=f"{sys.argv[2]}-{number}", at=datetime.now(UTC), subject="s", role="gp", organisation="o",
            purpose="p", outcome="ANSWERED", patients=("9990000018",)))
    for burst in range(10):
        await asyncio.gather(*(one(burst * 10 + number) for number in range(10)))
    await store.aclose()
    await database.aclose()
asyncio.run(main())
"""


async def test_four_processes_make_one_chain(database: Database, database_url: str) -> None:
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, database_url, f"w{number}", cwd=root, env=environment
        )
        for number in range(4)
    ]
    assert [await writer.wait() for writer in writers] == [0] * 4
    async with opened(database) as store:
        report = await store.verify()
        assert (report.entries, report.head, report.problems) == (400, 400, ())
        names = {record.entry.request_id for record in await store.show(limit=1000)}
        assert names == {f"w{writer}-{number}" for writer in range(4) for number in range(100)}


async def test_committed_entry_survives_a_kill(database: Database, database_url: str) -> None:
    root = Path(__file__).parents[3]
    script = WRITER.replace("await store.aclose()", "import os; print(await one(999), flush=True); os._exit(9)")
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, database_url, "w", cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await writer.communicate()
    assert writer.returncode == 9
    async with opened(database) as store:
        (last,) = await store.show(after=int(out) - 1)
        assert last.entry.request_id == "w-999"
        assert (await store.verify()).sound


async def test_keys_can_be_changed(database: Database) -> None:
    await filled(database, 2)
    both = AuditKeys("k2", {"k1": b"1" * 32, "k2": b"2" * 32})
    async with opened(database, both) as store:
        assert await store.append(entry(3)) == 3
        assert (await store.verify()).sound
    async with opened(database, AuditKeys("k2", {"k2": b"2" * 32})) as store:
        report = await store.verify()
        assert report.problems == (Problem(1, Defect.UNKNOWN_KEY), Problem(2, Defect.UNKNOWN_KEY))


async def test_what_cannot_be_written_is_unavailable(database_url: str) -> None:
    database = Database(database_url)  # not migrated
    async with opened(database) as store:
        with pytest.raises(AuditUnavailable):
            await store.append(entry())
        with pytest.raises(AuditUnavailable):
            await store.show()
        with pytest.raises(AuditUnavailable):
            await store.verify()
    await migrate(database_url)
    async with opened(database) as store:
        assert await store.append(entry()) == 1
    await database.aclose()


async def test_unreachable_databases_are_unavailable(tmp_path: Path) -> None:
    urls = (
        f"sqlite+aiosqlite:///{tmp_path}/absent/file.sqlite3",
        f"postgresql+asyncpg://joinup:hunter2@127.0.0.1:{free_port()}/x",
    )
    for url in urls:
        database = Database(url)
        async with opened(database) as store:
            with pytest.raises(AuditUnavailable) as caught:
                await store.append(entry())
            assert "hunter2" not in str(caught.value)
        await database.aclose()


async def test_full_disk_fails_the_batch_and_nothing_else(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'a.sqlite3'}"
    await migrate(url)
    database = Database(url)
    async with opened(database) as store:
        await store.append(entry(1))
        async with database.engine.begin() as connection:
            await connection.execute(text("CREATE TRIGGER full BEFORE INSERT ON audit_patient "
                                          "BEGIN SELECT RAISE(ABORT, 'disk full'); END"))  # fmt: skip
        results = await asyncio.gather(*(store.append(entry(n)) for n in range(5)), return_exceptions=True)
        assert all(isinstance(result, AuditUnavailable) for result in results)
        async with database.engine.begin() as connection:
            await connection.execute(text("DROP TRIGGER full"))
        assert await store.append(entry(2)) == 2
        assert (await store.verify()).sound
    await database.aclose()


async def test_removed_file_is_not_written_on(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    await migrate(f"sqlite+aiosqlite:///{path}")
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with opened(database) as store:
        await store.append(entry(1))
        path.unlink()
        with pytest.raises(AuditUnavailable):
            await store.append(entry(2))
        await migrate(f"sqlite+aiosqlite:///{path}")
        with pytest.raises(AuditUnavailable, match="audit verify"):
            await store.append(entry(3))  # an empty chain where there had been one
    await database.aclose()


async def test_postgres_that_goes_away_is_unavailable_and_comes_back() -> None:
    server = PostgresServer()
    try:
        await migrate(server.url)
        database = Database(server.url)
        async with opened(database) as store:
            assert await store.append(entry(1)) == 1
            server.stop()
            with pytest.raises(AuditUnavailable):
                await store.append(entry(2))
            server.start()
            assert await store.append(entry(3)) == 2
            assert (await store.verify()).sound
        await database.aclose()
    finally:
        server.remove()


async def test_unstorable_entry_harms_no_other(database: Database) -> None:
    async with opened(database) as store:
        for bad in (entry(patients=("12345",)), entry(at=NOW.replace(tzinfo=None)), entry(subject="\ud800")):
            with pytest.raises(ValueError, match=r"."):
                await store.append(bad)
        odd = entry(subject="nul \x00 and 'quotes' and é", patients=())
        assert await store.append(odd) == 1
        assert (await store.show())[0].entry == odd
        assert (await store.verify()).sound


async def test_cancelled_caller_leaves_the_others_alone(database: Database) -> None:
    async with opened(database) as store:
        tasks = [asyncio.create_task(store.append(entry(number))) for number in range(5)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [int, int, asyncio.CancelledError, int, int]
        assert (await store.verify()).sound


def test_weak_or_missing_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        AuditKeys("k", {"k": b"short"})
    with pytest.raises(ValueError, match="not among"):
        AuditKeys("other", {"k": b"1" * 32})
    assert "1111" not in repr(KEYS)


async def test_checkpoint_file_names_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    path.write_text("nonsense\n")
    with pytest.raises(ValueError, match="line 1"):
        await CheckpointFile(path).read()


async def test_checkpoint_that_cannot_be_written_stops_no_answer(database: Database, tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "absent" / "checkpoints")
    async with opened(database, checkpoints=file, checkpoint_every=1) as store:
        assert await store.append(entry(1)) == 1
