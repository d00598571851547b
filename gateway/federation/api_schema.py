"""The schema that clients see: the supergraph without machinery and without what is inaccessible."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    GraphQLSchema,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    build_ast_schema,
)

from gateway.federation.features import Features

_KEPT = frozenset({"deprecated", "specifiedBy", "oneOf"})
_EXECUTABLE = frozenset(
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


def api_schema(document: DocumentNode, features: Features) -> GraphQLSchema:
    """Build the API schema from a supergraph document."""
    hidden = {
        node.name.value
        for node in document.definitions
        if isinstance(node, TypeDefinitionNode) and _is_hidden(node, features)
    }
    kept: list[DefinitionNode] = []
    for node in document.definitions:
        if isinstance(node, TypeDefinitionNode):
            name = node.name.value
            if name not in hidden and not features.is_machinery(name):
                kept.append(_strip(node, features, hidden))
        elif isinstance(node, DirectiveDefinitionNode):
            locations = {location.value for location in node.locations}
            if not features.is_machinery(node.name.value) and locations & _EXECUTABLE:
                kept.append(node)
        elif isinstance(node, SchemaDefinitionNode):
            kept.append(_rebuild(node, directives=()))
    return build_ast_schema(DocumentNode(definitions=tuple(kept)), assume_valid=True)


def _is_hidden(node: Any, features: Features) -> bool:
    return any(d.name.value == features.inaccessible for d in node.directives or ())


def _strip(node: Any, features: Features, hidden: set[str]) -> Any:
    """A definition without hidden parts and without directives that are not the client's business."""
    changes: dict[str, Any] = {"directives": _public(node.directives or ())}
    for part in ("fields", "values", "arguments"):
        inner = getattr(node, part, None)
        if inner is not None:
            changes[part] = tuple(
                _strip(item, features, hidden)
                for item in inner
                if not _is_hidden(item, features) and _base(item) not in hidden
            )
    for part in ("interfaces", "types"):
        named = getattr(node, part, None)
        if named is not None:
            changes[part] = tuple(item for item in named if item.name.value not in hidden)
    return _rebuild(node, **changes)


def _base(node: Any) -> str | None:
    inner = getattr(node, "type", None)
    while inner is not None and not hasattr(inner, "name"):
        inner = inner.type
    return None if inner is None else inner.name.value


def _public(directives: Iterable[DirectiveNode]) -> tuple[DirectiveNode, ...]:
    return tuple(d for d in directives if d.name.value in _KEPT)


def _rebuild(node: Any, **changes: Any) -> Any:
    given = {key: getattr(node, key, None) for key in node.keys if key != "kind"}
    return type(node)(**{**given, **changes})
