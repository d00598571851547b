"""The quick projection: an answer with nothing wrong in it, checked and copied by msgspec instead of generated code.

An operation's selections become msgspec Structs, one per object type and selection: converting the tree checks every
value and leaves out what was not asked for, and the Structs encode to the answer's JSON. Whatever does not fit is left
to the careful projection, which finds out what is wrong and where. Selections that need a look at an object's type to
be told apart, or that a role may not see, have no quick projection.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from sys import float_info
from typing import Annotated, Any, Literal

import msgspec
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
    is_list_type,
    is_object_type,
)

from gateway.federation.leaves import MAX_INT, MIN_INT
from gateway.federation.shape import Field, Shapes

_FINITE = Annotated[float, msgspec.Meta(ge=-float_info.max, le=float_info.max)]
_LEAVES: dict[str, Any] = {
    "String": str,
    "ID": str,
    "Boolean": bool,
    "Int": Annotated[int, msgspec.Meta(ge=MIN_INT, le=MAX_INT)],
    "Float": int | _FINITE,
}
_ANYTHING = bool | int | float | str | list[Any] | dict[str, Any]
"""Of a custom scalar only this is known: it is JSON, and not null."""


class _CarefulError(Exception):
    """A selection without a quick projection."""


@dataclass(frozen=True, slots=True)
class QuickType:
    """The Struct that an operation's merged tree converts to. `hollow`: objects of which nothing has to be there are
    made of anything that may have attributes, so that a tree of Structs must not be converted."""

    struct: Any
    hollow: bool


def quick_type(shapes: Shapes, checked: Set[str], forbidden: Set[tuple[str, str]]) -> QuickType | None:
    """What the operation's merged tree converts to, if there is anything.

    `checked` and `forbidden` are as the projection has them.
    """
    made = _Quick(shapes, checked, forbidden)
    try:
        return QuickType(made.struct(shapes.root_type, shapes.root()), made.hollow)
    except _CarefulError:
        return None


class _Quick:
    def __init__(self, shapes: Shapes, checked: Set[str], forbidden: Set[tuple[str, str]]) -> None:
        self._shapes = shapes
        self._checked = checked
        self._forbidden = forbidden
        self.hollow = False
        self._made: dict[tuple[Any, ...], Any] = {}

    def struct(self, object_type: GraphQLObjectType, fields: tuple[Field, ...]) -> Any:
        members = [self._member(f"f_{field.key}", field) for field in fields]
        names = {f"f_{field.key}": field.key for field in fields}
        if object_type.name in self._checked:
            self._add_check(fields, members, names)
        return msgspec.defstruct(object_type.name, members, rename=names, kw_only=True, gc=False)

    def _add_check(self, fields: tuple[Field, ...], members: list[Any], names: dict[str, str]) -> None:
        """An object that claims a type is left to the careful projection, but where that claim is asked for: then it
        is compared anyway."""
        selected = [field for field in fields if field.name == "__typename" or field.key == "__typename"]
        if any(field.key != field.name for field in selected):
            raise _CarefulError
        if not selected:
            members.append(("f___typename", msgspec.UnsetType, msgspec.UNSET))
            names["f___typename"] = "__typename"

    def _member(self, name: str, field: Field) -> tuple[str, Any] | tuple[str, Any, Any]:
        if field.name == "__typename":
            return name, Literal[field.parent.name], field.parent.name
        if field.name.startswith("__") or (field.parent.name, field.name) in self._forbidden:
            raise _CarefulError
        return name, self._value(field.definition.type, field.nodes)

    def _value(self, output: GraphQLOutputType, nodes: tuple[FieldNode, ...]) -> Any:
        if isinstance(output, GraphQLNonNull):
            return self._present(output.of_type, nodes)
        return self._present(output, nodes) | None

    def _present(self, output: Any, nodes: tuple[FieldNode, ...]) -> Any:
        if is_list_type(output):
            return list[self._value(output.of_type, nodes)]  # type: ignore[misc]
        if is_leaf_type(output):
            return _leaf(output)
        if not is_object_type(output):
            raise _CarefulError
        key = (output.name, *map(id, nodes))
        made = self._made.get(key)
        if made is None:
            fields = self._shapes.below(output, nodes)
            self.hollow = self.hollow or all(field.name == "__typename" for field in fields)
            made = self._made[key] = self.struct(output, fields)
        return made


def _leaf(leaf_type: GraphQLLeafType) -> Any:
    if isinstance(leaf_type, GraphQLEnumType):
        return Literal[tuple(leaf_type.values)]
    return _LEAVES.get(leaf_type.name, _ANYTHING)
