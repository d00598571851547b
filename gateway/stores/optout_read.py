"""The look-up of every request: one indexed read of committed state, as cheap as the database allows.

SQLite: a `sqlite3` connection used on the event loop's own thread. A look-up by primary key takes about 10 µs, less
than handing it to a thread; readers in WAL mode never wait for writers; each statement outside a transaction sees
the last commit of any process. It must be a local disk: a stalled one stalls the loop.
PostgreSQL: asyncpg with its prepared statement. The URL must be the primary: a replica lags behind the commit.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Collection
from typing import Protocol

from gateway.stores.database import Database
from gateway.stores.errors import RegistryUnavailable

BUSY_SECONDS = 0.05
READ_SECONDS = 1.0
ONE = "SELECT nhs_number FROM opted_out WHERE nhs_number = ?"
MANY = "SELECT nhs_number FROM opted_out WHERE nhs_number IN (SELECT value FROM json_each(?))"
POSTGRES = "SELECT nhs_number FROM opted_out WHERE nhs_number = ANY($1::text[])"


class OptOutReader(Protocol):
    """Reads which of some NHS numbers have opted out."""

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        """Raises RegistryUnavailable."""
        ...

    async def aclose(self) -> None: ...


class SqliteReader:
    """Reads on the calling thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] = (0, 0)

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        try:
            rows = self._read(nhs_numbers)
        except (sqlite3.Error, OSError):
            rows = None
        if rows is None:
            await self.aclose()
            raise RegistryUnavailable("the opt-out registry cannot be read")
        return frozenset(row[0] for row in rows)

    def _read(self, nhs_numbers: Collection[str]) -> list[tuple[str]]:
        connection = self._open()
        if len(nhs_numbers) == 1:
            return connection.execute(ONE, tuple(nhs_numbers)).fetchall()
        return connection.execute(MANY, (json.dumps(list(nhs_numbers)),)).fetchall()

    def _open(self) -> sqlite3.Connection:
        file = self._database.file_identity()
        if self._connection is not None and self._file == file:
            return self._connection
        if self._connection is not None:
            self._connection.close()
        self._connection = self._database.connect_sqlite(BUSY_SECONDS)
        self._connection.execute("PRAGMA query_only = ON")
        self._file = file
        return self._connection

    async def aclose(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresReader:
    """Reads through the database's asyncpg pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        try:
            async with asyncio.timeout(READ_SECONDS):
                pool = await self._database.pool()
                rows = await pool.fetch(POSTGRES, list(nhs_numbers))
            return frozenset(row[0] for row in rows)
        except Exception:
            pass
        raise RegistryUnavailable("the opt-out registry cannot be read")

    async def aclose(self) -> None:
        return None


def reader_for(database: Database) -> OptOutReader:
    """The reader that fits the database."""
    return SqliteReader(database) if database.is_sqlite else PostgresReader(database)
