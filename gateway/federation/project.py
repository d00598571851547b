"""The answer in the client's shape: a projection compiled per schema and operation, run over merged data.

Reads response keys from a tree of JSON values and writes what the operation selects and nothing else: client
aliases, fields by concrete type, checked scalars, nulls where they belong. Every value that should be there and
is not is reported as a `Problem`; a value that a gate withheld is null without one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    GraphQLAbstractType,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
)

from gateway.federation.direct import Surplus, surplus
from gateway.federation.generate import CUT, Dispatch, Function, Generator, Missing, Read
from gateway.federation.introspect import introspection
from gateway.federation.later import Bubble, Path, path_list
from gateway.federation.leaves import Leaf, json_leaf
from gateway.federation.quick import QuickType, quick_type
from gateway.federation.shape import Field, Shapes, condition_variables, find_operation
from gateway.federation.tree import WITHHELD

MAX_VARIANTS = 64
"""Compiled variants kept per operation: one for each combination of its @skip and @include variables in use."""


class Trouble(Enum):
    """What is wrong with a value at its place in the answer."""

    MISSING = "missing"
    NULL = "null where the schema allows none"
    WRONG_TYPE = "not of its type"
    FORBIDDEN = "not for the caller's role"
    UNKNOWN_TYPE = "of a type that the schema does not have here"


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that could not be written: its response path, its field and what is wrong."""

    path: tuple[str | int, ...]
    parent: str
    field: str
    trouble: Trouble


class Run:
    """What one projection found on its way."""

    __slots__ = ("problems", "variables")

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.problems: list[Problem] = []
        self.variables = variables

    def fail(self, path: Path, field: Field, trouble: Trouble) -> None:
        self.problems.append(Problem(tuple(path_list(path)), field.parent.name, field.name, trouble))


