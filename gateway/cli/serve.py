"""`joinup serve`: run the gateway."""

from __future__ import annotations

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
) -> None:
    """Run the gateway until it is told to stop; requests in flight are finished."""
    settings = settings_of(config)
    if host is not None or port is not None:
        old = settings.config.server
        server = msgspec.structs.replace(old, host=host or old.host, port=old.port if port is None else port, workers=1)
        settings = Settings(msgspec.structs.replace(settings.config, server=server), settings.base, settings.file)
    try:
        run(settings)
    except (KeySetError, ManifestError, ValueError) as failure:
        give_up(f"{config}: {failure}")
