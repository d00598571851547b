"""Undoing the private aliases of a fetch, in its data and in its error paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.federation.plan import Key, Rename
from gateway.federation.tree import objects


def rename(data: Any, change: Rename) -> None:
    """Move values as a Rename says, in every object that it holds for. Private aliases are asked for on those objects
    alone: one that does not tell its type, as an entity need not, has the alias because it is of the type."""
    types = change.types
    for item in objects(data, change.path):
        if change.source in item and (types is None or "__typename" not in item or item["__typename"] in types):
            item[change.target] = item.pop(change.source)


def renamed_path(path: Sequence[Any], renames: Sequence[Rename]) -> tuple[Any, ...]:
    """An error path of the fetch, with the keys that the tree has."""
    if not renames:
        return tuple(path)
    shown: list[Any] = []
    keys: list[str] = []
    for key in path:
        if isinstance(key, str):
            shown.append(_target(keys, key, renames))
            keys.append(key)
        else:
            shown.append(key)
    return tuple(shown)


def _target(keys: list[str], key: str, renames: Sequence[Rename]) -> str:
    for change in renames:
        if change.source == key and [seg.key for seg in change.path if isinstance(seg, Key)] == keys:
            return change.target
    return key
