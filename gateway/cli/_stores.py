"""The stores of a configuration for one command, and what goes wrong with them as one line on standard error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from gateway.assembly import database_url, open_stores
from gateway.cli._settings import give_up
from gateway.settings import Settings
from gateway.stores.audit import AuditStore
from gateway.stores.cache import EntryCache
from gateway.stores.database import Database, parse
from gateway.stores.errors import AuditUnavailable, RegistryUnavailable
from gateway.stores.optout import OptOutRegistry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stores:
    """The opt-out registry, the audit and the cache that workers share."""

    registry: OptOutRegistry
    audit: AuditStore
    cache: EntryCache


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Stores]:
    """The stores, closed afterwards. Makes no database and upgrades none."""
    async with AsyncExitStack() as resources:
        registry, audit, cache, _ = open_stores(settings, resources)
        yield Stores(registry, audit, cache)


def must_exist(url: str) -> None:
    """Give up where a SQLite file is missing: reading would make an empty one."""
    database = Database(url)
    if database.is_sqlite and not database.path.exists():
        give_up(f"{database.path}: there is no such database yet; `joinup stores migrate` makes it")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; a store that cannot be used ends the command with status 2."""
    try:
        return asyncio.run(work)
    except (RegistryUnavailable, AuditUnavailable, ValueError, LookupError) as failure:
        give_up(str(failure))
    except (OSError, SQLAlchemyError, PostgresError) as failure:
        give_up(f"the database cannot be used ({type(failure).__name__}): is it up, and does its URL hold?")


REGISTRY, AUDIT = "opt-out registry", "audit"


def store_urls(settings: Settings) -> dict[str, str]:
    """The two databases by what they hold."""
    stores = settings.config.stores
    return {REGISTRY: database_url(settings, stores.optout_url), AUDIT: database_url(settings, stores.audit_url)}


def shown(url: str) -> str:
    """A database's address without its password. Raises DatabaseUrlError."""
    return parse(url).render_as_string(hide_password=True)
