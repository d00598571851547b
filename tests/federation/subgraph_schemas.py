"""Each subgraph's own schema, read back from a supergraph: what its documents must be valid against."""

from __future__ import annotations

from graphql import GraphQLSchema, build_schema

from gateway.federation.supergraph import FieldDef, Supergraph, TypeDef

_BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def subgraph_schema(supergraph: Supergraph, subgraph: str) -> GraphQLSchema:
    parts = ["scalar _Any", "directive @tag(name: String!) repeatable on FIELD"]
    entities: set[str] = set()
    for definition in supergraph.types.values():
        if subgraph not in definition.joins or definition.name in _BUILT_IN:
            continue
        parts.append(_type(supergraph, definition, subgraph))
        if definition.joins[subgraph].keys:
            entities.update(
                [definition.name]
                if definition.kind == "object" or definition.is_interface_object(subgraph)
                else supergraph.possible_in(definition.name, subgraph)
            )
    query = supergraph.roots["query"]
    if entities:
        parts.append(f"union _Entity = {' | '.join(sorted(entities))}")
        parts.append(f"extend type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}")
    roots = " ".join(
        f"{kind}: {name}" for kind, name in supergraph.roots.items() if subgraph in supergraph.types[name].joins
    )
    if subgraph not in supergraph.types[query].joins:
        parts.append(f"type {query} {{ _unused: String }}")
        roots += f" query: {query}"
    parts.append(f"schema {{ {roots} }}")
    return build_schema("\n".join(parts), assume_valid=True)


def _type(supergraph: Supergraph, definition: TypeDef, subgraph: str) -> str:
    name = definition.name
    if definition.kind == "scalar":
        return f"scalar {name}"
    if definition.kind == "enum":
        return f"enum {name} {{ {' '.join(definition.values.get(subgraph, ()))} }}"
    if definition.kind == "union":
        return f"union {name} = {' | '.join(definition.members.get(subgraph, ()))}"
    fields = [
        _field(supergraph, definition, given, subgraph)
        for given in definition.fields.values()
        if supergraph.field_join(name, given.name, subgraph) is not None
    ]
    body = f"{{ {' '.join(fields) or '_empty: String'} }}"
    if definition.kind == "input":
        return f"input {name} {body}"
    interfaces = [
        i
        for i in sorted(definition.implements.get(subgraph, ()))
        if not supergraph.types[i].is_interface_object(subgraph)
    ]
    kind = "type" if definition.kind == "object" or definition.is_interface_object(subgraph) else "interface"
    implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
    return f"{kind} {name}{implements} {body}"


def _field(supergraph: Supergraph, definition: TypeDef, given: FieldDef, subgraph: str) -> str:
    join = supergraph.field_join(definition.name, given.name, subgraph)
    taken = [f"{a.name}: {a.type}" for a in join.context_arguments] if join is not None else []
    arguments = ", ".join([f"{a.name}: {a.type}{_default(a.default)}" for a in given.arguments] + taken)
    printed = supergraph.type_in(definition.name, given.name, subgraph)
    return f"{given.name}{f'({arguments})' if arguments else ''}: {printed}{_default(given.default)}"


def _default(printed: str | None) -> str:
    return "" if printed is None else f" = {printed}"
