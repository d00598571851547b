"""How generated execution gets a field's value from a Python object.

A Strawberry field without a resolver is an attribute, read inline. A Strawberry field with a plain resolver is
called directly, with the arguments and the `Info` that Strawberry would give. Every other field goes through its
graphql-core resolver, unchanged.
"""

from __future__ import annotations

import asyncio
import keyword
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from graphql import (
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path as CorePath
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from gateway.federation.generate import Function, Read
from gateway.federation.later import Path, gather, is_awaitable
from gateway.federation.shape import Field, Shapes

DEFINITION = "strawberry-definition"
"""The key under which Strawberry leaves its own definition in a graphql-core type's or field's extensions."""


_LASTING = (type(None), str, int, float, Enum)
"""Values that no resolver can change."""


class Attribute:
    """A resolver that reads one attribute; generated code reads it inline. For schemas made without Strawberry."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, source: Any, _info: Any, **_arguments: Any) -> Any:
        return getattr(source, self.name)


class FieldError(Exception):
    """A field failed: where, and the exception that a resolver or a conversion raised."""

    def __init__(self, path: tuple[str | int, ...], parent: str, field: str, error: Exception) -> None:
        super().__init__(f"{parent}.{field}")
        self.path = path
        self.parent = parent
        self.field = field
        self.error = error


class LocalRun:
    """One execution: what resolvers may ask for, and the errors so far."""

    __slots__ = ("arguments", "context", "errors", "root", "shapes", "variables")

    def __init__(self, shapes: Shapes, root: Any, context: Any, variables: VariableValues) -> None:
        self.shapes = shapes
        self.root = root
        self.context = context
        self.variables = variables
        self.errors: list[FieldError] = []
        self.arguments: dict[int, dict[str, Any]] = {}

    def fail(self, path: Path, field: Field, error: Exception) -> None:
        keys: list[str | int] = []
        while path is not None:
            path, key = path
            keys.append(key)
        self.errors.append(FieldError(tuple(reversed(keys)), field.parent.name, field.name, error))

    def info(self, field: Field, path: Path) -> GraphQLResolveInfo[Any]:
        """What graphql-core tells a resolver about its field."""
        shapes = self.shapes
        return GraphQLResolveInfo(
            field.name,
            list(field.nodes),
            field.definition.type,
            field.parent,
            _core_path(path, field.parent.name),
            shapes.schema,
            shapes.fragments,
            self.root,
            shapes.operation,
            self.variables,
            self.context,
            is_awaitable,  # type: ignore[arg-type]
            None,
            _HELPERS,
        )

    def core_arguments(self, field: Field) -> dict[str, Any]:
        """The field's coerced arguments; they depend on nothing but the variables."""
        if not field.definition.args:
            return {}
        return get_argument_values(field.definition, field.nodes[0], self.variables)


def read(schema: GraphQLSchema, field: Field) -> Read:
    """How this field's value is read."""
    definition = field.definition
    if isinstance(definition.resolve, Attribute):
        return attribute(definition.resolve.name)
    known = definition.extensions.get(DEFINITION)
    strawberry = getattr(schema, "_strawberry_schema", None)
    if isinstance(known, StrawberryField) and strawberry is not None and not strawberry.exception_handlers:
        if known.is_basic_field and strawberry.config.default_resolver is getattr:
            return attribute(known.python_name)
        if known.base_resolver is not None and not known.extensions:
            return Read(resolver=_direct(field, known, strawberry))
    return Read(resolver=_core(field))


def attribute(name: str) -> Read:
    """An attribute read inline; what is no identifier is read carefully only."""
    careful = f"careful(o, {name!r})"
    usable = name.isidentifier() and not keyword.iskeyword(name)
    return Read(f"o.{name}" if usable else careful, careful)


def careful(source: Any, name: str) -> Any:
    """An attribute's value, or the exception that reading it raised."""
    try:
        return getattr(source, name)
    except Exception as error:
        return error


def _core(field: Field) -> Function:
    resolve = field.definition.resolve or default_field_resolver

    def call(source: Any, path: Path, run: LocalRun) -> Any:
        return resolve(source, run.info(field, path), **run.core_arguments(field))

    return call


def _direct(field: Field, known: StrawberryField, strawberry: Any) -> Function:
    """Strawberry's own call of a resolver without its wrappers, arguments converted once per request."""
    base = known.base_resolver
    assert base is not None
    function: Callable[..., Any] = base.wrapped_func  # type: ignore[assignment]
    passes_self = base.self_parameter is not None
    sources = [parameter.name for parameter in (base.parent_parameter, base.root_parameter) if parameter]
    info_name = base.info_parameter.name if base.info_parameter else None
    arguments = known.arguments
    info_class = strawberry.config.info_class
    registry = strawberry.schema_converter.scalar_registry
    defaults: dict[str, Any] | None = None

    def converted(run: LocalRun, path: Path) -> dict[str, Any]:
        nonlocal defaults
        ready = defaults or run.arguments.get(id(field))
        if ready is None:
            info = info_class(_raw_info=run.info(field, path), _field=known)
            ready = run.arguments[id(field)] = convert_arguments(
                run.core_arguments(field), arguments, registry, strawberry.config, info
            )
            if not field.nodes[0].arguments and all(isinstance(value, _LASTING) for value in ready.values()):
                defaults = ready  # nothing was given: the same for every request
        return ready

    def call(source: Any, path: Path, run: LocalRun) -> Any:
        given = dict(converted(run, path)) if arguments else {}
        for name in sources:
            given[name] = source
        if info_name is not None:
            given[info_name] = info_class(_raw_info=run.info(field, path), _field=known)
        return function(source, **given) if passes_self else function(**given)

    return call


def _core_path(path: Path, typename: str) -> CorePath:
    assert path is not None
    parent, key = path
    above = None if parent is None else _core_path(parent, "")
    name = typename or None
    return CorePath(above, key, None if isinstance(key, int) else name)


async def _gather(values: Sequence[Any]) -> list[Any]:
    async def one(value: Any) -> Any:
        return await value

    return await gather([one(value) for value in values])


_background: set[asyncio.Future[Any]] = set()


def _track(values: Sequence[Any]) -> None:
    for value in values:
        if is_awaitable(value):
            future = asyncio.ensure_future(value)
            _background.add(future)
            future.add_done_callback(_background.discard)


_HELPERS = GraphQLResolveInfoHelpers(gather=_gather, track=_track)
