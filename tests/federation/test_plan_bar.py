"""Plans are right, minimal and the same every time: over cases of our own, and over random operations."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from graphql import GraphQLSchema, parse, validate

from gateway.federation.plan import QueryPlan
from gateway.federation.planner import Planner, PlanningError
from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.plan_cases import CASES, supergraph_of
from tests.federation.plan_runner import run_plan
from tests.federation.random_operations import random_operation
from tests.federation.simulation import Answer, SimulatedSubgraph, World
from tests.federation.subgraph_schemas import subgraph_schema
from tests.shared_data import shared_data

OPERATIONS = [(case.name, text, bar) for case in CASES for text, bar in case.plans.items()]


@cache
def planner_of(name: str) -> Planner:
    return Planner(supergraph_of(name))


@cache
def schema_of(supergraph: Supergraph, subgraph: str) -> GraphQLSchema:
    return subgraph_schema(supergraph, subgraph)


def check_answer(supergraph: Supergraph, plan: QueryPlan, text: str, variables: Mapping[str, Any]) -> None:
    """Each document suits its subgraph, no subgraph is asked what it cannot know, and the answer is whole."""
    world = World(supergraph)
    answer = Answer(world, text, variables)
    expected = answer.data()
    subgraphs = {s.name: SimulatedSubgraph(world, s.id) for s in supergraph.subgraphs.values()}

    def ask(name: str, document: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        problems = validate(schema_of(supergraph, subgraphs[name].subgraph), parse(document))
        assert not problems, (document, problems[0].message)
        return subgraphs[name].run(document, sent)

    interfaces = frozenset(name for name, t in supergraph.types.items() if t.kind == "interface")
    tree = run_plan(plan, ask, variables, interfaces)
    assert [breach for subgraph in subgraphs.values() for breach in subgraph.breaches] == []
    assert answer.project(tree) == expected


@pytest.mark.parametrize(("name", "text", "bar"), OPERATIONS, ids=[f"{n}: {t}" for n, t, _ in OPERATIONS])
def test_a_plan_answers_and_asks_no_more_than_it_must(name: str, text: str, bar: tuple[int, int] | None) -> None:
    supergraph, document = supergraph_of(name), parse(text)
    assert not validate(supergraph.api_schema, document)
    if bar is None:
        with pytest.raises(PlanningError):
            planner_of(name).plan(document)
        return
    plan = planner_of(name).plan(document)
    assert plan.fetches <= bar[0]
    assert plan.depth <= bar[1]
    for value in (True, False):
        variables = {"v0": value, "v1": not value, "n": 1}
        check_answer(supergraph, plan, text, variables)


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_the_same_operation_gets_the_same_plan(name: str) -> None:
    case = next(case for case in CASES if case.name == name)
    anew = Planner(read_supergraph(supergraph_of(name).sdl))
    for text in case.plans:
        if case.plans[text] is not None:
            assert anew.plan(parse(text)) == planner_of(name).plan(parse(text))


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_random_operations_are_answered_whole(name: str) -> None:
    supergraph = supergraph_of(name)
    for seed in range(12):
        plan_at_random(supergraph, planner_of(name), f"{name}{seed}")


def test_random_operations_over_the_composition_corpus_are_answered_whole() -> None:
    lines = shared_data("federation/composition-corpus.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    outcomes = [entry.get("apollo") or {} for entry in entries]
    texts = sorted({outcome["supergraphSdl"] for outcome in outcomes if outcome.get("supergraphSdl")})
    planned = 0
    for index, sdl in enumerate(texts):
        supergraph = read_supergraph(sdl)
        planned += plan_at_random(supergraph, Planner(supergraph), f"corpus{index}")
    assert planned > 0.98 * len(texts)


def plan_at_random(supergraph: Supergraph, planner: Planner, seed: str) -> bool:
    """Plan and check one random operation; False if it cannot be planned (an unresolvable shared field)."""
    text, variables = random_operation(supergraph.api_schema, random.Random(seed))
    document = parse(text)
    if validate(supergraph.api_schema, document):
        return True  # the generator may give one response key two meanings
    try:
        plan = planner.plan(document)
    except PlanningError:
        return False
    check_answer(supergraph, plan, text, variables)
    return True
