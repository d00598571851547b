"""`joinup config`: check a configuration, and write what documents it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry

from gateway.cli._settings import settings_of
from gateway.config_page import configuration_page, json_schema
from gateway.errors import errors_page
from gateway.identity.keys import KeySetError
from gateway.operation.documents import ManifestError
from gateway.settings import Settings
from gateway.toml_lines import key_lines, line_of
from policies.files import PolicyFileError

app = typer.Typer(help="Check and document joinup.toml.", no_args_is_help=True)


@app.command()
def check(file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path("joinup.toml")) -> None:
    """Name every problem with file, line and mend; exit status 2 if there is one."""
    settings = settings_of(file)
    config = settings.config
    faults = list(unusable(settings))
    for fault in faults:
        line = _line(file, settings, fault)
        typer.echo(f"{file}:{line}: {fault}" if line else f"{file}: {fault}", err=True)
    if faults:
        raise typer.Exit(2)
    counts = f"{len(config.identity.issuers)} issuers, {len(config.sources)} sources, {len(config.subgraphs)} subgraphs"
    typer.echo(f"{file}: in order ({counts})")
    if not config.identity.issuers:
        typer.echo(f"{file}: note: without [identity.issuers.NAME] nobody can ask anything")
    if not config.sources:
        typer.echo(f"{file}: note: without [[sources]] there is nothing to serve")
    if config.stores.key is None:
        typer.echo(f"{file}: note: without [stores] key the audit's key lies beside the audit: demonstrations only")


def unusable(settings: Settings) -> Iterator[str]:
    """What would keep the gateway from starting, beyond what the file by itself shows. Nobody is asked."""
    from gateway.assembly import load_policies, store_keys
    from gateway.connect import Connections, directory
    from gateway.identity.issuers import trusted_issuers
    from gateway.operation.documents import read_manifests
    from gateway.reach import Reach
    from gateway.subgraphs import partners

    config = settings.config
    steps: list[Callable[[], object]] = [
        lambda: load_policies(settings),
        lambda: trusted_issuers(settings),
        lambda: read_manifests(settings.path(name) for name in config.documents.manifests),
        lambda: partners(settings),
    ]
    if config.stores.key is not None:
        steps.append(lambda: store_keys(settings, config.stores))
    if config.sources:
        steps.append(lambda: directory(Connections(settings, Reach(CollectorRegistry()))))
    for step in steps:
        try:
            step()
        except (ValueError, LookupError, OSError, PolicyFileError, KeySetError, ManifestError) as failure:
            yield str(failure)


def _line(file: Path, settings: Settings, fault: str) -> int | None:
    """Where the table of the source or subgraph begins that a fault names first; None for any other."""
    config, named = settings.config, fault.partition(":")[0]
    tables = {("sources", index): source.id for index, source in enumerate(config.sources)}
    tables |= {("subgraphs", index): subgraph.name for index, subgraph in enumerate(config.subgraphs)}
    for path, name in tables.items():
        if named in (name, f"{name}-appointments"):
            return line_of(key_lines(file.read_text("utf-8")), path)
    return None


@app.command()
def schema() -> None:
    """Print the JSON Schema of the file, for editors that complete TOML."""
    typer.echo(json.dumps(json_schema(), indent=2))


@app.command()
def docs(folder: Annotated[Path, typer.Argument(help="Where the pages go.")] = Path("docs")) -> None:
    """Write configuration.md and errors.md from the code."""
    for name, text in (("configuration.md", configuration_page()), ("errors.md", errors_page())):
        (folder / name).write_text(text, "utf-8")
        typer.echo(str(folder / name))
