"""`joinup stores`: create, upgrade and look at the databases."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli._settings import DEFAULT, ConfigFile, settings_of
from gateway.cli._stores import finish, shown, store_urls
from gateway.stores.database import Database
from gateway.stores.migrate import migrate as upgrade
from gateway.stores.migrate import needed, revision

app = typer.Typer(help="Create, upgrade and look at the databases of opt-outs and audit.", no_args_is_help=True)


@app.command()
def migrate(config: ConfigFile = DEFAULT) -> None:
    """Bring both databases to what this version needs. `joinup serve` does the same when it starts."""
    urls = store_urls(settings_of(config))
    for url in dict.fromkeys(urls.values()):
        finish(upgrade(url))
    for holds, url in urls.items():
        typer.echo(f"{holds}: {shown(url)}: current")


@app.command()
def status(
    config: ConfigFile = DEFAULT,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing; the exit status tells.")] = False,
) -> None:
    """Where the databases are and whether this version can use them. Exit status 1 if one needs `stores migrate`."""
    behind = False
    for holds, url in store_urls(settings_of(config)).items():
        at, wanted = finish(_revision(url))
        behind = behind or at != wanted
        said = "current" if at == wanted else f"at {at or 'nothing'}, needs {wanted}: run `joinup stores migrate`"
        if not quiet:
            typer.echo(f"{holds}: {shown(url)}: {said}")
    raise typer.Exit(1 if behind else 0)


async def _revision(url: str) -> tuple[str | None, str | None]:
    database = Database(url)
    if database.is_sqlite and not database.path.exists():
        return None, needed()  # asking would make an empty file
    return await revision(url)
