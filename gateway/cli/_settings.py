"""Reading the configuration for a command: problems on standard error, exit status 2."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from gateway.settings import ConfigError, Settings, load

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DEFAULT = Path("joinup.toml")


def settings_of(file: Path) -> Settings:
    try:
        return load(file)
    except ConfigError as failure:
        for problem in failure.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def give_up(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
