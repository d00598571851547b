"""The elements of one subgraph's schema, light enough to read, change (upgrade) and compare quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from graphql import DirectiveNode, Node

from gateway.federation.composition.values import ABSENT, Value

Kind = Literal["Scalar", "Object", "Interface", "Union", "Enum", "InputObject"]
RootKind = Literal["query", "mutation", "subscription"]
ROOT_NAMES: dict[RootKind, str] = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
FEDERATION_FIELDS = frozenset({"_service", "_entities"})
FEDERATION_TYPES = frozenset({"_Any", "_Service", "_Entity"})
BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})


@dataclass(slots=True, eq=False)
class Applied:
    """A directive on an element. `spec` is (identity, name in that specification) when it is linked.

    `extension` is 0 on a definition, n on the type's n-th extension. `fed` is the federation directive's
    own name, whatever the subgraph calls it.
    """

    name: str
    args: dict[str, Value]
    node: DirectiveNode | None = None
    extension: int = 0
    spec: tuple[str, str] | None = None
    fed: str | None = None


@dataclass(slots=True, eq=False)
class Element:
    """What every element has: a name, a description, directives and a place in the source."""

    name: str
    description: str | None = None
    applied: list[Applied] = field(default_factory=list)
    node: Node | None = None

    def fed(self, name: str) -> Applied | None:
        """The first application of this federation directive."""
        for item in self.applied:
            if item.fed == name:
                return item
        return None

    def all_fed(self, name: str) -> list[Applied]:
        return [item for item in self.applied if item.fed == name]


@dataclass(slots=True, eq=False)
class ArgDef(Element):
    """An argument or an input field; `type` is GraphQL text."""

    type: str = ""
    default: Value = ABSENT
    parent: str = ""

    @property
    def required(self) -> bool:
        return self.type.endswith("!") and self.default is ABSENT

    @property
    def coordinate(self) -> str:
        return f"{self.parent}({self.name}:)" if "(" not in self.parent else self.parent


@dataclass(slots=True, eq=False)
class InputFieldDef(ArgDef):
    """A field of an input object."""

    @property
    def coordinate(self) -> str:
        return f"{self.parent}.{self.name}"


@dataclass(slots=True, eq=False)
class FieldDef(Element):
    """A field of an object or interface type."""

    type: str = ""
    args: dict[str, ArgDef] = field(default_factory=dict)
    parent: str = ""
    extension: int = 0

    @property
    def coordinate(self) -> str:
        return f"{self.parent}.{self.name}"


@dataclass(slots=True, eq=False)
class ValueDef(Element):
    """An enum value."""

    parent: str = ""

    @property
    def coordinate(self) -> str:
        return f"{self.parent}.{self.name}"


@dataclass(slots=True, eq=False)
class TypeDef(Element):
    """A named type: its definition and its extensions, folded together."""

    kind: Kind = "Object"
    fields: dict[str, FieldDef] = field(default_factory=dict)
    inputs: dict[str, InputFieldDef] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    values: dict[str, ValueDef] = field(default_factory=dict)
    defined: bool = False
    extensions: list[Node] = field(default_factory=list)

    @property
    def coordinate(self) -> str:
        return self.name

    @property
    def composite(self) -> bool:
        return self.kind in ("Object", "Interface", "Union")


@dataclass(slots=True, eq=False)
class DirectiveDef(Element):
    """A directive definition."""

    args: dict[str, ArgDef] = field(default_factory=dict)
    locations: tuple[str, ...] = ()
    repeatable: bool = False

    @property
    def coordinate(self) -> str:
        return "@" + self.name

    @property
    def executable_locations(self) -> tuple[str, ...]:
        return tuple(loc for loc in self.locations if loc in EXECUTABLE_LOCATIONS)


EXECUTABLE_LOCATIONS = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


def elements(type_: TypeDef) -> Iterator[Element]:
    """The type and everything declared inside it."""
    yield type_
    for field_ in type_.fields.values():
        yield field_
        yield from field_.args.values()
    yield from type_.inputs.values()
    yield from type_.values.values()


Report = Callable[[str, Element | Applied], None]
