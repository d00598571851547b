"""What a router above is given to compose with: the API schema as a Federation 2 subgraph's SDL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
    print_schema,
)
from graphql.language import ConstDirectiveNode, SchemaDefinitionNode

HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n\n'
ALIKE = frozenset({"patient", "findPatients"})
"""Roots that every area answers alike, from the national demographics service."""
OWN = frozenset({"organisations", "viewer"})
"""Roots that tell of one area alone: a graph of several has no use for whichever is asked."""
PATIENT = "Patient"
KEY = "nhsNumber"


def record_type(area: str) -> str:
    """The name of an area's own record type."""
    return f"{area[0].upper()}{area[1:]}Record"


def subgraph_sdl(api: GraphQLSchema, area: str | None = None) -> str:
    """The SDL that `_service` answers. Value types are shareable; `Patient` is entered by its NHS number.

    With an area, the record stands under that field, and what every area answers alike is shareable. Without one, two
    gateways do not compose: a router would ask either of them and take the answer for the whole.
    """
    definitions = parse(print_schema(api), no_location=True).definitions
    kept = [part for node in definitions for part in _published(node, area)]
    return HEAD + print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


def _published(node: Any, area: str | None) -> Iterable[Any]:
    if isinstance(node, DirectiveDefinitionNode | SchemaDefinitionNode):
        return []
    if not isinstance(node, ObjectTypeDefinitionNode):
        return [node]
    name = node.name.value
    if name == "Mutation":
        return []
    if name == "Query":
        return [node if area is None else _rebuilt(node, fields=tuple(_roots(node.fields or ())))]
    if name != PATIENT:
        return [_with(node, "shareable")]
    return [_keyed(node)] if area is None else _under(node, area)


def _roots(fields: Iterable[FieldDefinitionNode]) -> Iterable[FieldDefinitionNode]:
    for field in fields:
        if field.name.value not in OWN:
            yield _with(field, "shareable") if field.name.value in ALIKE else field


def _under(patient: ObjectTypeDefinitionNode, area: str) -> list[Any]:
    """`Patient` with its key and the area's field, and the area's own type with all the rest."""
    key = [field for field in patient.fields or () if field.name.value == KEY]
    own = FieldDefinitionNode(
        name=NameNode(value=area),
        type=NamedTypeNode(name=NameNode(value=record_type(area))),
        arguments=(),
        directives=(),
    )
    entered = _keyed(_rebuilt(patient, fields=(*(_with(field, "shareable") for field in key), own)))
    return [entered, _rebuilt(patient, name=NameNode(value=record_type(area)))]


def _keyed(node: ObjectTypeDefinitionNode) -> Any:
    (key,) = parse(f'type X @key(fields: "{KEY}") {{ a: Int }}', no_location=True).definitions
    assert isinstance(key, ObjectTypeDefinitionNode)
    return _rebuilt(node, directives=(*(node.directives or ()), *(key.directives or ())))


def _with(node: Any, directive: str) -> Any:
    applied = ConstDirectiveNode(name=NameNode(value=directive), arguments=())
    return _rebuilt(node, directives=(*(node.directives or ()), applied))


def _rebuilt(node: Any, **changes: Any) -> Any:
    given = {key: getattr(node, key, None) for key in node.keys if key not in ("kind", "loc")}
    return type(node)(**{**given, **changes})
