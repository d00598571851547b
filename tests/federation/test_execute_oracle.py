"""The executor fills the tree as the plan's plain meaning says, over the public corpus' supergraphs."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from graphql import parse, validate

from gateway.federation import prepared as preparing
from gateway.federation.execute import Execution, Executor
from gateway.federation.fetcher import Fetcher, SubgraphRequest, SubgraphResponse
from gateway.federation.plan import QueryPlan
from gateway.federation.planner import Planner, PlanningError
from gateway.federation.prepared import Prepared
from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.plan_runner import run_plan
from tests.federation.random_operations import random_operation
from tests.federation.simulation import SimulatedSubgraph, World
from tests.federation.wire import OnWire
from tests.shared_data import shared_data

SLICES = 8
EVERY = 3
"""One supergraph in so many is run, with so many operations each as below."""
OPERATIONS = 3


class Simulated:
    """A simulated subgraph behind the executor's seam; answers in random order of time."""

    def __init__(self, subgraph: SimulatedSubgraph, rng: random.Random) -> None:
        self.subgraph = subgraph
        self.rng = rng

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        for _ in range(self.rng.randint(0, 3)):
            await asyncio.sleep(0)
        return SubgraphResponse(json.loads(json.dumps(self.subgraph.run(request.document, request.variables))))


def supergraphs() -> list[str]:
    lines = shared_data("federation/composition-corpus.jsonl").read_text().splitlines()
    found = []
    for line in lines:
        outcome = json.loads(line).get("apollo") or {}
        if outcome.get("supergraphSdl"):
            found.append(outcome["supergraphSdl"])
    return found[::EVERY]


@pytest.mark.parametrize("part", range(SLICES))
async def test_trees_are_filled_as_the_plan_says(part: int) -> None:
    ran = 0
    for sdl in supergraphs()[part::SLICES]:
        supergraph = read_supergraph(sdl)
        planner = Planner(supergraph)
        for seed in range(OPERATIONS):
            rng = random.Random(seed)
            text, variables = random_operation(supergraph.api_schema, rng)
            document = parse(text)
            if validate(supergraph.api_schema, document):
                continue
            try:
                plan = planner.plan(document)
            except PlanningError:
                continue
            prepared = Prepared(plan, supergraph.api_schema, document)
            await compare(supergraph, plan, prepared, variables, rng)
            ran += 1
    assert ran


async def compare(
    supergraph: Supergraph, plan: QueryPlan, prepared: Prepared, variables: dict[str, bool], rng: random.Random
) -> None:
    world = World(supergraph)
    subgraphs = {
        name: SimulatedSubgraph(world, key) for key, sub in supergraph.subgraphs.items() for name in (key, sub.name)
    }
    interfaces = frozenset(name for name, each in supergraph.types.items() if each.kind == "interface")
    expected = run_plan(plan, lambda name, text, sent: subgraphs[name].run(text, sent), variables, interfaces)
    fetchers: dict[str, Fetcher] = {name: Simulated(subgraph, rng) for name, subgraph in subgraphs.items()}
    execution = Execution(Executor(fetchers), prepared, variables, None)
    await execution.run_all()
    assert not execution.losses
    assert execution.tree == expected
    careful = execution.outcome()
    with patch.object(preparing, "AGAIN", 0):
        wired: dict[str, Fetcher] = {name: OnWire(fetcher) for name, fetcher in fetchers.items()}
        typed = await Executor(wired).run(prepared, variables, None, encodable=True)
    assert msgspec.to_builtins(typed.data) == careful.data
    assert {(e.path, e.code) for e in typed.errors} == {(e.path, e.code) for e in careful.errors}
