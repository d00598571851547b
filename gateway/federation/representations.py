"""What is sent to `_entities` and to gates: values read from objects by a plan's needs.

Representations are deduplicated by value: each distinct one is sent once, and remembers every object that it
stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gateway.federation.plan import EntityInput, Need, NeedOn, Representation
from gateway.federation.tree import WITHHELD

Object = dict[str, Any]

_encode = msgspec.json.Encoder(order="sorted").encode


class _Absent(Exception):
    """An object lacks a field that is needed."""


class Builder:
    """Builds the representations of one `_entities` input."""

    def __init__(self, entity: EntityInput) -> None:
        self._choices: dict[str, list[Callable[[Object, str], Object | None]]] = {}
        for representation in entity.representations:
            build = _builder(representation)
            for name in representation.types:
                self._choices.setdefault(name, []).append(build)
        names = list(self._choices)
        self._only = names[0] if len(names) == 1 else None

    def collect(self, objects: Sequence[Object]) -> tuple[list[Object], list[list[int]]]:
        """The distinct representations, and for each the positions in `objects` that it stands for."""
        distinct: dict[Any, int] = {}
        sent: list[Object] = []
        users: list[list[int]] = []
        for position, item in enumerate(objects):
            name = item.get("__typename", self._only)
            for build in self._choices.get(name, ()) if isinstance(name, str) else ():
                built = build(item, name)
                if built is None:
                    continue
                key = _identity(built)
                index = distinct.get(key)
                if index is None:
                    distinct[key] = len(sent)
                    sent.append(built)
                    users.append([position])
                else:
                    users[index].append(position)
        return sent, users


def _identity(built: Object) -> Any:
    values = tuple(built.values())
    for value in values:
        if value.__class__ is not str:
            return _encode(built)
    return values


def _builder(representation: Representation) -> Callable[[Object, str], Object | None]:
    typename, needs = representation.typename, representation.needs
    if all(isinstance(need, Need) and not need.needs for need in needs):
        return _flat(typename, [(need.name, need.key) for need in needs if isinstance(need, Need)])

    def build(item: Object, name: str) -> Object | None:
        try:
            selected = select(item, needs, name)
        except _Absent:
            return None
        return {"__typename": typename or name, **selected} if selected else None

    return build


def _flat(typename: str | None, pairs: list[tuple[str, str]]) -> Callable[[Object, str], Object | None]:
    if len(pairs) == 1 and pairs[0][0] != "__typename":
        return _single(typename, *pairs[0])

    def build(item: Object, name: str) -> Object | None:
        built: Object = {"__typename": typename or name}
        for field, key in pairs:
            if key not in item:
                return None
            if field != "__typename":
                built[field] = plain(item[key])
        return built

    return build


def _single(typename: str | None, field: str, key: str) -> Callable[[Object, str], Object | None]:
    def build(item: Object, name: str) -> Object | None:
        value = item.get(key, _Absent)
        if value is _Absent:
            return None
        return {"__typename": typename or name, field: value if value.__class__ is str else plain(value)}

    return build


def select(item: Object, needs: tuple[Need | NeedOn, ...], typename: str | None, strict: bool = True) -> Object:
    """Read needs from an object. A field that it lacks is an error if `strict`, else left out."""
    found: Object = {}
    for need in needs:
        if isinstance(need, NeedOn):
            if typename in need.types:
                found.update(select(item, need.needs, typename, strict))
        elif need.key in item:
            if strict and need.name == "__typename":
                continue
            found[need.name] = _value(item[need.key], need.needs, strict)
        elif strict:
            raise _Absent
    return found


def _value(value: Any, needs: tuple[Need | NeedOn, ...], strict: bool) -> Any:
    if value.__class__ is dict and needs:
        name = value.get("__typename")
        selected = select(value, needs, name if isinstance(name, str) else None, strict)
        return {"__typename": name, **selected} if strict and _branches(needs) and name else selected
    if value.__class__ is list:
        return [_value(item, needs, strict) for item in value if item is not WITHHELD]
    return plain(value)


def _branches(needs: tuple[Need | NeedOn, ...]) -> bool:
    """Whether the receiver has to know the object's type to read it, or asked for it."""
    return any(isinstance(need, NeedOn) or need.name == "__typename" for need in needs)


def plain(value: Any) -> Any:
    """A value of the tree as data; what is withheld reads as null."""
    if value is WITHHELD:
        return None
    if value.__class__ is list:
        return [plain(item) for item in value if item is not WITHHELD]
    return value
