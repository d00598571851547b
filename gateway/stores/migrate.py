"""Brings a database to the current schema; safe to run by several workers at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.stores.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_KEY = 0x6A6F696E7570  # "joinup": PostgreSQL's advisory lock for migrations


async def migrate(url: str) -> None:
    """Create or upgrade the tables. Raises DatabaseUrlError, sqlalchemy.exc.SQLAlchemyError."""
    database = Database(url)
    try:
        if database.is_sqlite:
            database.path.parent.mkdir(parents=True, exist_ok=True)
            database.path.touch(mode=0o600)  # it will hold who looked at whom
        async with database.engine.begin() as connection:
            if not database.is_sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            await connection.run_sync(_upgrade)
    finally:
        await database.aclose()


async def revision(url: str) -> tuple[str | None, str | None]:
    """The revision that a database is at, and the one that this version needs."""
    database = Database(url)
    try:
        async with database.engine.connect() as connection:
            at = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await database.aclose()
    return at, needed()


def needed() -> str | None:
    """The revision that this version works with."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
