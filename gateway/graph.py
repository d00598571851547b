"""The graph of a configuration: the record's subgraph and the partners', composed, checked and put to work.

A new graph is made beside the one at work. What does not compose, is not satisfiable or is not covered by policy is
refused with every reason, and the graph at work stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import GraphQLDeferDirective, GraphQLScalarType, SchemaDefinitionNode, parse

from gateway.classification import Classification, classify
from gateway.entry import SELF, entry
from gateway.federation.composition import coverage
from gateway.federation.composition.compose import Composition, compose, nullability_errors
from gateway.federation.composition.coverage import FieldFacts
from gateway.federation.composition.known import known_elements
from gateway.federation.errors import ErrorPolicy
from gateway.federation.execute import Executor
from gateway.federation.fetcher import Fetcher
from gateway.federation.links import JOIN
from gateway.federation.local_fetcher import LocalFetcher
from gateway.federation.planner import GateNeed
from gateway.federation.subgraph import SubgraphInput, resolve_links
from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from gateway.gates import ENTRY, PATIENT, EntryGate, PatientGate
from gateway.generation import Generation
from gateway.published import subgraph_sdl
from gateway.requirements import Requirements, read_requirements, role_scope
from gateway.requires import requires_gaps
from gateway.scope import denied_fields, hidden_non_null
from policies.bundle import Policies
from resolvers.scalars import SCALARS
from resolvers.schema import graphql_core_schema, record_sdl

RECORD = "record"
PATIENT_TYPE = "Patient"
REFUSED_HINTS = frozenset({"LINKED_FEATURE_IGNORED"})
"""What composition lets pass with a word: a partner counts on a rule of security or execution that nobody here keeps."""
PATIENT_NEEDS = "nhsNumber"


class GraphError(ValueError):
    """The graph cannot be put to work; `reasons` are whole sentences with place and mend."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph ready to be put to work: the supergraph, and the policies that cover all its fields."""

    supergraph: Supergraph
    policies: Policies
    classification: Classification
    requirements: Requirements

    def generation(
        self,
        fetchers: Mapping[str, Fetcher],
        cached: int,
        area: str | None = None,
        labels: frozenset[str] = frozenset(),
    ) -> Generation:
        """A generation over these fetchers, by subgraph name. `area` is the name of this gateway's record to a router
        above it, `labels` are those of @override that are active. Raises GraphError where that name is taken."""
        try:
            entrance = entry(self.supergraph, RECORD, subgraph_sdl(self.supergraph.api_schema, area), area)
        except ValueError as error:
            raise GraphError([str(error)]) from None
        executor = Executor(
            {RECORD: record_fetcher(), SELF: entrance.fetcher(), **fetchers},
            {PATIENT: PatientGate(), ENTRY: EntryGate()},
            ErrorPolicy(trusted=frozenset({RECORD})),
        )
        gates = {PATIENT_TYPE: (GateNeed(PATIENT, PATIENT_NEEDS),), **self.classification.gates}
        return Generation(self.supergraph, executor, self.policies, gates, cached, self.requirements, labels, entrance)


def compose_graph(partners: Iterable[SubgraphInput], policies: Policies) -> Graph:
    """The record with these partners. Raises GraphError with every reason why not."""
    composition = compose([SubgraphInput(RECORD, record_sdl()), *partners])
    if composition.supergraph is None:
        raise GraphError([str(error) for error in composition.errors])
    ignored = [hint.message for hint in composition.hints if hint.code in REFUSED_HINTS]
    if ignored:
        raise GraphError(ignored)
    return covered(composition.supergraph, policies, composition)


def read_graph(sdl: str, policies: Policies) -> Graph:
    """A supergraph that was composed elsewhere and holds the record. Raises GraphError, SupergraphError."""
    supergraph = read_supergraph(sdl)
    if RECORD not in supergraph.by_name:
        raise GraphError([f"the supergraph has no subgraph {RECORD!r}; compose it with `joinup schema export`'s SDL"])
    unknown = unknown_features(sdl)
    if unknown:
        raise GraphError(unknown)
    return covered(supergraph, policies)


