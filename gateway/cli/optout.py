"""`joinup optout`: who has opted out. Each change holds on every worker when the command has returned."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer
from asyncpg import PostgresError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from gateway.cli._settings import DEFAULT, ConfigFile, give_up, settings_of
from gateway.cli._stores import AUDIT, REGISTRY, Stores, finish, must_exist, opened, store_urls
from gateway.stores.audit_entry import AuditEntry
from gateway.stores.errors import AuditUnavailable
from gateway.stores.migrate import migrate
from gateway.stores.optout import OptOutEvent, OptOutRegistry, checked

app = typer.Typer(help="Record, withdraw and look up opt-outs.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NHSNUMBER", help="The NHS number; - reads it from standard input.")]
By = Annotated[str, typer.Option(help="Who records it: the person who answers for it, up to 200 characters.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words for the register: letter, telephone, online form.")]
Change = Callable[[OptOutRegistry, datetime], Awaitable[None]]

BY_LONGEST, REASON_LONGEST = 200, 64


@app.command()
def add(nhs_number: Number, by: By, reason: Reason, config: ConfigFile = DEFAULT) -> None:
    """Record that a person opts out: from then on nobody is shown their record."""
    number = _number(nhs_number)
    _words(by, reason)
    _change(config, "optout add", number, by, lambda registry, at: registry.add(number, by, reason, at))
    typer.echo("opted out")


@app.command()
def withdraw(nhs_number: Number, by: By, reason: Reason, config: ConfigFile = DEFAULT) -> None:
    """Record that a person withdraws their opt-out."""
    number = _number(nhs_number)
    _words(by, reason)
    _change(config, "optout withdraw", number, by, lambda registry, at: registry.withdraw(number, by, reason, at))
    typer.echo("takes part")


@app.command()
def supersede(
    nhs_number: Number,
    current: Annotated[str, typer.Argument(metavar="CURRENT", help="The NHS number that replaced it.")],
    by: By,
    config: ConfigFile = DEFAULT,
) -> None:
    """Record that one NHS number was replaced by another. If either has opted out, both have."""
    old, new = _number(nhs_number), _number(current)
    _words(by, "-")
    _change(config, "optout supersede", old, by, lambda registry, at: registry.supersede(old, new, by, at), new)
    typer.echo("superseded")


@app.command()
def show(nhs_number: Number, config: ConfigFile = DEFAULT) -> None:
    """Whether a person is opted out now, and how that came about. Exit status 1 if opted out."""
    number = _number(nhs_number)
    out, history = finish(_look_up(config, number))
    table = Table("when (UTC)", "NHS number", "what", "reason", "recorded by")
    for event in history:
        at = event.at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
        table.add_row(at, event.nhs_number, event.kind.value, event.reason_code, event.by)
    if history:
        Console(width=140).print(table)
    typer.echo("opted out" if out else "takes part")
    raise typer.Exit(1 if out else 0)


def _number(given: str) -> str:
    try:
        return checked(sys.stdin.readline().strip() if given == "-" else given)
    except ValueError as failure:
        raise typer.BadParameter(str(failure)) from None


def _words(by: str, reason: str) -> None:
    if not 0 < len(by) <= BY_LONGEST:
        raise typer.BadParameter(f"--by: name somebody, in up to {BY_LONGEST} characters")
    if not 0 < len(reason) <= REASON_LONGEST:
        raise typer.BadParameter(f"--reason: say why, in up to {REASON_LONGEST} characters")


def _change(config: ConfigFile, name: str, number: str, by: str, change: Change, *others: str) -> None:
    finish(_apply(config, name, (number, *others), by, change))


async def _apply(config: ConfigFile, name: str, numbers: tuple[str, ...], by: str, change: Change) -> None:
    """The change first, and the audit after it: an opt-out must hold even where the audit cannot be written."""
    settings = settings_of(config)
    urls = store_urls(settings)
    await migrate(urls[REGISTRY])
    async with opened(settings) as stores:
        at = datetime.now(UTC)
        await change(stores.registry, at)
        for number in numbers:
            await stores.cache.drop_patient(number)
        try:
            await migrate(urls[AUDIT])
            await _write_down(stores, name, numbers, by, at)
        except (AuditUnavailable, SQLAlchemyError, PostgresError, OSError):
            give_up("the change holds, but the audit could not be written: note it by hand, and mend the audit")


async def _write_down(stores: Stores, name: str, numbers: tuple[str, ...], by: str, at: datetime) -> None:
    entry = AuditEntry(
        request_id=str(uuid4()),
        at=at,
        subject=f"command-line|{by}",
        role="operator",
        organisation="",
        purpose="",
        kind="registry",
        outcome="ANSWERED",
        patients=tuple(sorted(numbers)),
        operation_name=name,
        client_id="joinup",
    )
    await stores.audit.append(entry)


async def _look_up(config: ConfigFile, number: str) -> tuple[bool, tuple[OptOutEvent, ...]]:
    settings = settings_of(config)
    must_exist(store_urls(settings)[REGISTRY])
    async with opened(settings) as stores:
        return bool(await stores.registry.opted_out([number])), await stores.registry.show(number)
