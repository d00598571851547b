"""Generated execution of a subgraph that lives in this process.

A `LocalOperation` gives the data and errors that graphql-core's executor gives for the same operation, with
attribute fields read by generated code and awaitables only where resolvers make them. An attribute must hold
a value, not an awaitable; abstract types must resolve synchronously.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CoroutineType
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    Undefined,
    default_type_resolver,
)
from graphql.execution.values import get_variable_values
from graphql.pyutils import is_iterable

from gateway.federation.generate import Dispatch, Function, Generator, Read
from gateway.federation.introspect import introspection
from gateway.federation.invoke import DEFINITION, FieldError, LocalRun, careful, read
from gateway.federation.later import Bubble, Later, Path, drain, is_awaitable
from gateway.federation.leaves import Leaf, python_leaf
from gateway.federation.project import MAX_VARIANTS
from gateway.federation.shape import Field, Shapes, condition_variables, find_operation

Override = Callable[[Field], Function]
"""Makes the resolver of a field: (source, path, run) -> value or awaitable."""


@dataclass(frozen=True, slots=True)
class LocalResult:
    """Data as JSON values, plain but for what needs not be read, the fields that failed, and the variables that were refused. `shapes` are the
    selections that were executed."""

    data: dict[str, Any] | None
    errors: list[FieldError]
    refused: tuple[GraphQLError, ...] = ()
    shapes: Shapes | None = None


class LocalOperation:
    """One operation over one schema, compiled. Safe to share between requests."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation_name: str | None = None,
        overrides: Mapping[tuple[str, str], Override] | None = None,
        read: frozenset[str] | None = None,
    ) -> None:
        """`overrides` gives (type, field) pairs a resolver of our own instead of the schema's; `read` is a request's."""
        self.schema = schema
        self.document = document
        self.operation = find_operation(document, operation_name)
        self._dialect = PythonDialect(schema, document, overrides or {})
        self._read = read
        self._conditions = condition_variables(document)
        self._variants: OrderedDict[tuple[bool, ...], tuple[Shapes, list[Function]]] = OrderedDict()

    async def run(self, root: Any, variables: Mapping[str, Any], context: Any) -> LocalResult:
        """Execute over a root value. `variables` are as the client sent them."""
        definitions = self.operation.variable_definitions or ()
        values = get_variable_values(self.schema, definitions, dict(variables))
        if isinstance(values, list):
            return LocalResult(None, [], tuple(values))
        shapes, functions = self._variant(values.coerced)
        run = LocalRun(shapes, root, context, values)
        try:
            data: dict[str, Any] = {}
            for function in functions:
                part = function(root, None, run)
                data.update(await part.run(run) if part.__class__ is Later else part)
        except Bubble:
            return LocalResult(None, run.errors)
        return LocalResult(data, run.errors, shapes=shapes)

    def _variant(self, coerced: Mapping[str, Any]) -> tuple[Shapes, list[Function]]:
        key = tuple([bool(coerced.get(name)) for name in self._conditions])
        variant = self._variants.get(key)
        if variant is None:
            shapes = Shapes(self.schema, self.document, self.operation, dict(zip(self._conditions, key, strict=True)))
            serial = self.operation.operation is OperationType.MUTATION
            variant = self._variants[key] = (shapes, Generator(shapes, self._dialect, self._read).roots(apart=serial))
            if len(self._variants) > MAX_VARIANTS:
                self._variants.popitem(last=False)
        return variant