def unknown_features(sdl: str) -> list[str]:
    """Specifications that a supergraph links for security or execution and that nobody here keeps."""
    schemas = [node for node in parse(sdl, no_location=True).definitions if isinstance(node, SchemaDefinitionNode)]
    return [
        f"the supergraph links {link.url} for {link.purpose}, which this gateway does not know; compose it without"
        for link in resolve_links([directive for node in schemas for directive in node.directives or ()])
        if link.purpose and link.url.identity != JOIN and known_elements(link.url.identity, link.url.version) is None
    ]


def covered(supergraph: Supergraph, policies: Policies, composition: Composition | None = None) -> Graph:
    """The graph, if policy covers all of it. Raises GraphError with every gap."""
    check_scalars(supergraph)
    allow_defer(supergraph)
    classification = classify(supergraph, policies, RECORD)
    extended = policies.with_fields(classification.sections)
    requirements = read_requirements(supergraph)
    gaps = [str(fault) for fault in classification.faults]
    if composition is not None:
        gaps += [str(error) for error in nullability_errors(composition, RECORD)]
    else:
        gaps += [str(error) for error in coverage.nullability_errors(supergraph, facts_of(supergraph), RECORD)]
    gaps += hidden_gaps(supergraph, extended, requirements)
    if gaps:
        raise GraphError(gaps)
    return Graph(supergraph, extended, classification, requirements)


def facts_of(supergraph: Supergraph) -> dict[str, FieldFacts]:
    """Who answers which field of a supergraph that was composed elsewhere."""
    return {
        f"{name}.{field.name}": FieldFacts(
            f"{name}.{field.name}", field.type, _answering(supergraph, name, field.name), (), (), ()
        )
        for name, definition in supergraph.types.items()
        if definition.kind in ("object", "interface")
        for field in definition.fields.values()
    }


def _answering(supergraph: Supergraph, type_name: str, field_name: str) -> tuple[str, ...]:
    every = supergraph.subgraphs.values()
    return tuple(sorted(one.name for one in every if supergraph.resolves(type_name, field_name, one.id)))


def hidden_gaps(supergraph: Supergraph, policies: Policies, requirements: Requirements) -> list[str]:
    """Fields that a role may not see and that may not be null, which would take their objects away; and fields that
    would let a role see through @requires what it may not see."""
    api = supergraph.api_schema
    denied = {
        role: denied_fields(role_scope(policies, requirements, role), api) for role in sorted(policies.roles.roles)
    }
    roles: dict[tuple[str, str], list[str]] = {}
    for role, fields in denied.items():
        for field in hidden_non_null(api, fields):
            roles.setdefault(field, []).append(role)
    return requires_gaps(supergraph, denied) + [
        f"{type_}.{field}: {', '.join(names)} may not see it, but it may not be null; make it nullable, or let the role see it"
        for (type_, field), names in sorted(roles.items())
    ]


def check_scalars(supergraph: Supergraph) -> None:
    """Let the API schema check our own scalars at the door: a wrong NHS number never reaches a plan."""
    for definition in SCALARS.values():
        scalar = supergraph.api_schema.type_map.get(str(definition.name))
        if isinstance(scalar, GraphQLScalarType) and definition.parse_value is not None:
            scalar.coerce_input_value = definition.parse_value


def allow_defer(supergraph: Supergraph) -> None:
    """Let operations say @defer, and introspection tell so."""
    schema = supergraph.api_schema
    if schema.get_directive(GraphQLDeferDirective.name) is None:
        schema.directives = (*schema.directives, GraphQLDeferDirective)


def record_fetcher() -> Fetcher:
    """The record's subgraph, executed in this process."""
    return LocalFetcher(graphql_core_schema())