class Projection:
    """One operation's projection. Safe to share between requests."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation_name: str | None = None,
        checked: frozenset[str] = frozenset(),
        forbidden: frozenset[tuple[str, str]] = frozenset(),
        visible: GraphQLSchema | None = None,
    ) -> None:
        """`checked` names object types whose objects must not claim another `__typename`: those with a gate.

        `forbidden` holds (type, field) pairs that the caller's role may not see: null, and a Problem each.
        Introspection is answered over `visible`, the schema that the role may see (default: all of it).
        """
        self.schema = schema
        self.document = document
        self.operation = find_operation(document, operation_name)
        self._checked = checked
        self._forbidden = forbidden
        self._dialect = JsonDialect(visible or schema, document, checked, forbidden)
        self._conditions = condition_variables(document)
        self._variants: OrderedDict[tuple[bool, ...], Function] = OrderedDict()
        self._quick: OrderedDict[tuple[bool, ...], QuickType | None] = OrderedDict()
        self._surplus: OrderedDict[tuple[bool, ...], tuple[Shapes, tuple[Surplus, ...] | None]] = OrderedDict()

    def run(self, tree: dict[str, Any], variables: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[Problem]]:
        """Write the answer from a tree of merged data.

        `variables` are the coerced variables with defaults applied. Returns the data and what could not be written.
        """
        run = Run(variables)
        try:
            return self._variant(variables)(tree, None, run), run.problems
        except Bubble:
            return None, run.problems

    def quick(self, tree: Any, variables: Mapping[str, Any], *, structs: bool = False) -> Any:
        """What encodes to the same JSON as the data that `run` writes, if that has no problems; else None. The tree is
        of dicts, or also of Structs (`structs`) with attributes `f_` and the response key: then there is none where of some
        object nothing but its type is asked."""
        wanted = self._quick_type(variables)
        if wanted is None or (structs and wanted.hollow):
            return None
        try:
            return msgspec.convert(tree, wanted.struct, from_attributes=structs)
        except msgspec.ValidationError:
            return None

    def has_quick(self, variables: Mapping[str, Any]) -> bool:
        """Whether there is a `quick` for these conditions."""
        return self._quick_type(variables) is not None

    def surplus(self, completed: Shapes, variables: Mapping[str, Any], read: Set[str]) -> tuple[Surplus, ...] | None:
        """What data completed to these selections holds beside what `quick` makes of it, to the same JSON, in objects
        under the response keys `read`; None where `quick` has to be asked."""
        key = self._key(variables)
        known = self._surplus.get(key)
        if known is None or known[0] is not completed:
            found = surplus(self._shapes(key), completed, read) if self.has_quick(variables) else None
            known = self._surplus[key] = (completed, found)
            if len(self._surplus) > MAX_VARIANTS:
                self._surplus.popitem(last=False)
        return known[1]

    def _quick_type(self, variables: Mapping[str, Any]) -> QuickType | None:
        key = self._key(variables)
        if key not in self._quick:
            self._quick[key] = quick_type(self._shapes(key), self._checked, self._forbidden)
            if len(self._quick) > MAX_VARIANTS:
                self._quick.popitem(last=False)
        return self._quick[key]

    def _key(self, variables: Mapping[str, Any]) -> tuple[bool, ...]:
        return tuple([bool(variables.get(name)) for name in self._conditions])

    def _shapes(self, key: tuple[bool, ...]) -> Shapes:
        decided = dict(zip(self._conditions, key, strict=True))
        return Shapes(self.schema, self.document, self.operation, decided)

    def _variant(self, variables: Mapping[str, Any]) -> Function:
        key = self._key(variables)
        function = self._variants.get(key)
        if function is None:
            function = self._variants[key] = Generator(self._shapes(key), self._dialect).roots(apart=False)[0]
            if len(self._variants) > MAX_VARIANTS:
                self._variants.popitem(last=False)
        return function

    def source(self, variables: Mapping[str, Any]) -> str:
        """The generated code for these conditions, for people to read."""
        generator = Generator(self._shapes(self._key(variables)), self._dialect)
        generator.roots(apart=self.operation.operation is OperationType.MUTATION)
        return generator.source


class JsonDialect:
    """Values are JSON: dicts by response key, lists, checked scalars."""

    read_error = "KeyError"
    list_test = "{v}.__class__ is list"

    def __init__(
        self,
        visible: GraphQLSchema,
        document: DocumentNode,
        checked: frozenset[str],
        forbidden: frozenset[tuple[str, str]],
    ) -> None:
        self._visible = visible
        self._document = document
        self._checked = checked
        self._forbidden = forbidden

    def globals(self) -> dict[str, Any]:
        return {}

    def read(self, field: Field) -> Read:
        if (field.parent.name, field.name) in self._forbidden:
            return Read("CUT", "CUT")
        return Read(f"o[{field.key!r}]", f"o.get({field.key!r}, MISSING)")

    def leaf(self, leaf_type: GraphQLLeafType) -> Leaf:
        return json_leaf(leaf_type)

    def object_test(self, object_type: GraphQLObjectType) -> tuple[str | None, dict[str, Any]]:
        test = "{v}.__class__ is dict"
        if object_type.name in self._checked:
            name = object_type.name
            test += f" and {{v}}.get('__typename', {name!r}) == {name!r}"
        return test, {}

    def dispatch(self, abstract: GraphQLAbstractType, field: Field, name: str) -> Dispatch:
        table: dict[str, Function] = {}

        def choose(value: Any, path: Path, run: Run) -> Any:
            typename = value.get("__typename")
            # an @interfaceObject's values have the interface's own name, which may have a stand-in
            function = table.get(typename) if typename.__class__ is str else None
            if function is None:
                run.fail(path, field, Trouble.MISSING if typename is None else Trouble.UNKNOWN_TYPE)
                raise Bubble
            return function(value, path, run)

        return Dispatch("{v}.__class__ is dict", name, {name: choose}, choose, table.update)

    def stand_in(self, selected: Mapping[str, tuple[Field, ...]]) -> str | None:
        """A type whose projection serves for objects of unknown type: if it is the same for every possible type,
        does not show the type, and no gate and no role's scope tells the types apart."""
        if not selected or self._checked & set(selected):
            return None
        views = {tuple((f.key, f.nodes, str(f.definition.type)) for f in fields) for fields in selected.values()}
        fields = [field for each in selected.values() for field in each]
        if len(views) != 1 or any(f.name == "__typename" or (f.parent.name, f.name) in self._forbidden for f in fields):
            return None
        return next(iter(selected))

    def slow_leaf(self, field: Field, leaf: Leaf, nullable: bool, loose: bool) -> Function:
        return _slow(field, leaf.convert, nullable)

    def slow_list(self, field: Field, nullable: bool, again: Callable[[], Function] | None) -> Function:
        return _slow(field, _refuse, nullable)

    def slow_object(
        self,
        field: Field,
        object_type: GraphQLObjectType | None,
        complete: Callable[[], Function],
        nullable: bool,
        loose: bool,
    ) -> Function:
        trouble = Trouble.WRONG_TYPE if object_type is None else Trouble.UNKNOWN_TYPE
        return _slow(field, _refuse, nullable, trouble)

    def introspect(self, field: Field) -> Callable[[Run], Any]:
        ask = introspection(self._visible, self._document, field.nodes)
        return lambda run: ask(run.variables)


def _refuse(_value: Any) -> Any:
    raise ValueError


def _slow(
    field: Field, convert: Callable[[Any], Any], nullable: bool, dict_trouble: Trouble = Trouble.WRONG_TYPE
) -> Function:
    """What happens to a value that generated code did not take: convert it, or report it and write null."""

    def slow(value: Any, path: Path, run: Run) -> Any:
        if value is None:
            if not nullable:
                run.fail(path, field, Trouble.NULL)
        elif isinstance(value, Missing):
            run.fail(path, field, Trouble.FORBIDDEN if value is CUT else Trouble.MISSING)
        elif value is not WITHHELD:
            try:
                return convert(value)
            except Exception:
                run.fail(path, field, dict_trouble if value.__class__ is dict else Trouble.WRONG_TYPE)
        if nullable:
            return None
        raise Bubble

    return slow
