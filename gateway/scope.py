"""What a role may not see, cut out of an operation before anything is planned, and out of the schema it is shown.

One rule, `Scope.decide(type, field)`, has both uses, and the projection a third: a field that is cut costs no fetch,
reads as null with a FORBIDDEN error, and does not exist in introspection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    NameNode,
    ObjectTypeDefinitionNode,
    SelectionSetNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    is_abstract_type,
    parse,
    print_schema,
    visit,
)
from graphql.language import REMOVE, Node, TypeDefinitionNode, Visitor
from graphql.utilities import TypeInfo, TypeInfoVisitor

from policies.decision import Decision, Withhold

Denied = Mapping[tuple[str, str], str]
"""(type, field) → the name of the rule that withholds it."""


class FieldScope(Protocol):
    """A role's view of fields; `policies.roles.Scope` is one."""

    def decide(self, type_name: str, field_name: str) -> Decision: ...


def denied_fields(scope: FieldScope, schema: GraphQLSchema) -> dict[tuple[str, str], str]:
    """Every field of the schema that this role may not see, with the rule that says so."""
    denied = {}
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for field in type_.fields:
            decision = scope.decide(name, field)
            if isinstance(decision, Withhold):
                denied[name, field] = decision.rule
    return denied


def cut(
    document: DocumentNode, schema: GraphQLSchema, denied: Denied
) -> tuple[DocumentNode, frozenset[tuple[str, str]]]:
    """The document without the denied fields, and which they were. A selection that loses everything keeps a
    `__typename`, so that its object still shows that it is there."""
    info = TypeInfo(schema)
    cutter = _Cutter(info, schema, denied)
    result: DocumentNode = visit(document, TypeInfoVisitor(info, cutter))
    return result, frozenset(cutter.gone)


class _Cutter(Visitor):
    def __init__(self, info: TypeInfo, schema: GraphQLSchema, denied: Denied) -> None:
        super().__init__()
        self._info = info
        self._schema = schema
        self._denied = denied
        self.gone: set[tuple[str, str]] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        parent = self._info.get_parent_type()
        if parent is None:
            return None
        types = self._schema.get_possible_types(parent) if is_abstract_type(parent) else [parent]
        hidden = {(type_.name, node.name.value) for type_ in types} & self._denied.keys()
        self.gone |= hidden
        # A field of an abstract type goes only when no type that it may stand for shows it.
        return REMOVE if hidden and len(hidden) == len(types) else None

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> Any:
        if node.selections:
            return None
        return SelectionSetNode(selections=(FieldNode(name=NameNode(value="__typename")),))


def visible_schema(schema: GraphQLSchema, denied: Denied) -> GraphQLSchema:
    """The schema that the role is shown: without denied fields, empty types, and whatever nothing leads to any more."""
    document = parse(print_schema(schema), no_location=True)
    definitions = [_without_denied(definition, denied) for definition in document.definitions]
    kept = _without_empty([definition for definition in definitions if definition is not None])
    roots = {type_.name for type_ in (schema.query_type, schema.mutation_type) if type_ is not None}
    reachable = _reachable(kept, roots)
    return build_ast_schema(
        DocumentNode(definitions=tuple(item for item in kept if _name(item) in reachable or _name(item) is None)),
        assume_valid_sdl=True,
    )


def _without_denied(definition: Any, denied: Denied) -> Any:
    if not isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return definition
    name = definition.name.value
    fields = tuple(field for field in definition.fields or () if (name, field.name.value) not in denied)
    return type(definition)(
        name=definition.name,
        description=definition.description,
        interfaces=definition.interfaces,
        directives=definition.directives,
        fields=fields,
    )


def _without_empty(definitions: list[Any]) -> list[Any]:
    """Take out object types without fields, the fields that return them and so on, until nothing changes."""
    while True:
        empty = {
            _name(item)
            for item in definitions
            if (isinstance(item, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode) and not item.fields)
            or (isinstance(item, UnionTypeDefinitionNode) and not item.types)
        }
        if not empty:
            return definitions
        definitions = [_without_types(item, empty) for item in definitions if _name(item) not in empty]


def _without_types(item: Any, gone: set[str | None]) -> Any:
    if isinstance(item, UnionTypeDefinitionNode):
        types = tuple(member for member in item.types or () if member.name.value not in gone)
        return UnionTypeDefinitionNode(
            name=item.name, description=item.description, directives=item.directives, types=types
        )
    if not isinstance(item, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return item
    return type(item)(
        name=item.name,
        description=item.description,
        directives=item.directives,
        interfaces=tuple(one for one in item.interfaces or () if one.name.value not in gone),
        fields=tuple(field for field in item.fields or () if _type_name(field.type) not in gone),
    )


def _reachable(definitions: Iterable[Any], roots: set[str]) -> set[str]:
    by_name = {name: item for item in definitions if (name := _name(item)) is not None}
    implementers: dict[str, list[str]] = {}
    for name, item in by_name.items():
        for interface in getattr(item, "interfaces", None) or ():
            implementers.setdefault(interface.name.value, []).append(name)
    seen: set[str] = set()
    waiting = [root for root in roots if root in by_name]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in by_name:
            continue
        seen.add(name)
        waiting += implementers.get(name, [])
        waiting += _mentioned(by_name[name])
    return seen


def _mentioned(definition: Any) -> list[str]:
    names: list[str] = []

    class Names(Visitor):
        def enter_named_type(self, node: NamedTypeNode, *_: Any) -> None:
            names.append(node.name.value)

    visit(definition, Names())
    return names


def _name(definition: Node) -> str | None:
    return definition.name.value if isinstance(definition, TypeDefinitionNode) else None


def _type_name(node: Any) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type
    return node.name.value


def hidden_non_null(schema: GraphQLSchema, denied: Denied) -> list[tuple[str, str]]:
    """Denied fields that may not be null though the role may see their type: each would take its whole object away.
    A policy that has any is refused."""
    faults = []
    for type_name, field in denied:
        type_ = schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        sibling_shown = any((type_name, other) not in denied for other in type_.fields)
        if (
            sibling_shown
            and type_name not in _ROOTS
            and type_.fields[field].type.__class__.__name__ == "GraphQLNonNull"
        ):
            faults.append((type_name, field))
    return faults


_ROOTS = frozenset({"Query", "Mutation"})
