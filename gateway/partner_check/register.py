"""Adding, updating and removing partners in the managed file, which running gateways watch.

Nothing enters the file that the check refuses: a gateway would refuse it too, and keep its last good graph.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from gateway.config import Subgraph
from gateway.graph import RECORD
from gateway.settings import Settings, subgraph_faults
from gateway.subgraphs import Managed, SubgraphsFileError, managed_file, partners, read_register, write_register


class RegisterError(ValueError):
    """The managed file cannot be changed like this; says how to mend it."""


def new_entry(settings: Settings, name: str, url: str, given: dict[str, object]) -> Subgraph:
    """A subgraph's entry from what the command line gives, checked like one of joinup.toml. Raises RegisterError."""
    try:
        entry = msgspec.convert({**given, "name": name, "url": url}, Subgraph)
    except msgspec.ValidationError as error:
        raise RegisterError(f"{name}: {error}") from None
    faults = [f"{name}: {where}: {what}" for where, what in subgraph_faults(entry, settings.base)]
    if name == RECORD:
        faults.append(f"{name}: is the gateway's own subgraph; choose another name")
    if faults:
        raise RegisterError("\n".join(faults))
    return entry


def known_entry(settings: Settings, name: str) -> Subgraph | None:
    """The entry of this name, managed or configured."""
    return next((one.entry for one in partners(settings) if one.entry.name == name), None)


def entry_of_url(settings: Settings, url: str) -> Subgraph | None:
    """The entry with this address."""
    return next((one.entry for one in partners(settings) if one.entry.url == url), None)


def is_managed(settings: Settings, name: str) -> bool:
    """Whether the managed file holds it."""
    file = managed_file(settings)
    return file is not None and any(one.entry.name == name for one in read_register(file).subgraphs)


def keep(settings: Settings, entry: Subgraph, sdl: str) -> Path:
    """Add or replace an entry. Returns the file. Raises RegisterError, SubgraphsFileError."""
    file = _file(settings)
    others = [one for one in read_register(file).subgraphs if one.entry.name != entry.name]
    write_register(file, [*others, Managed(entry, sdl)])
    return file


def drop(settings: Settings, name: str) -> Path:
    """Remove an entry. Returns the file. Raises RegisterError, SubgraphsFileError."""
    file = _file(settings)
    if not is_managed(settings, name):
        if known_entry(settings, name) is not None:
            raise RegisterError(f"{name}: stands in {settings.file}; take its [[subgraphs]] table out there")
        raise RegisterError(f"{name}: there is no such subgraph; see `joinup subgraph list`")
    write_register(file, [one for one in read_register(file).subgraphs if one.entry.name != name])
    return file


def _file(settings: Settings) -> Path:
    file = managed_file(settings)
    if file is None:
        raise RegisterError(
            f'{settings.file}: add `subgraphs_file = "subgraphs.json"` to [federation], so that subgraphs can be managed'
        )
    return file


__all__ = [
    "RegisterError",
    "SubgraphsFileError",
    "drop",
    "entry_of_url",
    "is_managed",
    "keep",
    "known_entry",
    "new_entry",
]
