"""Who has opted out of the shared record.

Every answer depends on it, so it is read from committed state for every request and never cached: from the moment
`add` has returned, every later `opted_out` on any worker says so. What cannot be read raises `RegistryUnavailable`,
and the caller then answers nothing. A person's superseded NHS numbers count as the person's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from nhs_number.validate import is_valid
from sqlalchemy import delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.stores.database import Database
from gateway.stores.errors import RegistryUnavailable
from gateway.stores.optout_read import OptOutReader, reader_for
from gateway.stores.tables import nhs_number_alias, opted_out, optout_event, registry_lock


class OptOutKind(Enum):
    OPTED_OUT = "OPTED_OUT"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"  # the number was replaced; `reason_code` is the number that replaced it


@dataclass(frozen=True, slots=True)
class OptOutEvent:
    """One line of the history. `at` is in UTC."""

    nhs_number: str
    kind: OptOutKind
    reason_code: str
    by: str
    at: datetime


class OptOutRegistry:
    """The registry, over one database. Writers are serialised; readers never wait for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader: OptOutReader = reader_for(database)

    async def opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        """Those of the given numbers whose person has opted out. Raises RegistryUnavailable.

        A number that is not ten bare digits would never be found, and so raises it too.
        """
        if not nhs_numbers:
            return frozenset()
        for number in nhs_numbers:
            if len(number) != 10 or not (number.isascii() and number.isdigit()):
                raise RegistryUnavailable("asked about what is not an NHS number")
        return await self._reader.opted_out(nhs_numbers)

    async def add(self, nhs_number: str, by: str, reason_code: str, at: datetime) -> None:
        """Record an opt-out; when this returns it is committed and holds everywhere.

        Raises ValueError for what is no NHS number, RegistryUnavailable.
        """
        number = checked(nhs_number)
        async with self._writing() as connection:
            await self._record(connection, number, OptOutKind.OPTED_OUT, reason_code, by, at)
            await _opt_out(connection, await _group(connection, number))

    async def withdraw(self, nhs_number: str, by: str, reason_code: str, at: datetime) -> None:
        """Record that the person takes part again, under all their numbers. Raises as `add`."""
        number = checked(nhs_number)
        async with self._writing() as connection:
            await self._record(connection, number, OptOutKind.WITHDRAWN, reason_code, by, at)
            group = await _group(connection, number)
            await connection.execute(delete(opted_out).where(opted_out.c.nhs_number.in_(group)))

    async def supersede(self, superseded: str, current: str, by: str, at: datetime) -> None:
        """Record that one NHS number was replaced by another. If either had opted out, both have.

        Raises as `add`.
        """
        old, new = checked(superseded), checked(current)
        if old == new:
            raise ValueError("an NHS number does not supersede itself")
        async with self._writing() as connection:
            group = sorted({*await _group(connection, old), *await _group(connection, new)})
            await self._record(connection, old, OptOutKind.SUPERSEDED, new, by, at)
            await _point_to(connection, group, new)
            out = select(opted_out.c.nhs_number).where(opted_out.c.nhs_number.in_(group))
            if (await connection.execute(out)).first() is not None:
                await _opt_out(connection, group)

    async def show(self, nhs_number: str) -> tuple[OptOutEvent, ...]:
        """The whole history of a person, oldest first, under all their numbers. Raises as `add`."""
        number = checked(nhs_number)
        try:
            async with self._database.reading() as connection:
                group = await _group(connection, number)
                statement = select(optout_event).where(optout_event.c.nhs_number.in_(group))
                rows = (await connection.execute(statement.order_by(optout_event.c.id))).all()
            return tuple(_event(row) for row in rows)
        except Exception:
            pass
        raise RegistryUnavailable("the opt-out registry cannot be read")

    async def aclose(self) -> None:
        """Close the reader; the database is the caller's."""
        await self._reader.aclose()

    def _writing(self) -> _Writing:
        return _Writing(self._database)

    async def _record(
        self, connection: AsyncConnection, number: str, kind: OptOutKind, reason: str, by: str, at: datetime
    ) -> None:
        if at.tzinfo is None:
            raise ValueError("the time of an opt-out needs its time zone")
        stamp = at.astimezone(UTC).isoformat(timespec="milliseconds")
        await connection.execute(
            insert(optout_event).values(nhs_number=number, kind=kind.value, reason_code=reason, by_subject=by, at=stamp)
        )


class _Writing:
    """A transaction whose database failures all come out as RegistryUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> AsyncConnection:
        self._transaction = self._database.engine.begin()
        try:
            connection = await self._transaction.__aenter__()
        except Exception:
            connection = None
        if connection is None:
            raise RegistryUnavailable("the opt-out registry cannot be reached")
        try:
            await connection.execute(select(registry_lock).with_for_update())  # one writer at a time
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return connection

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        failed = False
        try:
            await self._transaction.__aexit__(kind, error, trace)  # type: ignore[arg-type]
        except ValueError:
            raise
        except Exception:
            failed = True
        if failed or (isinstance(error, Exception) and not isinstance(error, ValueError)):
            raise RegistryUnavailable("the opt-out registry could not be used") from None


def _event(row: Any) -> OptOutEvent:
    at = datetime.fromisoformat(row.at)
    return OptOutEvent(row.nhs_number, OptOutKind(row.kind), row.reason_code, row.by_subject, at)


def checked(nhs_number: str) -> str:
    """Ten digits with a right check digit, without the usual spaces. The error does not repeat the number."""
    number = nhs_number.replace(" ", "").replace("-", "")
    if len(number) != 10 or not number.isascii() or not number.isdigit() or not is_valid(number):
        raise ValueError("not a valid NHS number")
    if number in ("0000000000", "1111111111"):  # pass the check digit, belong to nobody
        raise ValueError("not a valid NHS number")
    return number


async def _group(connection: AsyncConnection, number: str) -> list[str]:
    """All numbers of the person known under this one."""
    alias = nhs_number_alias.c
    found = await connection.execute(select(alias.current).where(alias.superseded == number))
    current = found.scalar_one_or_none() or number
    rows = await connection.execute(select(alias.superseded).where(alias.current == current))
    return sorted({number, current, *rows.scalars()})


async def _opt_out(connection: AsyncConnection, group: list[str]) -> None:
    rows = await connection.execute(select(opted_out.c.nhs_number).where(opted_out.c.nhs_number.in_(group)))
    missing = set(group) - set(rows.scalars())
    if missing:
        await connection.execute(insert(opted_out), [{"nhs_number": number} for number in sorted(missing)])


async def _point_to(connection: AsyncConnection, group: list[str], current: str) -> None:
    alias = nhs_number_alias.c
    await connection.execute(delete(nhs_number_alias).where(or_(alias.superseded.in_(group), alias.current.in_(group))))
    others = [number for number in group if number != current]
    await connection.execute(
        insert(nhs_number_alias), [{"superseded": number, "current": current} for number in others]
    )
