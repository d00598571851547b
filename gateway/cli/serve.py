"""`joinup serve`: run the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway.cli._settings import DEFAULT, ConfigFile, give_up, settings_of
from gateway.identity.keys import KeySetError
from gateway.operation.documents import ManifestError
from gateway.serve import run
from gateway.settings import Settings


def command(
    config: ConfigFile = DEFAULT,
    host: Annotated[str | None, typer.Option(help="Listen here instead of [server] host.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen here instead of [server] port.")] = None,
    supergraph: Annotated[
        Path | None, typer.Option(help="With --no-policy: serve this supergraph, and read no configuration.")
    ] = None,
    no_policy: Annotated[
        bool, typer.Option("--no-policy", help="A plain federation gateway: no callers, no policy, no audit.")
    ] = False,
    share_in_flight: Annotated[
        bool, typer.Option("--share-in-flight", help="With --no-policy: equal queries at the same time are one.")
    ] = False,
) -> None:
    """Run the gateway until it is told to stop; requests in flight are finished."""
    if no_policy or supergraph is not None:
        plain(supergraph, no_policy, host or "127.0.0.1", 8000 if port is None else port, share_in_flight)
        return
    if share_in_flight:
        give_up("--share-in-flight needs --no-policy: answers of the record are one caller's own")
    settings = settings_of(config)
    if host is not None or port is not None:
        old = settings.config.server
        server = msgspec.structs.replace(old, host=host or old.host, port=old.port if port is None else port, workers=1)
        settings = Settings(msgspec.structs.replace(settings.config, server=server), settings.base, settings.file)
    try:
        run(settings)
    except (KeySetError, ManifestError, ValueError) as failure:
        give_up(f"{config}: {failure}")


def plain(supergraph: Path | None, no_policy: bool, host: str, port: int, share: bool) -> None:
    """Serve a supergraph without policy; both options are needed, so that nobody does so by a slip."""
    if supergraph is None:
        give_up("--no-policy needs --supergraph FILE: the record is never served without policy")
    if not no_policy:
        give_up("--supergraph needs --no-policy; with policy, name the file as [federation] supergraph in joinup.toml")
    from gateway.plain import WARNING, plain_gateway  # the engine need not be loaded to say what is wrong

    try:
        gateway = plain_gateway(supergraph.read_text("utf-8"), host, port, share=share)
    except (OSError, ValueError) as failure:
        give_up(f"{supergraph}: {failure}")
    typer.secho(WARNING, err=True, fg=typer.colors.RED, bold=True)
    run(Settings(gateway.config, supergraph.parent, str(supergraph)), gateway)
