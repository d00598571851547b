"""What is sent to `_entities` and to gates: values read from objects by a plan's needs.

Representations are deduplicated by value: each distinct one is sent once, and remembers every object that it
stands for. Hundreds of objects of an answer often stand for ten entities, so the ways through them are short.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from gateway.federation.plan import EntityInput, Need, NeedOn, Representation
from gateway.federation.tree import WITHHELD

Object = dict[str, Any]

_encode = msgspec.json.Encoder(order="sorted").encode


class _AbsentError(Exception):
    """An object lacks a field that is needed."""


class Builder:
    """Builds the representations of one `_entities` input; `place` stands for the paths of its targets."""

    def __init__(self, entity: EntityInput, place: int = 0) -> None:
        self.place = place
        self._plans: dict[str, list[_Plan]] = {}
        for representation in entity.representations:
            for name in representation.types:
                self._plans.setdefault(name, []).append(_Plan(representation, name))
        names = list(self._plans)
        self._only = names[0] if len(names) == 1 else None

    def collect(self, objects: Sequence[Object]) -> tuple[list[Object], list[list[Object]]]:
        """The distinct representations, and for each the objects that it stands for."""
        sent: list[Object] = []
        users: list[list[Object]] = []
        for name, items in self._by_type(objects):
            for plan in self._plans[name]:
                for built, standing in plan.collect(items):
                    sent.append(built)
                    users.append(standing)
        return sent, users

    def _by_type(self, objects: Sequence[Object]) -> list[tuple[str, list[Object]]]:
        only = self._only
        if only is not None:
            return [(only, [item for item in objects if item.get("__typename", only) == only])]
        by_type: dict[Any, list[Object]] = {name: [] for name in self._plans}
        for item in objects:
            name = item.get("__typename")
            if name.__class__ is str and name in by_type:
                by_type[name].append(item)
        return list(by_type.items())


class _Plan:
    """One representation for one object type."""

    __slots__ = ("_fields", "_keys", "_name", "_needs", "_sent")

    def __init__(self, representation: Representation, name: str) -> None:
        self._name = name
        self._sent = representation.typename or name
        self._needs = representation.needs
        needs = [need for need in self._needs if not (isinstance(need, Need) and need.name == "__typename")]
        simple = [need for need in needs if isinstance(need, Need) and not need.needs]
        self._fields = [need.name for need in simple]
        self._keys = [need.key for need in simple] if len(simple) == len(needs) else []

    def collect(self, objects: Sequence[Object]) -> Iterator[tuple[Object, list[Object]]]:
        """The distinct representations of these objects; one that lacks a needed field is skipped."""
        found: defaultdict[Any, list[Object]] = defaultdict(list)
        odd = objects
        if len(self._keys) == 1:
            odd = self._single(objects, found)
        elif self._keys:
            odd = self._several(objects, found)
        for values, standing in found.items():
            given = (values,) if len(self._keys) == 1 else values[: len(self._keys)]
            yield {"__typename": self._sent, **dict(zip(self._fields, given, strict=True))}, standing
        if odd:
            yield from self._whole(odd)

    def _single(self, objects: Sequence[Object], found: defaultdict[Any, list[Object]]) -> list[Object]:
        """By one field that is a text; returns the objects where it is something else."""
        (key,) = self._keys
        odd: list[Object] = []
        for item in objects:
            value = item.get(key)
            if value.__class__ is str:
                found[value].append(item)
            else:
                odd.append(item)
        return odd

    def _several(self, objects: Sequence[Object], found: defaultdict[Any, list[Object]]) -> list[Object]:
        """By several plain values with their classes: 1, 1.0 and true are not one key."""
        read = itemgetter(*self._keys)
        odd: list[Object] = []
        for item in objects:
            try:
                values = read(item)
                found[(*values, *map(type, values))].append(item)
            except (KeyError, TypeError):  # a field is missing, or holds a list or an object
                odd.append(item)
        return odd

    def _whole(self, objects: Sequence[Object]) -> Iterator[tuple[Object, list[Object]]]:
        found: dict[bytes, tuple[Object, list[Object]]] = {}
        for item in objects:
            try:
                selected = select(item, self._needs, self._name)
            except _AbsentError:
                continue
            if selected or not any(isinstance(need, NeedOn) for need in self._needs):
                built = {"__typename": self._sent, **selected}
                found.setdefault(_encode(built), (built, []))[1].append(item)
        return iter(found.values())


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
            raise _AbsentError
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
