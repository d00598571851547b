"""`joinup audit`: check the chain, read it, and hand it on as FHIR AuditEvents."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TextIO

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from gateway.cli._settings import DEFAULT, ConfigFile, give_up, settings_of
from gateway.cli._stores import AUDIT, finish, must_exist, opened, store_urls
from gateway.settings import Settings
from gateway.stores.audit import AuditStore
from gateway.stores.audit_chain import Checkpoint
from gateway.stores.audit_entry import AuditRecord
from gateway.stores.audit_fhir import Gateway
from gateway.stores.audit_verify import VerifyReport
from gateway.stores.checkpoints import CheckpointFile
from gateway.stores.optout import checked

app = typer.Typer(help="Check, read and export the audit.", no_args_is_help=True)

Patient = Annotated[str | None, typer.Option(help="Only entries about this NHS number.")]
After = Annotated[int, typer.Option(min=0, help="Only entries after this sequence number.")]


class Form(StrEnum):
    """How events are written: one a line, or as one Bundle of type collection."""

    NDJSON = "ndjson"
    BUNDLE = "bundle"


@app.command()
def verify(
    checkpoints: Annotated[
        Path | None, typer.Option(help="Checkpoints to hold against the chain, instead of [stores] checkpoints.")
    ] = None,
    config: ConfigFile = DEFAULT,
) -> None:
    """Check the whole chain. Every altered, removed, added or moved entry is named; exit status 1 if there is one."""
    settings = settings_of(config)
    points = _checkpoints(settings, checkpoints)
    report = finish(_verify(settings, points))
    for problem in report.problems:
        typer.echo(f"entry {problem.sequence}: {problem.defect.value}", err=True)
    typer.echo(f"{report.entries} entries, the chain ends at {report.head}, {len(points)} checkpoints")
    if not points:
        typer.echo("note: without checkpoints a chain cut off at its end is not found; set [stores] checkpoints")
    typer.echo("sound" if report.sound else "NOT SOUND")
    raise typer.Exit(0 if report.sound else 1)


@app.command()
def show(
    patient: Patient = None,
    after: After = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Whole entries, one JSON object a line.")] = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Entries in order: who asked about whom, why, and what came of it."""
    records = finish(_show(settings_of(config), _number(patient), after, limit))
    if as_json:
        for record in records:
            typer.echo(msgspec.json.encode(record).decode())
        return
    table = Table("#", "when (UTC)", "who", "role", "at", "why", "about", "what", "outcome")
    for record in records:
        table.add_row(*_row(record))
    Console(width=200 if not sys.stdout.isatty() else None).print(table)
    if len(records) == limit:
        typer.echo(f"more: --after {records[-1].sequence}")


@app.command()
def export(
    patient: Patient = None,
    after: After = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many entries.")] = None,
    form: Annotated[Form, typer.Option("--format", help="One event a line, or one Bundle.")] = Form.NDJSON,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
    identifier: Annotated[str | None, typer.Option(help="The gateway's name; else this machine's.")] = None,
    address: Annotated[str | None, typer.Option(help="The gateway's public address.")] = None,
    config: ConfigFile = DEFAULT,
) -> None:
    """FHIR R4 AuditEvents in the shapes of IHE BALP, one for each patient of an entry."""
    settings = settings_of(config)
    server = settings.config.server
    gateway = Gateway(identifier or socket.gethostname(), address or f"http://{server.host}:{server.port}/graphql")
    number = _number(patient)
    with output.open("w", encoding="utf-8") if output is not None else nullcontext(sys.stdout) as stream:
        count = finish(_export(settings, gateway, number, after, limit, form, stream))
    typer.echo(f"{count} events", err=True)


@app.command()
def checkpoint(config: ConfigFile = DEFAULT) -> None:
    """Add a signed statement of where the chain ends now to [stores] checkpoints: before a backup, for example."""
    settings = settings_of(config)
    if settings.config.stores.checkpoints is None:
        give_up(f"{config}: [stores] checkpoints names no file")
    made = finish(_checkpoint(settings, settings.path(settings.config.stores.checkpoints)))
    typer.echo(f"checkpoint at entry {made.sequence}")


def _number(patient: str | None) -> str | None:
    try:
        return None if patient is None else checked(patient)
    except ValueError as failure:
        raise typer.BadParameter(str(failure)) from None


def _checkpoints(settings: Settings, given: Path | None) -> list[Checkpoint]:
    configured = settings.config.stores.checkpoints
    file = given or (settings.path(configured) if configured else None)
    if file is None or (given is None and not file.exists()):
        return []
    return finish(_read(file))


async def _read(file: Path) -> list[Checkpoint]:
    try:
        return await CheckpointFile(file).read()
    except OSError as failure:
        raise ValueError(f"{file}: cannot be read ({type(failure).__name__})") from None


@asynccontextmanager
async def _audit(settings: Settings) -> AsyncIterator[AuditStore]:
    must_exist(store_urls(settings)[AUDIT])
    async with opened(settings) as stores:
        yield stores.audit


async def _verify(settings: Settings, points: list[Checkpoint]) -> VerifyReport:
    async with _audit(settings) as audit:
        return await audit.verify(points)


async def _show(settings: Settings, patient: str | None, after: int, limit: int) -> tuple[AuditRecord, ...]:
    async with _audit(settings) as audit:
        return await audit.show(patient=patient, after=after, limit=limit)


async def _checkpoint(settings: Settings, file: Path) -> Checkpoint:
    async with _audit(settings) as audit:
        made = await audit.checkpoint()
    await CheckpointFile(file).write(made)
    return made


async def _export(
    settings: Settings, gateway: Gateway, patient: str | None, after: int, limit: int | None, form: Form, stream: TextIO
) -> int:
    """Write as the entries are read: an audit may be larger than memory."""
    count, entries, sequence = 0, 0, ""
    separator = "\n"
    if form is Form.BUNDLE:
        stream.write('{"resourceType":"Bundle","type":"collection","entry":[')
        separator = ""
    async with _audit(settings) as audit:
        async for event in audit.export_fhir(gateway, patient=patient, after=after):
            own = event["id"].rpartition("-")[0]
            entries, sequence = entries + (own != sequence), own
            if limit is not None and entries > limit:
                break
            stream.write(_line(event, form, first=count == 0) + separator)
            count += 1
    if form is Form.BUNDLE:
        stream.write("]}\n")
    return count


def _line(event: dict[str, Any], form: Form, *, first: bool) -> str:
    if form is Form.NDJSON:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    entry = {"fullUrl": f"AuditEvent/{event['id']}", "resource": event}
    return ("" if first else ",") + json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def _row(record: AuditRecord) -> list[str]:
    entry = record.entry
    what = ", ".join(entry.sections) or entry.operation_name or entry.kind
    at = entry.at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    about = ", ".join(entry.patients)
    return [
        str(record.sequence), at, entry.subject, entry.role, entry.organisation, entry.purpose, about, what,
        entry.outcome,
    ]  # fmt: skip
