"""Prints what each stage of planning made of one operation: for finding out where a plan went wrong."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import DocumentNode

from gateway.federation.best import choose
from gateway.federation.explain import explain, show_needs, show_path
from gateway.federation.fetch import Unit
from gateway.federation.fetch_build import FetchBuilder
from gateway.federation.fetch_print import Printer
from gateway.federation.gate_points import GateNeeds, GatePlacer
from gateway.federation.normalise import normalise
from gateway.federation.paths import PathFinder
from gateway.federation.planner import Planner
from gateway.federation.project import Projection
from gateway.federation.selection import show
from gateway.federation.supergraph import Supergraph
from gateway.federation.walk import Walk


def planning_stages(
    planner: Planner,
    document: DocumentNode,
    name: str | None = None,
    *,
    gates: GateNeeds | None = None,
    labels: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, str]]:
    """The stages of a query, as (title, text). Raises PlanningError; for mutations, which are planned field by field,
    the ways and units are left out."""
    supergraph = planner.supergraph
    operation = normalise(supergraph, document, name)
    yield "normal form", show(operation.selection)
    if operation.kind == "query" and operation.selection:
        walk = Walk(PathFinder(planner.graph, labels & planner.graph.labels))
        ways = choose(walk.leaves(operation.selection, walk.start("query")))
        yield "chosen ways", "\n".join(map(str, ways))
        builder = FetchBuilder(supergraph, walk.finder, walk)
        builder.name_client_fields(operation.selection)
        builder.add_root(ways)
        GatePlacer(supergraph, gates or {}).place(builder.units)
        yield "units", "\n".join(_unit(supergraph, unit) for unit in builder.units)
    plan = planner.plan(document, name, override_flags=labels, gates=gates)
    yield "plan", explain(plan)
    conditions = dict.fromkeys(operation.variables, True)
    yield "projection", Projection(supergraph.api_schema, document, name).source(conditions)


def _unit(supergraph: Supergraph, unit: Unit) -> str:
    entered = "" if unit.is_root else f" at {show_path(unit.path)} by {show_needs(unit.needs)}"
    after = f" after {', '.join(map(str, sorted(unit.parents)))}" if unit.parents else ""
    gates = "".join(f"\n  gate {point.gate} at {show_path(point.path)}" for point in unit.gates)
    drafted = Printer(supergraph, unit.subgraph).draft(unit)
    name = supergraph.subgraphs[unit.subgraph].name
    return f"[{unit.id}] {unit.type} in {name}{entered}{after}\n  {{ {drafted} }}{gates}"
