"""One database by URL: `sqlite+aiosqlite:///file` (the default) or `postgresql+asyncpg://…`.

Ordinary work goes through SQLAlchemy Core. The two operations of every request, the opt-out look-up and the audit
append, go to the drivers themselves: `sqlite3` and an asyncpg pool.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_SECONDS = 5.0  # how long a writer waits for another worker's
BUSY_RETRY_SECONDS = 0.01
POOL_SIZE = 8
COMMAND_SECONDS = 5.0


class DatabaseUrlError(ValueError):
    """The URL cannot be used; says what can."""


class Database:
    """An engine, and the drivers beneath it. Belongs to one event loop; close it with `aclose`."""

    def __init__(self, url: str) -> None:
        """Raises DatabaseUrlError. Opens nothing yet."""
        self._url = parse(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._engine: AsyncEngine | None = None
        self._pool: Any = None
        self._pool_lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)!r})"

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self._url.database or "")

    @property
    def engine(self) -> AsyncEngine:
        """The SQLAlchemy engine; every transaction on SQLite begins as a writer's, so that none fails half-way."""
        if self._engine is None:
            if self.is_sqlite:
                self._engine = create_async_engine(self._url, connect_args={"timeout": BUSY_SECONDS})
                _sqlite_events(self._engine)
            else:
                self._engine = create_async_engine(
                    self._url,
                    pool_size=POOL_SIZE,
                    pool_pre_ping=True,
                    connect_args={"timeout": COMMAND_SECONDS, "command_timeout": COMMAND_SECONDS * 12},
                )
        return self._engine

    async def pool(self) -> Any:
        """The asyncpg pool. Raises what asyncpg raises."""
        if self._pool is None:
            async with self._pool_lock:
                if self._pool is None:
                    self._pool = await asyncpg.create_pool(
                        self._url.set(drivername="postgresql").render_as_string(hide_password=False),
                        min_size=0,
                        max_size=POOL_SIZE,
                        timeout=COMMAND_SECONDS,
                        command_timeout=COMMAND_SECONDS,
                        reset=_keep_as_is,
                    )
        return self._pool

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading only, which keeps no writer waiting. Raises SQLAlchemyError, OSError."""
        async with self.engine.execution_options(reading=True).connect() as connection:
            yield connection

    def file_identity(self) -> tuple[int, int]:
        """Which file the SQLite path names now: a file that was replaced must not be used on through an old handle.

        Raises OSError.
        """
        stat = os.stat(self.path)
        return stat.st_dev, stat.st_ino

    def connect_sqlite(self, timeout: float) -> sqlite3.Connection:
        """A driver connection in autocommit mode. The file must exist. Raises sqlite3.Error."""
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    async def aclose(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None
        if self._pool is not None:
            await self._pool.close()
            self._pool = None


async def _keep_as_is(connection: Any) -> None:
    """Our statements leave no session state: no round trip to reset it."""


def parse(url: str) -> URL:
    """The URL with its driver named. Raises DatabaseUrlError; the message never repeats a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise DatabaseUrlError(
            "not a database URL: use sqlite+aiosqlite:///path/to/file or postgresql+asyncpg://user:password@host/name"
        )
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise DatabaseUrlError("a SQLite database must be a file: workers share it, and it must outlive them")
        return parsed.set(drivername="sqlite+aiosqlite")
    return parsed.set(drivername="postgresql+asyncpg")


def _sqlite_events(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        connection.run_async(write_ahead)
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


async def write_ahead(connection: Any) -> None:
    """Readers beside a writer. Only a new file changes its mode; while another connection changes it, SQLite says "locked"
    at once instead of waiting, so the waiting is done here. Raises sqlite3.OperationalError after BUSY_SECONDS.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            await (await connection.execute("PRAGMA journal_mode = WAL")).close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        await asyncio.sleep(BUSY_RETRY_SECONDS)
