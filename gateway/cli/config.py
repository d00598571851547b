"""`joinup config`: check a configuration, and write what documents it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli._settings import settings_of
from gateway.config_page import configuration_page, json_schema
from gateway.errors import errors_page

app = typer.Typer(help="Check and document joinup.toml.", no_args_is_help=True)


@app.command()
def check(file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path("joinup.toml")) -> None:
    """Name every problem with file, line and mend; exit status 2 if there is one."""
    config = settings_of(file).config
    counts = f"{len(config.identity.issuers)} issuers, {len(config.sources)} sources, {len(config.subgraphs)} subgraphs"
    typer.echo(f"{file}: in order ({counts})")
    if not config.identity.issuers:
        typer.echo(f"{file}: note: without [identity.issuers.NAME] nobody can ask anything")


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
