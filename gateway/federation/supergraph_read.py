"""Reads supergraph SDL (join specification v0.1 to v0.5) into the typed model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
    value_from_ast_untyped,
)

from gateway.federation.api_schema import api_schema
from gateway.federation.features import Features
from gateway.federation.supergraph import (
    Applied,
    Argument,
    ContextArgument,
    FieldDef,
    FieldJoin,
    KeyDef,
    Kind,
    RootKind,
    Subgraph,
    Supergraph,
    SupergraphError,
    TypeDef,
    TypeJoin,
)

_KINDS: dict[type, Kind] = {
    ObjectTypeDefinitionNode: "object",
    InterfaceTypeDefinitionNode: "interface",
    UnionTypeDefinitionNode: "union",
    ScalarTypeDefinitionNode: "scalar",
    EnumTypeDefinitionNode: "enum",
    InputObjectTypeDefinitionNode: "input",
}


def read_supergraph(sdl: str) -> Supergraph:
    """Parse supergraph SDL. Raises SupergraphError, naming what is missing or malformed."""
    try:
        document = parse(sdl, no_location=True)
    except GraphQLSyntaxError as error:
        raise SupergraphError(f"the supergraph is not valid GraphQL SDL: {error.message}") from error
    features = Features.of(document)
    return _Reader(sdl, document, features).read()


class _Reader:
    def __init__(self, sdl: str, document: DocumentNode, features: Features) -> None:
        self.sdl = sdl
        self.document = document
        self.features = features
        self.subgraphs: dict[str, Subgraph] = {}

    def read(self) -> Supergraph:
        self.subgraphs = self._read_subgraphs()
        types = {
            node.name.value: self._read_type(node)
            for node in self.document.definitions
            if isinstance(node, TypeDefinitionNode) and not self.features.is_machinery(node.name.value)
        }
        return Supergraph(self.sdl, self.subgraphs, types, self._roots(types), api_schema(self.document, self.features))

    def _read_subgraphs(self) -> dict[str, Subgraph]:
        wanted = self.features.join("Graph")
        for node in self.document.definitions:
            if isinstance(node, EnumTypeDefinitionNode) and node.name.value == wanted:
                found = {}
                for value in node.values or ():
                    given = next((_arguments(d) for d in value.directives or ()), {})
                    identity = value.name.value
                    found[identity] = Subgraph(identity, str(given.get("name", identity)), str(given.get("url", "")))
                return found
        raise SupergraphError(f"no enum {wanted}: is this a subgraph's SDL rather than a supergraph's?")

    def _roots(self, types: dict[str, TypeDef]) -> dict[RootKind, str]:
        for node in self.document.definitions:
            if isinstance(node, SchemaDefinitionNode):
                return {o.operation.value: o.type.name.value for o in node.operation_types}
        defaults: dict[RootKind, str] = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
        return {kind: name for kind, name in defaults.items() if name in types}

    def _read_type(self, node: TypeDefinitionNode) -> TypeDef:
        directives = tuple(node.directives or ())
        joins = self._type_joins(directives)
        applied = self._applied(directives)
        fields = {}
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            owner = self._owner(directives)
            for item in node.fields or ():
                fields[item.name.value] = self._read_field(item, joins, owner)
        elif isinstance(node, InputObjectTypeDefinitionNode):
            for inner in node.fields or ():
                fields[inner.name.value] = self._read_field(inner, joins, None)
        return TypeDef(
            name=node.name.value,
            kind=_KINDS[type(node)],
            joins=joins,
            fields=fields,
            implements=self._implements(node, joins),
            members=self._members(node, joins),
            values=self._values(node, joins),
            inaccessible=self._inaccessible(directives),
            directives=applied,
            contexts=tuple(str(one.arguments.get("name")) for one in applied if one.name == self.features.context),
        )

    def _type_joins(self, directives: Iterable[DirectiveNode]) -> dict[str, TypeJoin]:
        joins: dict[str, TypeJoin] = {}
        for given in self._each(directives, "type"):
            graph = self._graph(given)
            before = joins.get(graph, TypeJoin())
            key = given.get("key")
            keys = before.keys
            if key is not None:
                keys = (*keys, KeyDef(str(key), bool(given.get("resolvable", True))))
            joins[graph] = TypeJoin(
                keys,
                before.extension or bool(given.get("extension", False)),
                before.interface_object or bool(given.get("isInterfaceObject", False)),
            )
        return joins or {graph: TypeJoin() for graph in self.subgraphs}

    def _owner(self, directives: Iterable[DirectiveNode]) -> str | None:
        return next((self._graph(given) for given in self._each(directives, "owner")), None)

    def _read_field(
        self,
        node: FieldDefinitionNode | InputValueDefinitionNode,
        joins: dict[str, TypeJoin],
        owner: str | None,
    ) -> FieldDef:
        directives = tuple(node.directives or ())
        arguments = getattr(node, "arguments", None) or ()
        return FieldDef(
            name=node.name.value,
            type=print_ast(node.type),
            base=_base(node.type),
            arguments=tuple(
                Argument(a.name.value, print_ast(a.type), self._inaccessible(a.directives or ()), _default(a))
                for a in arguments
            ),
            joins=self._field_joins(node.name.value, directives, joins, owner),
            inaccessible=self._inaccessible(directives),
            directives=self._applied(directives),
            default=_default(node),
        )

    def _field_joins(
        self,
        name: str,
        directives: Iterable[DirectiveNode],
        joins: dict[str, TypeJoin],
        owner: str | None,
    ) -> dict[str, FieldJoin] | None:
        found: dict[str, FieldJoin] = {}
        given_any = False
        for given in self._each(directives, "field"):
            given_any = True
            if given.get("graph") is not None:
                found[self._graph(given)] = _field_join(given)
        if owner is None:
            return found if given_any else None
        # v0.1: a field belongs to its type's owner unless said otherwise, and to whoever keys by it
        if not given_any:
            found[owner] = FieldJoin()
        for graph, join in joins.items():
            if graph not in found and any(name in key.fields.split() for key in join.keys):
                found[graph] = FieldJoin()
        return found

    def _implements(self, node: TypeDefinitionNode, joins: dict[str, TypeJoin]) -> dict[str, frozenset[str]]:
        if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            return {}
        found: dict[str, set[str]] = {}
        for given in self._each(node.directives or (), "implements"):
            found.setdefault(self._graph(given), set()).add(str(given["interface"]))
        if not self.features.has_implements:
            declared = {interface.name.value for interface in node.interfaces or ()}
            found = {graph: declared for graph in joins if declared}
        return {graph: frozenset(interfaces) for graph, interfaces in found.items()}

    def _members(self, node: TypeDefinitionNode, joins: dict[str, TypeJoin]) -> dict[str, tuple[str, ...]]:
        if not isinstance(node, UnionTypeDefinitionNode):
            return {}
        found: dict[str, list[str]] = {}
        for given in self._each(node.directives or (), "unionMember"):
            found.setdefault(self._graph(given), []).append(str(given["member"]))
        if not self.features.has_union_members:
            found = {graph: [member.name.value for member in node.types or ()] for graph in joins}
        return {graph: tuple(sorted(members)) for graph, members in found.items()}

    def _values(self, node: TypeDefinitionNode, joins: dict[str, TypeJoin]) -> dict[str, tuple[str, ...]]:
        if not isinstance(node, EnumTypeDefinitionNode):
            return {}
        found: dict[str, list[str]] = {}
        for value in node.values or ():
            graphs = [self._graph(given) for given in self._each(value.directives or (), "enumValue")]
            for graph in graphs or joins:
                found.setdefault(graph, []).append(value.name.value)
        return {graph: tuple(values) for graph, values in found.items()}

    def _each(self, directives: Iterable[DirectiveNode], element: str) -> list[dict[str, object]]:
        wanted = self.features.join(element)
        return [_arguments(directive) for directive in directives if directive.name.value == wanted]

    def _graph(self, given: dict[str, object]) -> str:
        graph = str(given.get("graph"))
        if graph not in self.subgraphs:
            raise SupergraphError(f"{graph} is named in a join directive but is no value of join__Graph")
        return graph

    def _inaccessible(self, directives: Iterable[DirectiveNode]) -> bool:
        return any(d.name.value == self.features.inaccessible for d in directives)

    def _applied(self, directives: Iterable[DirectiveNode]) -> tuple[Applied, ...]:
        found = []
        for directive in directives:
            given = _arguments(directive)
            if directive.name.value == self.features.join("directive"):
                graphs = given.get("graphs") or ()
                inner = given.get("args") or {}
                assert isinstance(graphs, list | tuple)
                assert isinstance(inner, dict)
                found.append(Applied(str(given["name"]), inner, tuple(str(graph) for graph in graphs)))
            elif not self.features.is_plumbing(directive.name.value):
                found.append(Applied(directive.name.value, given))
        return tuple(found)


def _field_join(given: dict[str, object]) -> FieldJoin:
    def text(name: str) -> str | None:
        value = given.get(name)
        return None if value is None else str(value)

    return FieldJoin(
        requires=text("requires"),
        provides=text("provides"),
        type=text("type"),
        external=bool(given.get("external", False)),
        override=text("override"),
        override_label=text("overrideLabel"),
        used_overridden=bool(given.get("usedOverridden", False)),
        context_arguments=tuple(_context_arguments(given.get("contextArguments"))),
    )


def _context_arguments(given: object) -> Iterator[ContextArgument]:
    for item in given if isinstance(given, list) else []:
        yield ContextArgument(*(str(item[key]) for key in ("name", "type", "context", "selection")))


def _default(node: FieldDefinitionNode | InputValueDefinitionNode) -> str | None:
    given = getattr(node, "default_value", None)
    return None if given is None else print_ast(given)


def _arguments(directive: DirectiveNode) -> dict[str, object]:
    return {a.name.value: value_from_ast_untyped(a.value) for a in directive.arguments or ()}


def _base(node: TypeNode) -> str:
    while not hasattr(node, "name"):
        node = node.type  # type: ignore[attr-defined]
    name: str = node.name.value
    return name
