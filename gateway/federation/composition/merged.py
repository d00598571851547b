"""The supergraph under construction: merged elements, each with the join facts of its subgraphs."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.federation.composition.model import (
    DirectiveDef,
    Element,
    FieldDef,
    InputFieldDef,
    RootKind,
    TypeDef,
    ValueDef,
)
from gateway.federation.composition.values import Value
from gateway.federation.links import Version


@dataclass(slots=True)
class JoinType:
    """`@join__type`: the type exists in this graph, once per key."""

    graph: str
    key: str | None = None
    extension: bool = False
    resolvable: bool | None = None
    interface_object: bool = False


@dataclass(slots=True)
class ContextArgument:
    """An argument that the router fills from a context."""

    name: str
    type: str
    context: str
    selection: str


@dataclass(slots=True)
class JoinField:
    """`@join__field`: how one graph takes part in a field. `graph` None: only through an @interfaceObject."""

    graph: str | None
    requires: str | None = None
    provides: str | None = None
    type: str | None = None
    external: bool = False
    override: str | None = None
    used_overridden: bool = False
    override_label: str | None = None
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(slots=True)
class JoinDirective:
    """`@join__directive`: a directive kept for the graphs that wrote it."""

    graphs: list[str]
    name: str
    args: dict[str, Value]


@dataclass(slots=True, eq=False)
class MergedField(FieldDef):
    joins: list[JoinField] = field(default_factory=list)
    kept: list[JoinDirective] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class MergedInput(InputFieldDef):
    joins: list[JoinField] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class MergedValue(ValueDef):
    graphs: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class MergedType(TypeDef):
    joins: list[JoinType] = field(default_factory=list)
    implements: list[tuple[str, str]] = field(default_factory=list)  # (graph, interface)
    union_members: list[tuple[str, str]] = field(default_factory=list)  # (graph, member)
    kept: list[JoinDirective] = field(default_factory=list)


@dataclass(slots=True)
class SupergraphLink:
    """A `@link` of the supergraph; imports are (specification's name, name here)."""

    url: str
    purpose: str | None = None
    imports: list[tuple[str, str]] = field(default_factory=list)
    alias: str | None = None


@dataclass(slots=True)
class Supergraph:
    """Everything that the supergraph SDL says."""

    join: Version
    graphs: list[tuple[str, str, str]] = field(default_factory=list)  # (enum value, name, url)
    types: dict[str, TypeDef] = field(default_factory=dict)
    directives: dict[str, DirectiveDef] = field(default_factory=dict)
    spec_directives: dict[str, DirectiveDef] = field(default_factory=dict)
    spec_types: list[str] = field(default_factory=list)
    links: list[SupergraphLink] = field(default_factory=list)
    roots: dict[RootKind, str] = field(default_factory=dict)
    schema: Element = field(default_factory=lambda: Element("schema"))
    kept: list[JoinDirective] = field(default_factory=list)
    composed: dict[str, tuple[str, str]] = field(default_factory=dict)  # directive -> (identity, own name)

    def composites(self) -> list[MergedType]:
        """Object and interface types."""
        return [t for t in self.types.values() if isinstance(t, MergedType) and t.kind in ("Object", "Interface")]

    def possible_types(self, name: str) -> list[str]:
        """Names of the object types that a value of this type may have."""
        type_ = self.types.get(name)
        if type_ is None:
            return []
        if type_.kind == "Union":
            return type_.members
        if type_.kind == "Interface":
            return [t.name for t in self.types.values() if t.kind == "Object" and name in t.interfaces]
        return [name]
