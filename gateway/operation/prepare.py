"""Params → Operation: parse, measure, validate once per document and visible schema; variables every time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import graphql.validation.rules.overlapping_fields_can_be_merged as overlapping
from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    print_ast,
    specified_rules,
    validate,
)

from gateway.config import Limits
from gateway.errors import Refusal, RefusalGroup
from gateway.operation.cache import WeightedCache
from gateway.operation.documents import TrustedDocuments
from gateway.operation.limits import Size, measure, refuse_oversize
from gateway.operation.source import parse_source, too_large
from gateway.operation.variables import Variables
from gateway.pipeline import Document, Operation, Params, Visible

OVERLAP_BUDGET = 20_000
"""Steps of the overlapping-fields rule, a twenty-fifth of graphql-core's own: 3 KB of `n{n{a}}` cost it over a second."""

overlapping.MAX_COMPLEXITY_BUDGET = OVERLAP_BUDGET

CACHED_CHARACTERS = 4_000_000
"""Source text whose ASTs are kept: about a hundred times as much memory."""

_CLOSED_RULES = (*specified_rules, NoSchemaIntrospectionCustomRule)
_LONG_NUMBER = re.compile(r"\d[\d\s-]{7,}\d")
_NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True, eq=False)
class _Checked:
    """A document that passed, and what depends on variables: cost per value of the slicing variables."""

    document: Document
    size: Size
    variables: Variables
    costs: dict[tuple[Any, ...], int] = field(default_factory=dict)


class Operations:
    """The operation stage. One per process; caches are keyed by what the caller's role may see."""

    def __init__(self, limits: Limits, documents: TrustedDocuments) -> None:
        self._limits = limits
        self._documents = documents
        self._checked: WeightedCache[_Checked] = WeightedCache(limits.cached_documents, CACHED_CHARACTERS)
        self.hits = self.misses = 0

    def prepare(self, params: Params, visible: Visible, client: str | None, *, read_only: bool = False) -> Operation:
        """The operation that the parameters ask for. Raises Refusal.

        `read_only` refuses anything but queries (HTTP GET). `client` decides about trusted documents.
        """
        text, trusted = self._documents.text_of(params, client)
        key = (visible.key, text, params.operation_name)
        checked = self._checked.get(key)
        if checked is None:
            self.misses += 1
            checked = self._check(text, params.operation_name, visible)
            self._checked.put(key, checked, len(text) + 500)
        else:
            self.hits += 1
        if read_only and checked.document.kind != "query":
            raise Refusal("METHOD_NOT_ALLOWED", "GET is for queries only.", headers=(("allow", "POST"),))
        sent = params.variables
        declared = checked.variables.declared
        if not declared:
            return Operation(checked.document, _NOTHING, _NOTHING, self._cost(checked, visible, _NOTHING), trusted)
        variables = {name: sent[name] for name in declared if name in sent}
        values = checked.variables.coerce(variables)
        return Operation(checked.document, variables, values, self._cost(checked, visible, values), trusted)

    def _check(self, text: str, name: str | None, visible: Visible) -> _Checked:
        ast = parse_source(text, self._limits)
        definition = choose_operation(ast, name)
        size = measure(definition, ast, visible.schema, self._limits)
        refuse_oversize(size, self._limits)
        self._validate(ast, visible)
        document = Document(
            text=text,
            hash=_digest(text),
            shape=_digest(print_ast(ast)),
            ast=ast,
            definition=definition,
            name=definition.name.value if definition.name else None,
            kind="mutation" if definition.operation is OperationType.MUTATION else "query",
        )
        return _Checked(document, size, Variables(definition, visible.schema))

    def _validate(self, ast: DocumentNode, visible: Visible) -> None:
        rules = specified_rules if visible.may_introspect else _CLOSED_RULES
        try:
            faults = validate(
                visible.schema,
                ast,
                rules,
                max_errors=self._limits.validation_errors,
                hide_suggestions=True,
                allow_empty_selection_sets=False,
            )
        except RecursionError:
            raise too_large("nesting") from None
        if not faults:
            return
        if not visible.may_introspect:
            raise Refusal("GRAPHQL_VALIDATION_FAILED")
        raise RefusalGroup("GRAPHQL_VALIDATION_FAILED", tuple(map(_fault, faults)))

    def _cost(self, checked: _Checked, visible: Visible, values: Mapping[str, Any]) -> int:
        size = checked.size
        cost = size.cost
        if size.varies_with:
            key = tuple(_number(values.get(name)) for name in sorted(size.varies_with))
            known = checked.costs.get(key)
            if known is None:
                document = checked.document
                known = measure(document.definition, document.ast, visible.schema, self._limits, values).cost
                if len(checked.costs) < 64:
                    checked.costs[key] = known
            cost = known
        if cost > self._limits.cost:
            raise too_large("cost")
        return cost


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8")).hexdigest()


def choose_operation(ast: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The one operation that the request means; never a guess among several (GraphQL §6.1)."""
    operations = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) != 1:
        raise Refusal("OPERATION_RESOLUTION_FAILURE")
    if operations[0].operation is OperationType.SUBSCRIPTION:
        raise Refusal("GRAPHQL_VALIDATION_FAILED", "Subscriptions are not served.")
    return operations[0]


def _fault(fault: GraphQLError) -> Refusal:
    places = tuple((place.line, place.column) for place in fault.locations or ())
    return Refusal("GRAPHQL_VALIDATION_FAILED", _LONG_NUMBER.sub("…", fault.message), locations=places)


def _number(value: object) -> object:
    return value if type(value) is int else None
