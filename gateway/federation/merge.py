"""Merging fetched data into the response tree.

Null never overwrites a value, objects merge, lists merge by position, a known object type is never replaced, and
nothing merges over what a gate withheld.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from gateway.federation.tree import WITHHELD

CONTAINERS = frozenset({dict, list})


class Mismatch(Exception):
    """Two sources gave lists of different lengths for one field: their items cannot be told to belong together."""


def merge(into: dict[str, Any], part: dict[str, Any], concrete: Set[str]) -> None:
    """Merge `part`, which is given away, into an object of the tree.

    `concrete` holds the names of object types: such a `__typename` stays, an interface's gives way to it. Raises
    Mismatch; what was merged before it stays.
    """
    for key, value in part.items():
        _put(into, key, value, concrete)


def _put(into: dict[str, Any], key: str, value: Any, concrete: Set[str]) -> None:
    current = into.get(key)
    if current is None:
        if value is not None or key not in into:
            into[key] = value
    elif value is not None and current is not WITHHELD:
        into[key] = _both(key, current, value, concrete)


def _both(key: str, current: Any, value: Any, concrete: Set[str]) -> Any:
    if value is WITHHELD:
        return WITHHELD
    if current.__class__ is dict and value.__class__ is dict:
        merge(current, value, concrete)
        return current
    if current.__class__ is list and value.__class__ is list:
        _lists(current, value, concrete)
        return current
    if key == "__typename" and (current in concrete or value not in concrete):
        return current
    return value


def _lists(current: list[Any], value: list[Any], concrete: Set[str]) -> None:
    if len(current) != len(value):
        raise Mismatch
    for index, item in enumerate(value):
        mine = current[index]
        if mine is None:
            current[index] = item
        elif item is not None and mine is not WITHHELD:
            current[index] = _both("", mine, item, concrete)


def is_flat(part: dict[str, Any]) -> bool:
    """Whether an object holds nothing that can change, so that many objects may take its values."""
    return CONTAINERS.isdisjoint(map(type, part.values()))


def add_to_all(targets: Sequence[dict[str, Any]], part: dict[str, Any], concrete: Set[str]) -> None:
    """Merge a flat object into all targets; mostly none of them has any of its keys."""
    for key, value in part.items():
        for target in targets:
            if key in target:
                _put(target, key, value, concrete)
            else:
                target[key] = value


def clone(value: Any) -> Any:
    """A copy of JSON data that shares nothing that can change."""
    if value.__class__ is dict:
        return {
            key: clone(item) if item.__class__ is dict or item.__class__ is list else item
            for key, item in value.items()
        }
    if value.__class__ is list:
        return [clone(item) if item.__class__ is dict or item.__class__ is list else item for item in value]
    return value
