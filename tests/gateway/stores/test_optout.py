"""The registry: committed means everywhere, at once; unreadable means nothing."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.stores.database import Database, DatabaseUrlError, write_ahead
from gateway.stores.errors import RegistryUnavailable
from gateway.stores.migrate import migrate, revision
from gateway.stores.optout import OptOutKind, OptOutRegistry
from tests.servers import PostgresServer, free_port

ANN, BOB, CAT = "9990000018", "9990000026", "9990000034"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def registry(database: Database) -> OptOutRegistry:
    return OptOutRegistry(database)


async def test_opt_out_holds_until_withdrawn(database: Database) -> None:
    store = registry(database)
    assert await store.opted_out([ANN, BOB]) == frozenset()
    await store.add(ANN, "officer-1", "patient-request", NOW)
    assert await store.opted_out([ANN, BOB]) == {ANN}
    assert await store.opted_out([ANN]) == {ANN}
    assert await store.opted_out([]) == frozenset()
    await store.withdraw(ANN, "officer-2", "patient-request", NOW)
    assert await store.opted_out([ANN, BOB]) == frozenset()
    await store.add(ANN, "officer-1", "again", NOW)
    await store.add(ANN, "officer-1", "twice", NOW)
    assert await store.opted_out([ANN]) == {ANN}
    await store.aclose()


async def test_history_is_kept_whole(database: Database) -> None:
    store = registry(database)
    later = NOW.astimezone(timezone(timedelta(hours=1)))
    await store.add(ANN, "officer-1", "patient-request", NOW)
    await store.withdraw("999 000 0018", "officer-2", "changed-mind", later)
    await store.add(BOB, "officer-1", "other", NOW)
    history = await store.show(ANN)
    assert [(event.kind, event.by, event.reason_code) for event in history] == [
        (OptOutKind.OPTED_OUT, "officer-1", "patient-request"),
        (OptOutKind.WITHDRAWN, "officer-2", "changed-mind"),
    ]
    assert [event.at for event in history] == [NOW, NOW]
    await store.aclose()


async def test_history_cannot_be_changed(database: Database) -> None:
    store = registry(database)
    await store.add(ANN, "officer-1", "patient-request", NOW)
    for statement in ("UPDATE optout_event SET kind = 'WITHDRAWN'", "DELETE FROM optout_event"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.engine.begin() as connection:
                await connection.execute(text(statement))
    assert len(await store.show(ANN)) == 1
    await store.aclose()


@pytest.mark.parametrize("order", ["optout first", "alias first"])
async def test_superseded_number_counts_as_the_person(database: Database, order: str) -> None:
    store = registry(database)
    if order == "optout first":
        await store.add(ANN, "o", "r", NOW)
        await store.supersede(ANN, BOB, "o", NOW)
    else:
        await store.supersede(ANN, BOB, "o", NOW)
        await store.add(ANN, "o", "r", NOW)
    assert await store.opted_out([ANN, BOB, CAT]) == {ANN, BOB}
    await store.supersede(BOB, CAT, "o", NOW)
    assert await store.opted_out([CAT]) == {CAT}
    assert len(await store.show(CAT)) == 3
    await store.withdraw(CAT, "o", "r", NOW)
    assert await store.opted_out([ANN, BOB, CAT]) == frozenset()
    await store.add(BOB, "o", "r", NOW)
    assert await store.opted_out([ANN, BOB, CAT]) == {ANN, BOB, CAT}
    await store.aclose()


async def test_merging_a_person_who_opted_out_with_one_who_did_not(database: Database) -> None:
    store = registry(database)
    await store.add(BOB, "o", "r", NOW)
    await store.supersede(ANN, BOB, "o", NOW)
    assert await store.opted_out([ANN]) == {ANN}
    await store.supersede(BOB, ANN, "o", NOW)
    assert await store.opted_out([ANN, BOB]) == {ANN, BOB}
    await store.aclose()


@pytest.mark.parametrize("number", ["9990000019", "999000001", "", "abcdefghij", "0000000000", "٩٩٩٠٠٠٠٠١٨"])
async def test_no_nhs_number_is_refused_without_repeating_it(database: Database, number: str) -> None:
    store = registry(database)
    with pytest.raises(ValueError, match="not a valid NHS number") as caught:
        await store.add(number, "o", "r", NOW)
    assert not number or number not in str(caught.value)
    with pytest.raises(ValueError, match="time zone"):
        await store.add(ANN, "o", "r", NOW.replace(tzinfo=None))
    assert await store.opted_out([ANN]) == frozenset()
    await store.aclose()


@pytest.mark.parametrize("number", ["999 000 0018", "", "abcdefghij", "٩٩٩٠٠٠٠٠١٨", "99900000180"])
async def test_number_that_would_never_be_found_is_not_cleared(database: Database, number: str) -> None:
    store = registry(database)
    with pytest.raises(RegistryUnavailable):
        await store.opted_out([ANN, number])
    await store.aclose()


WRITER = """
import asyncio, sys
from datetime import UTC, datetime
from gateway.stores.database import Database
from gateway.stores.optout import OptOutRegistry
async def main():
    database = Database(sys.argv[1])
    store = OptOutRegistry(database)
    for line in sys.stdin:
        verb, number = line.split()
        await getattr(store, verb)(number, "o", "r", datetime.now(UTC))
        print("committed", flush=True)
    await database.aclose()
