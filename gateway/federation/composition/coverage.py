"""What later checks ask of a composition: who answers each field, how it is classified, what a lost fetch costs.

Policy coverage reads `field_facts`: a partner classifies its fields with directives of a linked
specification of ours, which composes like any other custom specification.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from gateway.federation.composition.errors import MENDS, CompositionError, Location, location
from gateway.federation.composition.merging import Merging
from gateway.federation.composition.model import Element
from gateway.federation.composition.typerefs import named_type
from gateway.federation.composition.values import Value
from gateway.federation.supergraph import Supergraph


@dataclass(frozen=True, slots=True)
class Classification:
    """A directive of a composed specification: `identity` is its URL without version, `name` its own name."""

    identity: str
    name: str
    args: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """A field of the supergraph (the API may hide it): who resolves it, and what is said of it.

    `of_type` are the classifications of the type that declares the field.
    """

    coordinate: str
    type: str
    subgraphs: tuple[str, ...]
    own: tuple[Classification, ...]
    of_type: tuple[Classification, ...]
    locations: tuple[Location, ...]


def field_facts(ctx: Merging) -> dict[str, FieldFacts]:
    """Facts of every object and interface field, by coordinate ("Type.field")."""
    found: dict[str, FieldFacts] = {}
    for type_ in ctx.out.composites():
        of_type = _classifications(ctx, type_)
        for field in type_.fields.values():
            found[field.coordinate] = FieldFacts(
                field.coordinate,
                field.type,
                ctx.field_subgraphs.get(field.coordinate, ()),
                _classifications(ctx, field),
                of_type,
                tuple(location(name, node) for name, node in ctx.definitions_of(field.coordinate)),
            )
    return found


def _classifications(ctx: Merging, element: Element) -> tuple[Classification, ...]:
    origins = ctx.out.composed
    return tuple(Classification(*origins[item.name], item.args) for item in element.applied if item.name in origins)


def nullability_errors(
    supergraph: Supergraph, facts: Mapping[str, FieldFacts], core_subgraph: str
) -> list[CompositionError]:
    """Non-null fields that take more than themselves down when their subgraph does not answer.

    Such a field is reachable in the API, is not resolved by `core_subgraph`, and belongs to objects that
    some other subgraph returns (or to a root type): a failed fetch would null those objects.
    """
    found = []
    for type_ in _reachable(supergraph.api_schema):
        arising = _returning(supergraph, type_.name)
        for name, field in type_.fields.items():
            known = facts.get(f"{type_.name}.{name}")
            if known is None or not isinstance(field.type, GraphQLNonNull) or core_subgraph in known.subgraphs:
                continue
            others = sorted(supergraph.subgraphs[graph].name for graph in arising)
            lost = [other for other in others if other not in known.subgraphs]
            if supergraph.root_kind(type_.name) is not None or lost:
                found.append(_error(supergraph, known, lost))
    return found


def _error(supergraph: Supergraph, known: FieldFacts, lost: list[str]) -> CompositionError:
    type_name, _, name = known.coordinate.partition(".")
    owners = ", ".join(f'"{owner}"' for owner in known.subgraphs)
    if supergraph.root_kind(type_name) is not None:
        cost = "the whole answer"
    else:
        cost = f'each "{type_name}" that {", ".join(f"{other!r}" for other in lost)} returned'.replace("'", '"')
    nullable = known.type.removesuffix("!")
    return CompositionError(
        "NULLABILITY_LOST_FETCH",
        f'"{known.coordinate}" is non-null and answered by {owners}: when that fetch fails, {cost} is lost',
        known.locations,
        f'{MENDS["NULLABILITY_LOST_FETCH"]} Write "{name}: {nullable}" in {owners}.',
    )


def _reachable(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """Object types that a query, mutation or subscription can come to."""
    seen: dict[str, GraphQLNamedType] = {}
    queue: list[GraphQLNamedType] = [
        root for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root
    ]
    while queue:
        type_ = queue.pop()
        if type_.name in seen:
            continue
        seen[type_.name] = type_
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            queue.extend(get_named_type(field.type) for field in type_.fields.values())
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            queue.extend(schema.get_possible_types(type_))
    for name in sorted(seen):
        found = seen[name]
        if isinstance(found, GraphQLObjectType):
            yield found


def _returning(supergraph: Supergraph, type_name: str) -> frozenset[str]:
    """Subgraphs with a field that returns objects of this type."""
    found = set()
    for parent in supergraph.types.values():
        if parent.kind not in ("object", "interface"):
            continue
        for name, field in parent.fields.items():
            if type_name not in supergraph.possible.get(field.base, ()):
                continue
            for subgraph in parent.joins:
                if subgraph not in found and supergraph.resolves(parent.name, name, subgraph):
                    local = named_type(supergraph.type_in(parent.name, name, subgraph))
                    if _may_be(supergraph, local, type_name, subgraph):
                        found.add(subgraph)
    return frozenset(found)


def _may_be(supergraph: Supergraph, returned: str, type_name: str, subgraph: str) -> bool:
    definition = supergraph.types.get(returned)
    if definition is None:
        return False
    return definition.is_interface_object(subgraph) or type_name in supergraph.possible_in(returned, subgraph)
