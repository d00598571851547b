"""`joinup subgraph`: check, add, update, remove and list partners' subgraphs."""

from __future__ import annotations

import asyncio
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from gateway.cli._settings import DEFAULT, ConfigFile, give_up, settings_of

app = typer.Typer(help="Check, add, update, remove and list partners' subgraphs.", no_args_is_help=True)

Patients = Annotated[list[str], typer.Option("--patient", help="Test patient to ask about (999…); may be repeated.")]
Role = Annotated[str, typer.Option(help="Role that the signed context names while probing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write the report as JSON.")]
Entry = Annotated[
    Path | None, typer.Option("--entry", help="TOML file with further keys, as a [[subgraphs]] table has them.")
]
SigningKey = Annotated[
    str | None, typer.Option(help="Private key file, seen from the configuration, that signs who asks.")
]


@app.command()
def check(
    target: Annotated[str, typer.Argument(metavar="URL|FILE", help="The subgraph's address, or a file with its SDL.")],
    name: Annotated[str | None, typer.Option(help="Its name in the graph.")] = None,
    url: Annotated[str | None, typer.Option(help="With a FILE: the address to probe.")] = None,
    patient: Patients = [],  # noqa: B006 - typer reads it and makes a list per call
    role: Role = "gp",
    signing_key: SigningKey = None,
    entry: Entry = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Check a subgraph against the graph, the policy and the people who use the API. Exit status 1 if it is refused."""
    from gateway.partner_check.candidate import Candidate
    from gateway.partner_check.register import entry_of_url, known_entry

    settings = settings_of(config)
    is_url = target.startswith(("http://", "https://"))
    address = target if is_url else url
    known = known_entry(settings, name) if name else entry_of_url(settings, address) if address else None
    given = _given(entry, signing_key)
    made = known if known is not None and not given and address in (None, known.url) else None
    if made is None:
        fallback = known.url if known is not None else "http://127.0.0.1/graphql"
        own_name = name or (known.name if known is not None else "candidate" if is_url else Path(target).stem)
        made = _entry(settings, own_name, address or fallback, given)
    candidate = Candidate(made, None if is_url else Path(target), live=is_url or url is not None)
    _, ok = _checked(settings, candidate, patient, role, as_json=as_json)
    raise typer.Exit(0 if ok else 1)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Its name in plans and messages.")],
    url: Annotated[str, typer.Argument(help="Its GraphQL endpoint.")],
    ods: Annotated[str | None, typer.Option(help="ODS code of the organisation that answers.")] = None,
    patient: Patients = [],  # noqa: B006
    role: Role = "gp",
    signing_key: SigningKey = None,
    entry: Entry = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Check a subgraph and, if it is in order, add it: running gateways take it in within seconds."""
    from gateway.partner_check.candidate import Candidate
    from gateway.partner_check.register import known_entry

    settings = settings_of(config)
    if known_entry(settings, name) is not None:
        give_up(f"{name}: is there already; use `joinup subgraph update {name}`")
    given = _given(entry, signing_key)
    if ods is not None:
        given["ods"] = ods
    _keep(settings, Candidate(_entry(settings, name, url, given)), patient, role, as_json=as_json)


@app.command()
def update(
    name: Annotated[str, typer.Argument(help="The subgraph.")],
    url: Annotated[str | None, typer.Option(help="Its new endpoint, if it has moved.")] = None,
    patient: Patients = [],  # noqa: B006
    role: Role = "gp",
    signing_key: SigningKey = None,
    entry: Entry = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Ask a subgraph for its SDL anew, check it and, if it is in order, take it over."""
    import msgspec

    from gateway.partner_check.candidate import Candidate
    from gateway.partner_check.register import known_entry

    settings = settings_of(config)
    known = known_entry(settings, name)
    if known is None:
        give_up(f"{name}: there is no such subgraph; use `joinup subgraph add {name} URL`")
    given = {**msgspec.to_builtins(known), **_given(entry, signing_key)}
    made = _entry(settings, name, url or known.url, given)
    _keep(settings, Candidate(made), patient, role, as_json=as_json)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The subgraph.")],
    force: Annotated[bool, typer.Option(help="Remove it though clients still use its fields.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Remove a subgraph, if the graph holds together without it and nobody uses its fields."""
    from gateway.partner_check.check import CHANGES, check_removal
    from gateway.partner_check.register import RegisterError, SubgraphsFileError, drop

    settings = settings_of(config)
    try:
        report = asyncio.run(check_removal(settings, name))
        _show(report, as_json=as_json)
        only_changes = all(step.state != "failed" or step.name == CHANGES for step in report.steps)
        if not report.ok and not (force and only_changes):
            if only_changes:
                typer.echo(f"{name}: clients still use its fields; --force removes it all the same", err=True)
            raise typer.Exit(1)
        file = drop(settings, name)
    except (RegisterError, SubgraphsFileError) as failure:
        give_up(str(failure))
    typer.echo(f"{name}: removed from {file}", err=as_json)


@app.command(name="list")
def list_(as_json: AsJson = False, config: ConfigFile = DEFAULT) -> None:
    """The partners' subgraphs of a configuration, and where each is written down."""
    from gateway.partner_check.register import is_managed
    from gateway.subgraphs import SubgraphsFileError, managed_file, partners

    settings = settings_of(config)
    try:
        rows = [
            {
                "name": one.entry.name,
                "url": one.entry.url,
                "ods": one.entry.ods,
                "written": str(managed_file(settings)) if is_managed(settings, one.entry.name) else settings.file,
                "sdl": "kept" if one.sdl is not None else "asked for",
                "signed": one.entry.signing_key is not None,
            }
            for one in partners(settings)
        ]
    except SubgraphsFileError as failure:
        give_up(str(failure))
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table(
        "name", Column("address", no_wrap=True), "ODS", Column("written in", overflow="fold"), "SDL", "told who asks"
    )
    for row in rows:
        signed = "yes" if row["signed"] else "no"
        table.add_row(
            str(row["name"]), str(row["url"]), str(row["ods"] or ""), str(row["written"]), str(row["sdl"]), signed
        )
    console = Console()
    if not console.is_terminal:
        console = Console(width=Console(width=1_000).measure(table).maximum)
    console.print(table)


def _given(entry: Path | None, signing_key: str | None) -> dict[str, object]:
    given: dict[str, object] = {}
    if entry is not None:
        try:
            given = tomllib.loads(entry.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
            give_up(f"{entry}: cannot be read ({failure})")
    if signing_key is not None:
        given["signing_key"] = signing_key
    return given


def _entry(settings: Any, name: str, url: str, given: dict[str, object]) -> Any:
    from gateway.partner_check.register import RegisterError, new_entry

    try:
        return new_entry(settings, name, url, given)
    except RegisterError as failure:
        give_up(str(failure))


def _keep(settings: Any, candidate: Any, patient: list[str], role: str, *, as_json: bool) -> None:
    from gateway.partner_check.register import RegisterError, SubgraphsFileError, keep

    sdl, ok = _checked(settings, candidate, patient, role, as_json=as_json)
    if not ok or sdl is None:
        typer.echo(f"{candidate.entry.name}: not taken in; mend what failed and try again", err=True)
        raise typer.Exit(1)
    try:
        file = keep(settings, candidate.entry, sdl)
    except (RegisterError, SubgraphsFileError) as failure:
        give_up(str(failure))
    typer.echo(f"{candidate.entry.name}: written to {file}; running gateways take it in within seconds", err=as_json)


def _checked(settings: Any, candidate: Any, patient: list[str], role: str, *, as_json: bool) -> tuple[str | None, bool]:
    from gateway.assembly import load_policies
    from gateway.partner_check.check import check_subgraph
    from gateway.partner_check.probe import Asking
    from gateway.subgraphs import SubgraphsFileError

    try:
        asking = Asking(tuple(patient), role)
        checked = asyncio.run(check_subgraph(settings, load_policies(settings), candidate, asking))
    except SubgraphsFileError as failure:
        give_up(str(failure))
    _show(checked.report, as_json=as_json)
    return checked.sdl, checked.report.ok


def _show(report: Any, *, as_json: bool) -> None:
    typer.echo(json.dumps(report.as_json(), indent=2) if as_json else "\n".join(report.lines()))