asyncio.run(main())
"""


async def test_commit_of_another_process_is_seen_by_the_next_read(database: Database, database_url: str) -> None:
    store = registry(database)
    assert await store.opted_out([ANN]) == frozenset()
    root = Path(__file__).parents[3]
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, database_url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert writer.stdin is not None
    assert writer.stdout is not None
    for turn in range(30):
        verb, expected = ("add", frozenset({ANN})) if turn % 2 == 0 else ("withdraw", frozenset())
        writer.stdin.write(f"{verb} {ANN}\n".encode())
        while True:  # reads race with the commit; the first read after it must see it
            reading = asyncio.create_task(writer.stdout.readline())
            while not reading.done():
                await store.opted_out([ANN, BOB])
                await asyncio.sleep(0)
            assert (await reading).strip() == b"committed"
            break
        assert await store.opted_out([ANN]) == expected
    writer.stdin.close()
    assert await writer.wait() == 0
    await store.aclose()


async def test_reads_go_on_while_somebody_writes(database: Database) -> None:
    store = registry(database)
    await store.add(BOB, "o", "r", NOW)
    async with database.engine.begin() as connection:
        await connection.execute(text("INSERT INTO opted_out VALUES (:ann)"), {"ann": ANN})
        assert await store.opted_out([ANN, BOB]) == {BOB}
    assert await store.opted_out([ANN, BOB]) == {ANN, BOB}
    await store.aclose()


async def test_concurrent_writers_all_succeed(database: Database) -> None:
    store = registry(database)
    await asyncio.gather(*(store.add(ANN, f"o{number}", "r", NOW) for number in range(20)))
    assert len(await store.show(ANN)) == 20
    assert await store.opted_out([ANN]) == {ANN}
    await store.aclose()


async def test_unmigrated_database_is_unavailable(database_url: str) -> None:
    database = Database(database_url)
    store = registry(database)
    for attempt in (store.opted_out([ANN]), store.opted_out([ANN, BOB])):
        with pytest.raises(RegistryUnavailable):
            await attempt
    with pytest.raises(RegistryUnavailable):
        await store.show(ANN)
    with pytest.raises(RegistryUnavailable):
        await store.add(ANN, "o", "r", NOW)
    await database.aclose()


async def test_unreachable_databases_are_unavailable(tmp_path: Path) -> None:
    urls = (
        f"sqlite+aiosqlite:///{tmp_path}/absent/file.sqlite3",
        f"postgresql+asyncpg://joinup:hunter2@127.0.0.1:{free_port()}/x",
    )
    for url in urls:
        database = Database(url)
        store = registry(database)
        with pytest.raises(RegistryUnavailable) as caught:
            await store.opted_out([ANN])
        assert caught.value.__context__ is None
        assert "hunter2" not in str(caught.value) + repr(database)
        with pytest.raises(RegistryUnavailable):
            await store.add(ANN, "o", "r", NOW)
        await database.aclose()


async def test_replaced_or_removed_file_is_not_read_on(tmp_path: Path) -> None:
    first, second = tmp_path / "a.sqlite3", tmp_path / "b.sqlite3"
    for path in (first, second):
        await migrate(f"sqlite+aiosqlite:///{path}")
    with sqlite3.connect(second) as connection:
        connection.execute("INSERT INTO opted_out VALUES (?)", (ANN,))
    connection.close()
    database = Database(f"sqlite+aiosqlite:///{first}")
    store = registry(database)
    assert await store.opted_out([ANN]) == frozenset()
    second.rename(first)
    assert await store.opted_out([ANN]) == {ANN}
    first.unlink()
    with pytest.raises(RegistryUnavailable):
        await store.opted_out([ANN])
    await store.aclose()
    await database.aclose()


async def test_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.sqlite3"
    await migrate(f"sqlite+aiosqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


async def test_corrupt_file_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_bytes(b"not a database" * 1000)
    database = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(RegistryUnavailable):
        await registry(database).opted_out([ANN])
    await database.aclose()


async def test_postgres_that_goes_away_is_unavailable_and_comes_back() -> None:
    server = PostgresServer()
    try:
        await migrate(server.url)
        database = Database(server.url)
        store = registry(database)
        await store.add(ANN, "o", "r", NOW)
        server.stop()
        with pytest.raises(RegistryUnavailable):
            await store.opted_out([ANN])
        server.start()
        assert await store.opted_out([ANN]) == {ANN}
        await database.aclose()
    finally:
        server.remove()


async def test_migration_may_run_on_every_worker_at_once(database_url: str) -> None:
    await asyncio.gather(*(migrate(database_url) for _ in range(4)))
    assert await revision(database_url) == ("0001", "0001")


async def test_new_sqlite_file_waits_for_whoever_else_sets_it_up(tmp_path: Path) -> None:
    path = tmp_path / "stores.sqlite3"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    asyncio.get_running_loop().call_later(0.1, other.execute, "COMMIT")
    async with aiosqlite.connect(path, timeout=0) as connection:  # as where SQLite does not wait
        await write_ahead(connection)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


async def test_tables_are_those_of_the_migrations(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from gateway.stores.tables import metadata

    async with database.engine.connect() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    assert difference == []


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://h/x", "sqlite://", "sqlite+aiosqlite:///:memory:"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match=r"(?i)sqlite"):
        Database(url)
