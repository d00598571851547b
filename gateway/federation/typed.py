"""The typed tree: where a plan is plain, answers are read into Structs instead of dicts.

One Struct for each object type of a plan, every field of it optional: it holds what dicts would at a third of their
memory, and merging is assignment. Of two objects in it that a subgraph named by the same key and told nothing else
of, there may be one. Whatever is out of the ordinary is `Odd`, and the execution goes on with dicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from graphql import GraphQLSchema

from gateway.federation.plan import EntityInput, Path, QueryPlan
from gateway.federation.typed_code import Collect, Group, Odd, Spread, collector, regrouper, spreader, wanted
from gateway.federation.typed_shape import Fields, NotPlain, Shape, StepShape, ends_at, shape_of

Tree = msgspec.Struct
Place = tuple[tuple[Path, ...], tuple[Group, ...]]


@dataclass(frozen=True, slots=True)
class Asking:
    """One `_entities` field: `place` numbers what is collected, the same for fields that collect the same. If `wider`
    has been collected, `again` collects from its users. `attribute` is the field's in the answer."""

    attribute: str
    place: int
    collect: Collect
    wider: int | None
    again: Collect
    spread: Spread


@dataclass(frozen=True, slots=True)
class TypedStep:
    """How a step's answer is read, and what becomes of it. `moves`: it brings objects, so that others may be found."""

    decoder: msgspec.json.Decoder[Any]
    entities: tuple[Asking, ...]
    moves: bool


@dataclass(frozen=True, slots=True)
class TypedPlan:
    root: type[Tree]
    steps: Mapping[int, TypedStep]


def typed_plan(plan: QueryPlan, schema: GraphQLSchema) -> TypedPlan | None:
    """The plan's types and code; None for a plan that is not plain: with gates, private aliases, contexts, abstract
    types, entities known by anything but scalars, or arguments that differ under one response key."""
    try:
        shape = shape_of(plan, schema)
        structs = _structs(shape)
        places: dict[Place, int] = {}
        steps = {each.step.id: _step(each, shape, structs, places) for each in shape.steps}
    except (NotPlain, SyntaxError):
        return None
    return TypedPlan(structs[shape.root], steps)


def _structs(shape: Shape) -> dict[str, type[Tree]]:
    structs = {name: _struct(name, fields, name) for name, fields in shape.types.items()}
    for struct in structs.values():
        _lend_names(struct, structs)
    return structs


def _struct(name: str, fields: Fields, parent: str | None = None) -> type[Tree]:
    members = [(f"f_{key}", field.annotation(parent), msgspec.UNSET) for key, field in fields.items()]
    return msgspec.defstruct(name, members, rename={f"f_{key}": key for key in fields}, gc=False)


def _lend_names(struct: type[Tree], structs: Mapping[str, type[Tree]]) -> None:
    """The names by which annotations speak of types: msgspec looks for them in the class."""
    for name, each in structs.items():
        setattr(struct, f"T_{name}", each)
    for name, value in (("Any", Any), ("Literal", Literal), ("UnsetType", msgspec.UnsetType)):
        setattr(struct, name, value)


def _step(each: StepShape, shape: Shape, structs: Mapping[str, type[Tree]], places: dict[Place, int]) -> TypedStep:
    step = each.step
    if not step.entities:
        data = _struct("Data", each.root, shape.root)
        _lend_names(data, structs)
        return TypedStep(_decoder(data), (), moves=True)
    members: list[tuple[str, Any, Any]] = []
    asking: list[Asking] = []
    for entity in step.entities:
        fields = each.entities[entity.alias]
        answers = _struct("Entity", fields.union)
        _lend_names(answers, structs)
        members.append((f"f_{entity.alias}", list[answers | None] | None | msgspec.UnsetType, msgspec.UNSET))  # type: ignore[valid-type]
        asking.append(_asking(entity, shape, places, spreader(fields, each.keys[entity.alias], structs)))
    data = msgspec.defstruct("Data", members, rename={f"f_{e.alias}": e.alias for e in step.entities}, gc=False)
    return TypedStep(_decoder(data), tuple(asking), each.moves)


def _asking(entity: EntityInput, shape: Shape, places: dict[Place, int], spread: Spread) -> Asking:
    ends = [end for path in entity.targets if (end := ends_at(path, shape))]
    groups = tuple(wanted(entity, ends))
    place = places.setdefault((entity.targets, groups), len(places))
    wider = None
    if len(groups) == 1:
        for (targets, others), number in places.items():
            if targets != entity.targets or len(others) != 1 or others[0].type != groups[0].type:
                continue
            if set(others[0].keys) < set(groups[0].keys):
                wider = number
    again = regrouper(entity, shape) if wider is not None else _never
    return Asking(f"f_{entity.alias}", place, collector(entity, shape), wider, again, spread)


def _never(_users: Any) -> Any:
    raise Odd


def _decoder(data: type[Tree]) -> msgspec.json.Decoder[Any]:
    fields = [
        ("data", data | None | msgspec.UnsetType, msgspec.UNSET),
        ("errors", list[dict[str, Any]] | None, None),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Envelope", fields))
