"""Appends a batch of entries to the chain in one transaction, one writer at a time across all processes.

SQLite: BEGIN IMMEDIATE on a connection of its own in a thread of its own; synchronous=FULL, so COMMIT is an fsync of
the write-ahead log. PostgreSQL: the head row is locked FOR UPDATE; COMMIT waits for the log (synchronous_commit).
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from gateway.stores.audit_chain import AuditKeys, Head, Linked, linked
from gateway.stores.database import BUSY_SECONDS, Database
from gateway.stores.errors import AuditUnavailable

Entries = list[tuple[str, tuple[str, ...]]]  # payload, NHS numbers

HEAD = "SELECT sequence, chain, key_id, seal FROM audit_head WHERE id = 1"
STORE = """
WITH entries AS (
    INSERT INTO audit_entry (sequence, key_id, payload, chain)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
), patients AS (
    INSERT INTO audit_patient (nhs_number, sequence) SELECT * FROM unnest($5::text[], $6::bigint[])
)
UPDATE audit_head SET sequence = $7, chain = $8, key_id = $9, seal = $10 WHERE id = 1
"""


class Journal(Protocol):
    """Where batches go."""

    async def commit(self, entries: Entries) -> Head:
        """Store the entries; they are on disk when this returns. The head is the last entry's.

        Raises AuditUnavailable, and whatever the driver raises.
        """
        ...

    async def aclose(self) -> None: ...


class _Extender:
    """Links batches to the head found, unless that head cannot be what this process left or saw."""

    def __init__(self, keys: AuditKeys) -> None:
        self._keys = keys
        self._seen = 0

    def extend(self, row: Any, entries: Entries) -> Linked:
        head = Head(*row) if row is not None else None
        if head is None or not head.genuine(self._keys) or head.sequence < self._seen:
            raise AuditUnavailable("the end of the audit chain was altered: run `joinup audit verify`")
        return linked(self._keys, head, entries)

    def stored(self, head: Head) -> Head:
        self._seen = max(self._seen, head.sequence)
        return head


class SqliteJournal:
    """Writes from one thread, which nothing else uses."""

    def __init__(self, database: Database, keys: AuditKeys) -> None:
        self._database = database
        self._extender = _Extender(keys)
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)
        self._thread = ThreadPoolExecutor(1, "audit")

    async def commit(self, entries: Entries) -> Head:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, entries)

    def _commit(self, entries: Entries) -> Head:
        connection = self._open()
        try:
            connection.execute("BEGIN IMMEDIATE")
            made = self._extender.extend(connection.execute(HEAD).fetchone(), entries)
            self._store(connection, made)
            connection.execute("COMMIT")
        except BaseException:
            self._connection = None
            connection.close()  # rolls back
            raise
        return self._extender.stored(made.head)

    def _open(self) -> sqlite3.Connection:
        file = self._database.file_identity()
        if self._connection is not None and self._file != file:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection, self._file = self._database.connect_sqlite(BUSY_SECONDS), file
        return self._connection

    def _store(self, connection: sqlite3.Connection, made: Linked) -> None:
        connection.executemany("INSERT INTO audit_entry VALUES (?, ?, ?, ?)", made.rows)
        connection.executemany("INSERT INTO audit_patient VALUES (?, ?)", made.patients)
        head = made.head
        connection.execute(
            "UPDATE audit_head SET sequence = ?, chain = ?, key_id = ?, seal = ? WHERE id = 1",
            (head.sequence, head.chain, head.key_id, head.seal),
        )

    async def aclose(self) -> None:
        def close() -> None:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown(wait=False)


class PostgresJournal:
    """Writes through the database's asyncpg pool, in four round trips."""

    def __init__(self, database: Database, keys: AuditKeys) -> None:
        self._database = database
        self._extender = _Extender(keys)

    async def commit(self, entries: Entries) -> Head:
        pool = await self._database.pool()
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(f"{HEAD} FOR UPDATE")
            made = self._extender.extend(row, entries)
            head = made.head
            await connection.execute(
                STORE,
                *(list(column) for column in zip(*made.rows, strict=True)),
                [number for number, _ in made.patients],
                [sequence for _, sequence in made.patients],
                head.sequence,
                head.chain,
                head.key_id,
                head.seal,
            )
        return self._extender.stored(head)

    async def aclose(self) -> None:
        return None


def journal_for(database: Database, keys: AuditKeys) -> Journal:
    """The journal that fits the database."""
    return SqliteJournal(database, keys) if database.is_sqlite else PostgresJournal(database, keys)
