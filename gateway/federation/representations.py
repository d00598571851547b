"""What is sent to `_entities` and to gates: values read from objects by a plan's needs.

Representations are deduplicated by value: each distinct one is sent once, and remembers every object that it
stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from gateway.federation.plan import EntityInput, Need, NeedOn, Representation
from gateway.federation.tree import WITHHELD

Object = dict[str, Any]

MISSING = object()
SIMPLE = frozenset({str, int, float, bool, type(None)})
"""Classes of values that are compared as they are, together with their class: 1, 1.0 and true are not one key."""

_encode = msgspec.json.Encoder(order="sorted").encode


class _AbsentError(Exception):
    """An object lacks a field that is needed."""


class Builder:
    """Builds the representations of one `_entities` input."""

    def __init__(self, entity: EntityInput) -> None:
        self._plans: dict[str, list[_Plan]] = {}
        for representation in entity.representations:
            for name in representation.types:
                self._plans.setdefault(name, []).append(_Plan(representation, name))
        names = list(self._plans)
        self._only = names[0] if len(names) == 1 else None

    def collect(self, objects: Sequence[Object]) -> tuple[list[Object], list[list[int]]]:
        """The distinct representations, and for each the positions in `objects` that it stands for."""
        users: dict[Any, list[int]] = {}
        sent: list[Object] = []
        only, plans = self._only, self._plans
        for position, item in enumerate(objects):
            name = item.get("__typename", only)
            for plan in plans.get(name, ()) if name.__class__ is str else ():
                key = plan.identify(item)
                known = users.get(key)
                if known is not None:
                    known.append(position)
                elif key is not None:
                    users[key] = [position]
                    sent.append(plan.build(key, item))
        return sent, list(users.values())


class _Plan:
    """One representation for one object type: what identifies an object's, and how it is built from that.

    `identify` gives a hashable identity, equal for equal representations only; None if the object is skipped.
    """

    __slots__ = ("_fields", "_needs", "_sent", "_type", "identify")

    def __init__(self, representation: Representation, name: str) -> None:
        self._sent = representation.typename or name
        self._type = name
        self._needs = representation.needs
        needs = [need for need in self._needs if not (isinstance(need, Need) and need.name == "__typename")]
        self._fields = [need.name for need in needs if isinstance(need, Need)]
        keys = [need.key for need in needs if isinstance(need, Need) and not need.needs]
        simple = len(keys) == len(needs)
        self.identify: Callable[[Object], Any] = self._whole
        if simple and len(keys) == 1:
            self.identify = self._single(keys[0])
        elif simple and keys:
            self.identify = self._several(itemgetter(*keys))

    def build(self, key: Any, item: Object) -> Object:
        """The representation of an object that was identified."""
        if key.__class__ is bytes:
            return {"__typename": self._sent, **select(item, self._needs, self._type)}
        values = (key[1],) if len(self._fields) == 1 else key[1]
        return {"__typename": self._sent, **dict(zip(self._fields, values, strict=True))}

    def _single(self, key: str) -> Callable[[Object], Any]:
        def identify(item: Object) -> Any:
            value = item.get(key, MISSING)
            if value.__class__ is str:
                return (self, value)
            return None if value is MISSING else self._whole(item)

        return identify

    def _several(self, read: Callable[[Object], tuple[Any, ...]]) -> Callable[[Object], Any]:
        def identify(item: Object) -> Any:
            try:
                values = read(item)
            except KeyError:
                return None
            kinds = (*map(type, values),)
            return (self, values, kinds) if simple(kinds) else self._whole(item)

        simple = SIMPLE.issuperset
        return identify

    def _whole(self, item: Object) -> bytes | None:
        try:
            selected = select(item, self._needs, self._type)
        except _AbsentError:
            return None
        if self._needs and not selected and any(isinstance(need, NeedOn) for need in self._needs):
            return None
        return _encode([self._sent, selected])


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
