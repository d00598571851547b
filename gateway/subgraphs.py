"""The partners' subgraphs: those of `joinup.toml`, and those that `joinup subgraph add` manages in a file beside it.

The managed file keeps each subgraph's SDL as it was when it was added or updated, so that the gateway starts, and
keeps its graph, whether or not the partner is up.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.config import Subgraph
from gateway.settings import Settings


class SubgraphsFileError(ValueError):
    """The managed file cannot be read or written; names it and the mend."""


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner's subgraph. `sdl` is None where it has to be asked for."""

    entry: Subgraph
    sdl: str | None


class Managed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the managed file."""

    entry: Subgraph
    sdl: str


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The managed file."""

    subgraphs: list[Managed] = []


def partners(settings: Settings) -> list[Partner]:
    """All partners of a configuration, by name; a managed one takes the place of a configured one of the same name.
    Raises SubgraphsFileError."""
    found = {
        entry.name: Partner(entry, _text(settings.path(entry.sdl)) if entry.sdl else None)
        for entry in settings.config.subgraphs
    }
    file = managed_file(settings)
    if file is not None:
        found |= {one.entry.name: Partner(one.entry, one.sdl) for one in read_register(file).subgraphs}
    return [found[name] for name in sorted(found)]


def managed_file(settings: Settings) -> Path | None:
    """Where `joinup subgraph add` writes; None where the configuration names no file."""
    name = settings.config.federation.subgraphs_file
    return settings.path(name) if name else None


def watched_files(settings: Settings) -> list[Path]:
    """The files of which a change means another graph."""
    federation = settings.config.federation
    names = [federation.subgraphs_file, federation.supergraph, *(entry.sdl for entry in settings.config.subgraphs)]
    return [settings.path(name) for name in names if name]


def read_register(file: Path) -> Register:
    """The managed file; an absent one is empty. Raises SubgraphsFileError."""
    if not file.exists():
        return Register()
    try:
        return msgspec.json.decode(file.read_bytes(), type=Register)
    except (OSError, msgspec.MsgspecError) as error:
        raise SubgraphsFileError(f"{file}: cannot be read ({error}); restore it, or remove and add again") from None


def write_register(file: Path, subgraphs: Iterable[Managed]) -> None:
    """Replace the managed file in one step: a reader sees the old one or the new one, whole."""
    body = msgspec.json.format(
        msgspec.json.encode(Register(sorted(subgraphs, key=lambda one: one.entry.name))), indent=2
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as beside:
            beside.write(body + b"\n")
            beside.flush()
            os.fsync(beside.fileno())
        os.replace(beside.name, file)
    except OSError as error:
        raise SubgraphsFileError(f"{file}: cannot be written ({error.strerror}); check the folder's rights") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SubgraphsFileError(
            f"{path}: cannot be read ({type(error).__name__}); give a UTF-8 file with SDL"
        ) from None
