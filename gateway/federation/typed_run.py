"""One execution's typed tree: what is asked of it and merged into it, until it is converted or becomes dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from gateway.federation.entities import Inquiry
from gateway.federation.fetch_conditions import Disjunction
from gateway.federation.plan import FetchStep
from gateway.federation.typed import Asking, Tree, TypedPlan
from gateway.federation.typed_code import Odd, Users

Made = dict[int, list[dict[str, Any]]]


class TypedRun:
    """The tree of one request; every method but `expanded` raises Odd where it cannot do what dicts can."""

    def __init__(self, plan: TypedPlan) -> None:
        self.plan = plan
        self.tree = plan.root()
        self._collected: dict[int, tuple[list[dict[str, Any]], Users]] = {}

    def decoder(self, step: FetchStep) -> msgspec.json.Decoder[Any]:
        return self.plan.steps[step.id].decoder

    def ask(self, step: FetchStep, holds: Callable[[Disjunction], bool]) -> list[Inquiry]:
        """What each `_entities` field of a step is asked for."""
        asked: list[Inquiry] = []
        for entity, asking in zip(step.entities, self.plan.steps[step.id].entities, strict=True):
            if entity.conditions and not holds(entity.conditions):
                asked.append(Inquiry(entity, [], []))
                continue
            found = self._collected.get(asking.place)
            if found is None:
                found = self._collected[asking.place] = self._collect(asking)
            asked.append(Inquiry(entity, found[1], found[0]))
        return asked

    def _collect(self, asking: Asking) -> tuple[list[dict[str, Any]], Users]:
        wider = None if asking.wider is None else self._collected.get(asking.wider)
        try:
            return asking.collect(self.tree) if wider is None else asking.again(wider[1])
        except TypeError:  # a key that is a list or an object
            raise Odd from None

    def take(self, step: FetchStep, data: Tree, asked: Sequence[Inquiry]) -> None:
        """Merge a step's answer, as its decoder has read it."""
        typed = self.plan.steps[step.id]
        if not asked:
            self._collected.clear()
            _merge_root(self.tree, data)
            return
        if typed.moves:
            self._collected.clear()
        for asking, inquiry in zip(typed.entities, asked, strict=True):
            entities = getattr(data, asking.attribute) or []
            if len(entities) != len(inquiry.users):
                raise Odd
            asking.spread(entities, inquiry.users, inquiry.sent)

    def expanded(self) -> tuple[dict[str, Any], Made]:
        """The tree as dicts, and by identity what each object has become there."""
        made: Made = {}
        return expand(self.tree, made), made


def _merge_root(tree: Tree, part: Tree) -> None:
    for name in part.__struct_fields__:
        value, current = getattr(part, name), getattr(tree, name)
        if current is None or current is msgspec.UNSET:
            if value is not msgspec.UNSET and (value is not None or current is msgspec.UNSET):
                setattr(tree, name, value)
        elif value is not None and value is not msgspec.UNSET:
            if isinstance(value, Tree | list | dict):
                raise Odd
            setattr(tree, name, value)


def expand(value: Any, made: Made) -> Any:
    """A part of the tree as dicts that share nothing."""
    if isinstance(value, Tree):
        found: dict[str, Any] = {}
        made.setdefault(id(value), []).append(found)
        for name, key in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            below = getattr(value, name)
            if below is not msgspec.UNSET:
                found[key] = expand(below, made)
        return found
    if value.__class__ is dict:
        return {key: expand(item, made) for key, item in value.items()}
    if value.__class__ is list:
        return [expand(item, made) for item in value]
    return value


def expanded_inquiry(inquiry: Inquiry, made: Mapping[int, list[dict[str, Any]]], targets: Iterable[Any]) -> Inquiry:
    """An inquiry that was made before the tree became dicts: of what its objects became, what stands at its targets."""
    there = set(map(id, targets))
    users = [
        [each for mine in dict.fromkeys(map(id, asked)) for each in made.get(mine, ()) if id(each) in there]
        for asked in inquiry.users
    ]
    return Inquiry(inquiry.entity, users, inquiry.sent)
