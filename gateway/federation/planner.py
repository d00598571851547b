"""The planner: an operation in, a query plan out."""

from __future__ import annotations

from graphql import DocumentNode

from gateway.federation.best import choose, cost_of
from gateway.federation.fetch_build import FetchBuilder
from gateway.federation.fetch_steps import StepBuilder
from gateway.federation.gate_points import GateNeed, GateNeeds, GatePlacer
from gateway.federation.graph_build import build_graph
from gateway.federation.normalise import Operation, normalise
from gateway.federation.paths import PathFinder, SearchLimitError
from gateway.federation.plan import OperationKind, QueryPlan
from gateway.federation.selection import Sel
from gateway.federation.step import Path, Step
from gateway.federation.supergraph import Supergraph
from gateway.federation.walk import PlanningError, Walk

__all__ = ["GateNeed", "GateNeeds", "Planner", "PlanningError"]


class Planner:
    """Plans operations against one supergraph. Pure and deterministic; build one per supergraph."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.graph = build_graph(supergraph)
        self._finders: dict[frozenset[str], PathFinder] = {}

    def plan(
        self,
        document: DocumentNode,
        operation_name: str | None = None,
        *,
        override_flags: frozenset[str] = frozenset(),
        gates: GateNeeds | None = None,
    ) -> QueryPlan:
        """Plan one operation of a document that is valid against the API schema.

        `override_flags` are the @override labels active for the request. `gates` names, by object type,
        the gates that its objects pass and the fields these read.
        Raises PlanningError for a field that no subgraph can be asked for, naming where and why, and for
        an object that a subgraph would return without what its gate reads.
        """
        operation = normalise(self.supergraph, document, operation_name)
        if operation.kind == "subscription":
            raise PlanningError("subscriptions are not planned: ask with a query")
        kind: OperationKind = "mutation" if operation.kind == "mutation" else "query"
        if not operation.selection:
            return QueryPlan(kind)
        finder = self._finder(override_flags)
        try:
            builder = self._build(operation, finder)
        except SearchLimitError as error:
            raise PlanningError(str(error)) from error
        if gates:
            GatePlacer(self.supergraph, gates).place(builder.units)
        steps = StepBuilder(self.supergraph, kind, operation.name, operation.variables)
        return QueryPlan(kind, steps.build(builder.units))

    def _finder(self, flags: frozenset[str]) -> PathFinder:
        active = flags & self.graph.labels
        finder = self._finders.get(active)
        if finder is None:
            finder = self._finders[active] = PathFinder(self.graph, active)
        finder.reset()
        return finder

    def _build(self, operation: Operation, finder: PathFinder) -> FetchBuilder:
        walk = Walk(finder)
        builder = FetchBuilder(self.supergraph, finder, walk)
        builder.name_client_fields(operation.selection)
        start = walk.start(operation.kind)
        if operation.kind != "mutation":
            builder.add_root(choose(walk.leaves(operation.selection, start)))
            return builder
        for index, item in enumerate(operation.selection):
            builder.add_root(_from_one_subgraph(walk, item, start), index)
        return builder


def _from_one_subgraph(walk: Walk, item: Sel, start: list[Path]) -> list[Step]:
    """The best choice for a mutation's root field, which must be called in one subgraph only."""
    found: list[list[Step]] = []
    refused: PlanningError | None = None
    for path in start:
        try:
            found.append(choose(walk.leaves((item,), [path])))
        except PlanningError as error:
            # the refusal that got furthest says most
            refused = error if refused is None or len(error.path) > len(refused.path) else refused
    if not found:
        raise refused or PlanningError("the supergraph has no mutations")
    return min(found, key=cost_of)
