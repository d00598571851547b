"""Subgraphs in this process, behind the same seam as those over HTTP: no serialising, no network.

Entities are resolved side by side by their types' `resolve_reference`. Of an exception only what was meant for
the client goes on: a GraphQLError with a `code`. Everything else is named by its kind alone.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSchema, parse

from gateway.federation.errors import INTERNAL_ERROR, MESSAGES, SOURCE_ERROR, SOURCE_INVALID
from gateway.federation.fetcher import SubgraphError, SubgraphRequest, SubgraphResponse
from gateway.federation.generate import Function
from gateway.federation.invoke import DEFINITION, FieldError, LocalRun
from gateway.federation.later import Path
from gateway.federation.leaves import LeafError
from gateway.federation.local import LocalOperation, Override
from gateway.federation.shape import Field

MAX_OPERATIONS = 2_000
"""Compiled operations kept per subgraph; plans are cached, so their documents come again."""

log = structlog.get_logger(__name__)


class LocalFetcher:
    """Executes requests over one schema of this process, with the request's context as the resolvers' own."""

    def __init__(
        self, schema: GraphQLSchema, root: Any = None, overrides: Mapping[tuple[str, str], Override] | None = None
    ) -> None:
        """`schema` is graphql-core's (of Strawberry: `schema._schema`). `overrides` gives fields resolvers of one's
        own, `_entities` among them."""
        self._schema = schema
        self._root = root
        self._operations: OrderedDict[tuple[str, str | None, frozenset[str] | None], LocalOperation] = OrderedDict()
        query = schema.query_type.name if schema.query_type else "Query"
        self._overrides = {(query, "_entities"): Entities(schema).resolver, **(overrides or {})}

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        """Execute. Resolvers' failures are errors of the answer; nothing is raised but cancellation."""
        operation = self._operation(request)
        result = await operation.run(self._root, request.variables, context)
        errors = [_subgraph_error(error) for error in result.errors]
        errors += [SubgraphError(MESSAGES[SOURCE_ERROR], None, {"code": SOURCE_ERROR}) for _ in result.refused]
        return SubgraphResponse(result.data, tuple(errors), result.shapes)

    def _operation(self, request: SubgraphRequest) -> LocalOperation:
        key = document, name, read = request.document, request.operation_name, request.read
        operation = self._operations.get(key)
        if operation is None:
            operation = LocalOperation(self._schema, parse(document), name, self._overrides, read)
            self._operations[key] = operation
            if len(self._operations) > MAX_OPERATIONS:
                self._operations.popitem(last=False)
        return operation


class Entities:
    """Resolves `_entities`: every representation at once, each failure its own."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._references: dict[str, Callable[..., Any]] = {}

    def resolver(self, field: Field) -> Function:
        """The resolver of one `_entities` field."""

        async def resolve(_source: Any, path: Path, run: LocalRun) -> list[Any]:
            representations = run.core_arguments(field)["representations"]
            answers = await asyncio.gather(
                *[self._one(each, field, path, run) for each in representations], return_exceptions=True
            )
            for answer in answers:
                if isinstance(answer, BaseException) and not isinstance(answer, Exception):
                    raise answer
            return answers

        return resolve

    async def _one(self, representation: Any, field: Field, path: Path, run: LocalRun) -> Any:
        typename = representation["__typename"]
        reference = self._references.get(typename)
        if reference is None:
            reference = self._references[typename] = self._reference(typename)
        keys = {key: value for key, value in representation.items() if key != "__typename"}
        answer = reference(keys, field, path, run)
        return await answer if inspect.isawaitable(answer) else answer

    def _reference(self, typename: str) -> Callable[..., Any]:
        """How a type's `resolve_reference` is called: keys by their GraphQL or their Python name, `info` if asked."""
        named = self._schema.get_type(typename)
        definition = named.extensions.get(DEFINITION) if named is not None else None
        function = getattr(getattr(definition, "origin", None), "resolve_reference", None)
        if function is None:
            raise TypeError(f"type {typename} has no resolve_reference")
        strawberry: Any = self._schema._strawberry_schema  # type: ignore[attr-defined]
        parameters = inspect.signature(function).parameters
        open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())

        def call(keys: dict[str, Any], field: Field, path: Path, run: LocalRun) -> Any:
            given = {
                name if name in parameters or open_ended else python_name(name): value for name, value in keys.items()
            }
            if "info" in parameters:
                known = field.definition.extensions.get(DEFINITION)
                given["info"] = strawberry.config.info_class(_raw_info=run.info(field, path), _field=known)
            return function(**given)

        return call


def python_name(name: str) -> str:
    """A GraphQL name as Strawberry would have written it in Python."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _subgraph_error(failed: FieldError) -> SubgraphError:
    error = failed.error
    if isinstance(error, GraphQLError) and error.extensions and "code" in error.extensions:
        return SubgraphError(error.message, failed.path, error.extensions)
    code = SOURCE_INVALID if isinstance(error, GraphQLError | LeafError) else INTERNAL_ERROR
    log.error("field failed", field=f"{failed.parent}.{failed.field}", error=type(error).__name__, code=code)
    return SubgraphError(MESSAGES[code], failed.path, {"code": code})
