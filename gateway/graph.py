"""The graph of a configuration: the record's subgraph and the partners', composed, checked and put to work.

A new composition is made beside the one at work. What does not compose, is not satisfiable or is not covered by
policy is refused with every reason, and the graph at work stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.connect import Connections
from gateway.federation.composition.compose import Composition, compose
from gateway.federation.errors import ErrorPolicy
from gateway.federation.execute import Executor
from gateway.federation.fetcher import Fetcher
from gateway.federation.local_fetcher import LocalFetcher
from gateway.federation.planner import GateNeed, GateNeeds
from gateway.federation.subgraph import SubgraphInput
from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from gateway.gates import ENTRY, PATIENT, EntryGate, PatientGate
from gateway.generation import Generation
from gateway.scope import denied_fields, hidden_non_null
from gateway.settings import Settings
from policies.bundle import Policies
from resolvers.schema import graphql_core_schema, record_sdl

RECORD = "record"
PATIENT_TYPE = "Patient"
PATIENT_NEEDS = "nhsNumber"


class GraphError(ValueError):
    """The graph cannot be put to work; `reasons` are whole sentences with place and mend."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


@dataclass(slots=True)
class Graph:
    """The graph at work: its generation and the policies that cover it."""

    generation: Generation
    policies: Policies

    @classmethod
    def of(cls, settings: Settings, policies: Policies, connections: Connections) -> Graph:
        """The graph of a configuration. Raises GraphError."""
        federation = settings.config.federation
        if federation.supergraph:
            supergraph = read_supergraph(settings.path(federation.supergraph).read_text("utf-8"))
        else:
            supergraph = _composed([SubgraphInput(RECORD, record_sdl())])
        fetchers: dict[str, Fetcher] = {RECORD: LocalFetcher(graphql_core_schema())}
        return cls(put_to_work(supergraph, policies, fetchers, federation.cached_plans), policies)


def put_to_work(
    supergraph: Supergraph,
    policies: Policies,
    fetchers: Mapping[str, Fetcher],
    cached: int,
    gates: GateNeeds | None = None,
) -> Generation:
    """A generation over a supergraph, or GraphError where policy does not cover it."""
    faults = [
        f"{type_}.{field}: role {role} may not see it, but it may not be null; let the role see it, or make it nullable"
        for role in sorted(policies.roles.roles)
        for type_, field in hidden_non_null(
            supergraph.api_schema, denied_fields(policies.roles.scope(role), supergraph.api_schema)
        )
    ]
    if faults:
        raise GraphError(faults)
    executor = Executor(
        fetchers, {PATIENT: PatientGate(), ENTRY: EntryGate()}, ErrorPolicy(trusted=frozenset({RECORD}))
    )
    needs = {PATIENT_TYPE: (GateNeed(PATIENT, PATIENT_NEEDS),), **(gates or {})}
    return Generation(supergraph, executor, policies.roles, needs, cached)


def _composed(inputs: Sequence[SubgraphInput]) -> Supergraph:
    composition: Composition = compose(inputs)
    if composition.supergraph is None:
        raise GraphError([str(error) for error in composition.errors])
    return composition.supergraph
