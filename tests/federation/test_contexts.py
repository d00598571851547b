"""Fields whose arguments come from an object above: their plans, what is asked with them, and the answers."""

from __future__ import annotations

import random
from functools import cache

import pytest
from graphql import parse, validate

from gateway.federation.planner import Planner
from gateway.federation.prepared import Prepared
from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.composing import composed2
from tests.federation.context_cases import CONTEXT_CASES
from tests.federation.random_operations import random_operation
from tests.federation.test_execute_oracle import compare
from tests.federation.test_plan_bar import check_answer, plan_at_random

OPERATIONS = [(case.name, text, bar) for case in CONTEXT_CASES for text, bar in case.plans.items()]


@cache
def supergraph_of(name: str) -> Supergraph:
    case = next(case for case in CONTEXT_CASES if case.name == name)
    outcome = composed2(**case.subgraphs)
    assert outcome.ok, [str(error) for error in outcome.errors]
    return read_supergraph(outcome.supergraph_sdl)


@cache
def planner_of(name: str) -> Planner:
    return Planner(supergraph_of(name))


@pytest.mark.parametrize(("name", "text", "bar"), OPERATIONS, ids=[f"{n}: {t}" for n, t, _ in OPERATIONS])
async def test_each_argument_gets_its_value_with_no_more_requests_than_needed(
    name: str, text: str, bar: tuple[int, int]
) -> None:
    supergraph, document = supergraph_of(name), parse(text)
    assert not validate(supergraph.api_schema, document)
    plan = planner_of(name).plan(document)
    for value in (True, False):
        variables = {"v0": value, "v1": not value, "n": 1}
        check_answer(supergraph, plan, text, variables)
        prepared = Prepared(plan, supergraph.api_schema, document)
        await compare(supergraph, plan, prepared, variables, random.Random(1))
    assert (plan.fetches, plan.depth) == bar


@pytest.mark.parametrize("name", [case.name for case in CONTEXT_CASES])
async def test_random_operations_are_answered_whole(name: str) -> None:
    supergraph, planner = supergraph_of(name), planner_of(name)
    for seed in range(20):
        assert plan_at_random(supergraph, planner, f"{name}{seed}")
        text, variables = random_operation(supergraph.api_schema, random.Random(f"{name}{seed}"))
        document = parse(text)
        if not validate(supergraph.api_schema, document):
            plan = planner.plan(document)
            prepared = Prepared(plan, supergraph.api_schema, document)
            await compare(supergraph, plan, prepared, variables, random.Random(seed))