class PythonDialect:
    """Values are Python objects: attributes, resolvers, enums, anything iterable."""

    read_error = "Exception"
    list_test = "{v}.__class__ is list or {v}.__class__ is tuple"

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, overrides: Mapping[tuple[str, str], Override]
    ) -> None:
        self._schema = schema
        self._document = document
        self._overrides = overrides
        self._classes: dict[str, set[type]] = {}

    def globals(self) -> dict[str, Any]:
        return {"careful": careful}

    def read(self, field: Field) -> Read:
        override = self._overrides.get((field.parent.name, field.name))
        if override is not None:
            return Read(resolver=override(field))
        return read(self._schema, field)

    def leaf(self, leaf_type: GraphQLLeafType) -> Leaf:
        return python_leaf(leaf_type)

    def object_test(self, object_type: GraphQLObjectType) -> tuple[str | None, dict[str, Any]]:
        """Objects of a class seen before need no look; a type with its own predicate knows its class alone."""
        classes = self._known(object_type)
        name = f"C_{object_type.name}"
        return f"{{v}}.__class__ in {name}", {name: classes}

    def _known(self, object_type: GraphQLObjectType) -> set[type]:
        classes = self._classes.get(object_type.name)
        if classes is None:
            origin = _origin(object_type)
            classes = self._classes[object_type.name] = {origin} if origin else set()
        return classes

    def dispatch(self, abstract: GraphQLAbstractType, field: Field, name: str) -> Dispatch:
        functions: dict[str, Function] = {}
        table: dict[type, Function] = {}
        resolve_type = abstract.resolve_type or default_type_resolver
        schema = self._schema

        def fill(made: dict[str, Function]) -> None:
            functions.update(made)
            for typename, function in made.items():
                origin = None if _decides(abstract) else _origin(schema.type_map[typename])
                if origin is not None:
                    table[origin] = function

        def choose(value: Any, path: Path, run: LocalRun) -> Any:
            info = run.info(field, path)
            typename = resolve_type(value, info, abstract)
            if typename.__class__ is not str or typename not in functions:
                raise TypeError(f"{abstract.name} must resolve to one of its object types")
            object_type = schema.type_map[typename]
            assert isinstance(object_type, GraphQLObjectType)
            _check_type(object_type, value, run, field, path)
            return functions[typename](value, path, run)

        test = f"(h := {name}.get({{v}}.__class__)) is not None"
        return Dispatch(test, "h", {name: table}, choose, fill)

    def stand_in(self, selected: Mapping[str, tuple[Field, ...]]) -> str | None:
        """A resolver's object always has a type."""
        return None

    def slow_leaf(self, field: Field, leaf: Leaf, nullable: bool, loose: bool) -> Function:
        lookup = leaf.lookup or {}

        def convert(value: Any, _path: Path, _run: LocalRun) -> Any:
            return lookup.get(id(value)) or leaf.convert(value)

        return _slow(field, convert, nullable, None if not loose else _SELF)

    def slow_list(self, field: Field, nullable: bool, again: Callable[[], Function] | None) -> Function:
        def convert(value: Any, path: Path, _run: LocalRun) -> Any:
            if again is not None and hasattr(value, "__aiter__"):
                return Later(awaitable=drain(value), complete=again(), path=path)
            if not is_iterable(value):
                raise TypeError("expected a list")
            return list(value)

        return _slow(field, convert, nullable, again)

    def slow_object(
        self,
        field: Field,
        object_type: GraphQLObjectType | None,
        complete: Callable[[], Function],
        nullable: bool,
        loose: bool,
    ) -> Function:
        learn = None if object_type is None or object_type.is_type_of else self._known(object_type)

        def convert(value: Any, path: Path, run: LocalRun) -> Any:
            if object_type is not None:
                _check_type(object_type, value, run, field, path)
                if learn is not None:
                    learn.add(value.__class__)
            return complete()(value, path, run)

        return _slow(field, convert, nullable, _SELF if loose else None)

    def introspect(self, field: Field) -> Callable[[LocalRun], Any]:
        ask = introspection(self._schema, self._document, field.nodes)
        return lambda run: ask(run.variables.coerced)


def _origin(named: Any) -> type | None:
    """The Python class whose direct instances are of this object type, where Strawberry decides by class."""
    definition = named.extensions.get(DEFINITION)
    if definition is None or definition.is_type_of is not None or definition.concrete_of is not None:
        return None
    return definition.origin  # type: ignore[no-any-return]


def _decides(abstract: GraphQLAbstractType) -> bool:
    """Whether the abstract type has a rule of its own, so that a class says nothing."""
    definition = abstract.extensions.get(DEFINITION)
    return definition is None or getattr(definition, "resolve_type", None) is not None


def _check_type(object_type: GraphQLObjectType, value: Any, run: LocalRun, field: Field, path: Path) -> None:
    if object_type.is_type_of is None:
        return
    answer = object_type.is_type_of(value, run.info(field, path))
    if answer is not True and (is_awaitable(answer) or not answer):
        raise TypeError(f"expected a value of type {object_type.name}")


def _SELF() -> Function:  # noqa: N802 (a marker that reads like one)
    raise AssertionError("a marker, never called")


def _slow(
    field: Field,
    convert: Callable[[Any, Path, LocalRun], Any],
    nullable: bool,
    again: Callable[[], Function] | None,
) -> Function:
    """What happens to a value that generated code did not take.

    `again` completes an awaited value: `_SELF` for this very function, None where nothing may be awaitable.
    """

    def slow(value: Any, path: Path, run: LocalRun) -> Any:
        if value is None or value is Undefined:
            if nullable:
                return None
            run.fail(path, field, TypeError("null in a field that may not be null"))
            raise Bubble
        try:
            if isinstance(value, Exception):
                raise value
            if again is not None and is_awaitable(value):
                complete = slow if again is _SELF else again()
                return Later(awaitable=value, complete=complete, path=path)
            if value.__class__ is CoroutineType:
                value.close()
                raise TypeError("an attribute must hold a value, not a coroutine")
            return convert(value, path, run)
        except Bubble:
            if nullable:
                return None
            raise
        except Exception as error:
            run.fail(path, field, error)
        if nullable:
            return None
        raise Bubble

    return slow
