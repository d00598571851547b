"""The response tree: merged data of all fetches so far, and the ways through it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from gateway.federation.plan import Key, Path


class Withheld:
    """The one value that stands where a gate withheld an object, until the answer is written.

    It keeps the place, so that lists merge by position; nothing merges over it and nothing is read from it.
    """

    def __repr__(self) -> str:
        return "WITHHELD"


WITHHELD = Withheld()

Place = tuple[Any, Any]
"""(container, key or index): where a value stands, so that it can be replaced."""


def objects(value: Any, path: Path) -> list[dict[str, Any]]:
    """The objects at the end of a path, in order; lists are transparent, everything else ends the way."""
    level: list[dict[str, Any]] = []
    _take(value, level)
    for segment in path:
        if isinstance(segment, Key):
            key = segment.key
            following: list[dict[str, Any]] = []
            for item in level:
                below = item.get(key)
                if below.__class__ is dict:
                    following.append(below)
                elif below.__class__ is list:
                    for one in below:
                        if one.__class__ is dict:
                            following.append(one)
                        elif one.__class__ is list:
                            _take(one, following)
            level = following
        else:
            level = [item for item in level if _on(item, segment)]
    return level


def _take(value: Any, found: list[dict[str, Any]]) -> None:
    if value.__class__ is dict:
        found.append(value)
    elif value.__class__ is list:
        for item in value:
            if item.__class__ is dict:
                found.append(item)
            elif item.__class__ is list:
                _take(item, found)


def _on(value: dict[str, Any], segment: Any) -> bool:
    typename = value.get("__typename")
    return typename.__class__ is str and typename in segment.types


def places(
    value: Any, path: Path, at: tuple[str | int, ...] = (), place: Place | None = None, index: int = 0
) -> Iterator[tuple[dict[str, Any], tuple[str | int, ...], Place | None]]:
    """As `objects`, with each object's response path and its place (None for the root itself)."""
    if value.__class__ is list:
        for position, item in enumerate(value):
            yield from places(item, path, (*at, position), (value, position), index)
    elif value.__class__ is dict:
        if index == len(path):
            yield value, at, place
            return
        segment = path[index]
        if isinstance(segment, Key):
            below = value.get(segment.key)
            yield from places(below, path, (*at, segment.key), (value, segment.key), index + 1)
        elif _on(value, segment):
            yield from places(value, path, at, place, index + 1)


def strip(tree: Any) -> None:
    """Take withheld items out of every list of a tree, in place."""
    pending = [tree]
    while pending:
        value = pending.pop()
        if value.__class__ is list and WITHHELD in value:
            value[:] = [item for item in value if item is not WITHHELD]
        below = value.values() if value.__class__ is dict else value
        pending += [item for item in below if item.__class__ is dict or item.__class__ is list]


class Shown:
    """Paths of a tree as the client will see them once withheld items are gone."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self._gone: dict[int, list[int]] = {}

    def path(self, path: tuple[str | int, ...], *, guarded: bool = False) -> tuple[str | int, ...] | None:
        """The path as it will be; None if it leads into what was withheld.

        Of a list that is not there nobody knows which items would have been withheld: if `guarded`, the path ends at it.
        """
        seen: list[str | int] = []
        value = self._tree
        for key in path:
            if value is WITHHELD:
                return None
            if isinstance(key, int) and value.__class__ is list and key < len(value):
                seen.append(key - self._before(value)[key])
                value = value[key]
            elif guarded and isinstance(key, int):
                break
            else:
                seen.append(key)
                value = value.get(key) if value.__class__ is dict else None
        return None if value is WITHHELD else tuple(seen)

    def _before(self, items: list[Any]) -> list[int]:
        """For each item how many before it were withheld; counted once per list."""
        counts = self._gone.get(id(items))
        if counts is None:
            counts = self._gone[id(items)] = list(accumulate((item is WITHHELD for item in items), initial=0))
        return counts
