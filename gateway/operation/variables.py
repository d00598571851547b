"""Variables as their types have them: a short way for single scalars, graphql-core for all else and every error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLSchema,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
    get_variable_values,
    is_scalar_type,
)

from gateway.errors import Refusal


class _Scalar(NamedTuple):
    name: str
    required: bool
    coerce: Callable[[Any], Any]


class Variables:
    """The declared variables of one operation under one schema."""

    def __init__(self, definition: OperationDefinitionNode, schema: GraphQLSchema) -> None:
        self._nodes = definition.variable_definitions or ()
        self._schema = schema
        self.declared = frozenset(node.variable.name.value for node in self._nodes)
        scalars = [_scalar(node, schema) for node in self._nodes]
        self._scalars = [scalar for scalar in scalars if scalar is not None] if all(scalars) else None

    def coerce(self, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        """Values with defaults filled in. Raises Refusal that names variables, never values."""
        if self._scalars is not None:
            try:
                return _coerce_scalars(self._scalars, sent)
            except Exception:
                return self._coerce(sent)
        return self._coerce(sent)

    def _coerce(self, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            result = get_variable_values(self._schema, self._nodes, dict(sent), max_errors=3, hide_suggestions=True)
        except RecursionError:
            raise Refusal("BAD_USER_INPUT") from None
        if isinstance(result, list):
            names = dict.fromkeys(name for fault in result if (name := _variable(fault)) is not None)
            listed = ", ".join(f"${name}" for name in names)
            raise Refusal("BAD_USER_INPUT", f"Not valid for their types: {listed}." if listed else None)
        return result.coerced


def _scalar(node: VariableDefinitionNode, schema: GraphQLSchema) -> _Scalar | None:
    """A variable of one scalar without a default; None for any other."""
    required = isinstance(node.type, NonNullTypeNode)
    inner = node.type.type if isinstance(node.type, NonNullTypeNode) else node.type
    if node.default_value is not None or not isinstance(inner, NamedTypeNode):
        return None
    kind = schema.get_type(inner.name.value)
    if not is_scalar_type(kind):
        return None
    return _Scalar(node.variable.name.value, required, kind.coerce_input_value)


def _coerce_scalars(scalars: list[_Scalar], sent: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, required, coerce in scalars:
        value = sent.get(name)
        if value is not None:
            values[name] = coerce(value)
        elif required:
            raise ValueError(name)
        elif name in sent:
            values[name] = None
    return values


def _variable(fault: GraphQLError) -> str | None:
    node = fault.nodes[0] if fault.nodes else None
    return node.variable.name.value if isinstance(node, VariableDefinitionNode) else None
