"""`joinup plan`: how an operation would be answered for a role."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli._graph import graph_of
from gateway.cli._settings import DEFAULT, ConfigFile, give_up


def command(
    file: Annotated[Path, typer.Argument(help="The operation; - reads standard input.")],
    role: Annotated[str, typer.Option(help="The role that asks.")] = "gp",
    operation: Annotated[str | None, typer.Option(help="The operation's name, if the file has several.")] = None,
    label: Annotated[list[str], typer.Option(help="An active label of @override; may be repeated.")] = [],  # noqa: B006
    stages: Annotated[bool, typer.Option("--stages", help="Print what every stage made of it, too.")] = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Print the plan as a tree: which requests, in which order, why each, and what the role does not get."""
    from gateway.explaining import ExplainError, explained_plan

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        give_up(f"{file}: cannot be read ({type(failure).__name__})")
    try:
        typer.echo(explained_plan(graph_of(config), role, text, operation, frozenset(label), stages=stages))
    except ExplainError as failure:
        give_up(str(failure))
