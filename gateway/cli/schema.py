"""`joinup schema`: the published API schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Export the published schema, and check that it is current.", no_args_is_help=True)
PUBLISHED = Path("schema.graphql")


def published() -> str:
    """The text of schema.graphql."""
    from resolvers.schema import record_sdl  # slow to import; other commands need not wait for it

    return record_sdl().strip() + "\n"


@app.command()
def export(output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = PUBLISHED) -> None:
    """Write the record's schema, Federation directives included."""
    output.write_text(published(), "utf-8")
    typer.echo(str(output))


@app.command()
def check(file: Annotated[Path, typer.Argument(help="The published file.")] = PUBLISHED) -> None:
    """Exit status 1 when the file is not the schema of this version."""
    if not file.exists() or file.read_text("utf-8") != published():
        typer.echo(f"{file}: not current; run `joinup schema export`", err=True)
        raise typer.Exit(1)
    typer.echo(f"{file}: current")
