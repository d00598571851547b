"""The supergraph as a typed model: who defines, resolves, keys, requires and hides what.

Subgraphs are named throughout by their `join__Graph` enum value. The model answers questions about
one subgraph at a time; nothing is derived from the merged type where the join specification says it
per subgraph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from graphql import GraphQLSchema

Kind = Literal["object", "interface", "union", "scalar", "enum", "input"]
RootKind = Literal["query", "mutation", "subscription"]


class SupergraphError(ValueError):
    """A supergraph document that cannot be read; the message names the element and the mend."""


@dataclass(frozen=True, slots=True)
class Subgraph:
    """One subgraph: `id` is its join__Graph value, `name` what its owner calls it."""

    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class KeyDef:
    """One @key as the supergraph records it; a key that is not resolvable can be named, not entered."""

    fields: str
    resolvable: bool


@dataclass(frozen=True, slots=True)
class TypeJoin:
    """What one subgraph says of a type."""

    keys: tuple[KeyDef, ...] = ()
    extension: bool = False
    interface_object: bool = False


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that a subgraph takes from a context: printed type, the context's name, what is selected there."""

    name: str
    type: str
    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class FieldJoin:
    """What one subgraph says of a field."""

    requires: str | None = None
    provides: str | None = None
    type: str | None = None
    external: bool = False
    override: str | None = None
    override_label: str | None = None
    used_overridden: bool = False
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A directive other than the join specification's own, as applied; arguments as plain values."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict, hash=False)
    graphs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Argument:
    """A field's argument: its printed type and default, and whether the API hides it."""

    name: str
    type: str
    inaccessible: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class FieldDef:
    """A field. `type` is printed GraphQL, `base` its innermost name; `joins` is None where the
    supergraph has no @join__field for it at all (every subgraph with the parent type resolves it).
    `default` is an input field's printed default value."""

    name: str
    type: str
    base: str
    arguments: tuple[Argument, ...] = ()
    joins: Mapping[str, FieldJoin] | None = None
    inaccessible: bool = False
    directives: tuple[Applied, ...] = ()
    default: str | None = None

    @property
    def is_list(self) -> bool:
        return "[" in self.type


@dataclass(frozen=True, slots=True)
class TypeDef:
    """A named type with its per-subgraph memberships; `contexts` are the names of those it sets."""

    name: str
    kind: Kind
    joins: Mapping[str, TypeJoin]
    fields: Mapping[str, FieldDef]
    implements: Mapping[str, frozenset[str]]
    members: Mapping[str, tuple[str, ...]]
    values: Mapping[str, tuple[str, ...]]
    inaccessible: bool = False
    directives: tuple[Applied, ...] = ()
    contexts: tuple[str, ...] = ()

    @property
    def is_composite(self) -> bool:
        return self.kind in ("object", "interface", "union")

    @property
    def is_abstract(self) -> bool:
        return self.kind in ("interface", "union")

    def is_interface_object(self, subgraph: str) -> bool:
        join = self.joins.get(subgraph)
        return join is not None and join.interface_object


class Supergraph:
    """The whole model; immutable after construction."""

    def __init__(
        self,
        sdl: str,
        subgraphs: Mapping[str, Subgraph],
        types: Mapping[str, TypeDef],
        roots: Mapping[RootKind, str],
        api_schema: GraphQLSchema,
    ) -> None:
        self.sdl = sdl
        self.subgraphs = subgraphs
        self.types = types
        self.roots = roots
        self.api_schema = api_schema

    @cached_property
    def by_name(self) -> dict[str, str]:
        """Subgraph name as its owner gives it -> join__Graph value."""
        return {subgraph.name: subgraph.id for subgraph in self.subgraphs.values()}

    @cached_property
    def possible(self) -> dict[str, tuple[str, ...]]:
        """Composite type -> every object type that its objects may have, over all subgraphs."""
        found: dict[str, set[str]] = {name: set() for name, t in self.types.items() if t.is_composite}
        for name, definition in self.types.items():
            if definition.kind == "object":
                found[name].add(name)
                for interfaces in definition.implements.values():
                    for interface in interfaces:
                        if interface in found:
                            found[interface].add(name)
            for members in definition.members.values():
                found[name].update(members)
        return {name: tuple(sorted(objects)) for name, objects in found.items()}

    @cached_property
    def setters(self) -> dict[str, tuple[str, ...]]:
        """Context -> the types that set it, as @context stands on them."""
        found: dict[str, tuple[str, ...]] = {}
        for name, definition in self.types.items():
            for context in definition.contexts:
                found[context] = (*found.get(context, ()), name)
        return found

    def is_composite(self, type_name: str) -> bool:
        """Whether a type has fields or members; built-in scalars are known to have none."""
        definition = self.types.get(type_name)
        return definition is not None and definition.is_composite

    def possible_in(self, type_name: str, subgraph: str) -> tuple[str, ...]:
        """Object types that objects of a composite type may have in one subgraph."""
        definition = self.types[type_name]
        if definition.kind == "object":
            return (type_name,)
        if definition.kind == "union":
            return definition.members.get(subgraph, ())
        return tuple(
            name
            for name in self.possible[type_name]
            if type_name in self.types[name].implements.get(subgraph, frozenset())
        )

    def root_kind(self, type_name: str) -> RootKind | None:
        """Which operation a type is the root of."""
        return next((kind for kind, name in self.roots.items() if name == type_name), None)

    def field_join(self, type_name: str, field_name: str, subgraph: str) -> FieldJoin | None:
        """What a subgraph says of a field, None if the field is not there at all."""
        definition = self.types[type_name]
        found = definition.fields.get(field_name)
        if found is None or subgraph not in definition.joins:
            return None
        if found.joins is None:
            return FieldJoin()
        return found.joins.get(subgraph)

    def type_in(self, type_name: str, field_name: str, subgraph: str) -> str:
        """A field's printed type as that subgraph itself declares it."""
        join = self.field_join(type_name, field_name, subgraph)
        if join is not None and join.type is not None:
            return join.type
        return self.types[type_name].fields[field_name].type

    def resolves(self, type_name: str, field_name: str, subgraph: str) -> bool:
        """Whether a subgraph resolves the field for an object of the type (labels of @override aside)."""
        join = self.field_join(type_name, field_name, subgraph)
        if join is None or (join.used_overridden and join.override_label is None):
            return False
        if join.external and join.requires is None:
            return False
        taker = self.overrider(type_name, field_name, subgraph)
        return taker is None or taker.override_label is not None

    def overrider(self, type_name: str, field_name: str, subgraph: str) -> FieldJoin | None:
        """The join of the subgraph that overrides this subgraph's field, if any does."""
        joins = self.types[type_name].fields[field_name].joins or {}
        name = self.subgraphs[subgraph].name
        for other, join in joins.items():
            if other != subgraph and join.override is not None and join.override in (name, subgraph):
                return join
        return None
