"""`joinup explain`: why a role does or does not see a field."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli._graph import graph_of
from gateway.cli._settings import DEFAULT, ConfigFile, give_up


def command(
    role: Annotated[str, typer.Argument(help="The role, e.g. social_worker.")],
    field: Annotated[str, typer.Argument(help="The field, as Type.field.")],
    config: ConfigFile = DEFAULT,
) -> None:
    """Say whether the role sees the field, by which rule and line, and which roles do."""
    from gateway.explaining import ExplainError, explained_field

    try:
        for line in explained_field(graph_of(config), role, field):
            typer.echo(line)
    except ExplainError as failure:
        give_up(str(failure))
