"""The direct answer: a step's data that is the client's answer already, but for what the gates read.

A subgraph of this process has completed its data to selections of its own schema. Where the client's selections are
the same, and the schema that the client sees admits whatever that one gives, there is nothing left to check or copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLScalarType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from gateway.federation.plan import Key
from gateway.federation.shape import Field, Shapes
from gateway.federation.tree import objects


@dataclass(frozen=True, slots=True)
class Surplus:
    """Response keys of the objects at a path that the client did not ask for."""

    path: tuple[Key, ...]
    keys: tuple[str, ...]


def surplus(client: Shapes, step: Shapes, read: Set[str]) -> tuple[Surplus, ...] | None:
    """What data completed to the step's selections holds beside the client's answer; None where it may not be one, or
    holds more in objects that are not under the response keys `read`, from which nothing can be taken."""
    comparison = _Comparison(client, step, read)
    same = comparison.objects(client.root_type, step.root_type, client.root(), step.root(), ())
    return tuple(comparison.found) if same else None


def take_away(tree: dict[str, Any], found: Iterable[Surplus]) -> None:
    """Take the surplus out of a tree, in place."""
    for each in found:
        for item in objects(tree, each.path):
            for key in each.keys:
                item.pop(key, None)


class _Comparison:
    def __init__(self, client: Shapes, step: Shapes, read: Set[str]) -> None:
        self.found: list[Surplus] = []
        self._read = read
        self._client = client
        self._step = step

    def objects(
        self,
        mine: GraphQLObjectType,
        theirs: GraphQLObjectType,
        wanted: tuple[Field, ...],
        given: tuple[Field, ...],
        path: tuple[Key, ...],
    ) -> bool:
        """Whether the step's objects are the client's, in the client's order."""
        keys = {field.key for field in wanted}
        shown = [field for field in given if field.key in keys]
        more = tuple(field.key for field in given if field.key not in keys)
        if more:
            self.found.append(Surplus(path, more))
        return (
            mine.name == theirs.name
            and (not more or all(segment.key in self._read for segment in path))
            and [field.key for field in wanted] == [field.key for field in shown]
            and all(self._field(one, other, path) for one, other in zip(wanted, shown, strict=True))
        )

    def _field(self, mine: Field, theirs: Field, path: tuple[Key, ...]) -> bool:
        if mine.name != theirs.name:
            return False
        if mine.name.startswith("__"):
            return mine.name == "__typename"
        below = (*path, Key(mine.key))
        return self._values(mine.definition.type, theirs.definition.type, mine.nodes, theirs.nodes, below)

    def _values(
        self, mine: Any, theirs: Any, wanted: tuple[FieldNode, ...], given: tuple[FieldNode, ...], path: tuple[Key, ...]
    ) -> bool:
        if is_non_null_type(theirs):
            theirs = theirs.of_type
            mine = mine.of_type if is_non_null_type(mine) else mine
        if is_list_type(mine) and is_list_type(theirs):
            return self._values(mine.of_type, theirs.of_type, wanted, given, path)
        if is_leaf_type(mine) and is_leaf_type(theirs):
            return _admits(mine, theirs)
        if not (is_object_type(mine) and is_object_type(theirs)):
            return False
        return self.objects(mine, theirs, self._client.below(mine, wanted), self._step.below(theirs, given), path)


def _admits(mine: GraphQLLeafType, theirs: GraphQLLeafType) -> bool:
    """Whether everything that completion writes of their type is of mine."""
    if mine.name != theirs.name:
        return False
    if isinstance(mine, GraphQLEnumType):
        return isinstance(theirs, GraphQLEnumType) and theirs.values.keys() <= mine.values.keys()
    return isinstance(theirs, GraphQLScalarType)
