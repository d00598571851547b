"""Introspection fields of an operation, answered by graphql-core over the schema that the role may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    execute_sync,
    visit,
)


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_args: Any) -> None:
        self.names.add(node.name.value)


def introspection(
    schema: GraphQLSchema, document: DocumentNode, nodes: tuple[FieldNode, ...]
) -> Callable[[Mapping[str, Any]], Any]:
    """A function from the request's coerced variables to the value of these `__schema` or `__type` fields.

    An answer that depends on no variable is worked out once.
    """
    fragments = tuple(d for d in document.definitions if isinstance(d, FragmentDefinitionNode))
    used = _Variables()
    for node in (*nodes, *fragments):
        visit(node, used)
    definitions = tuple(
        definition
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for definition in operation.variable_definitions or ()
        if definition.variable.name.value in used.names
    )
    asked = _operation(nodes, definitions)
    key = nodes[0].alias.value if nodes[0].alias else nodes[0].name.value
    small = DocumentNode(definitions=(asked, *fragments))
    kept: list[Any] = []

    def answer(variables: Mapping[str, Any]) -> Any:
        if kept:
            return kept[0]
        given = {name: variables[name] for name in used.names if name in variables}
        data = execute_sync(schema, small, variable_values=given).data
        value = data[key] if data else None
        if not used.names:
            kept.append(value)
        return value

    return answer


def _operation(
    nodes: tuple[FieldNode, ...], definitions: tuple[VariableDefinitionNode, ...]
) -> OperationDefinitionNode:
    return OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=definitions,
        selection_set=SelectionSetNode(selections=nodes),
    )
