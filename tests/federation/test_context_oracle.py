"""Contexts as Apollo composes and plans them: its plans carry the same values, and its supergraphs are planned here."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from gateway.federation.planner import Planner
from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.apollo_runner import ApolloRun
from tests.federation.composing import FED, composed2
from tests.federation.context_cases import CONTEXT_CASES
from tests.federation.plan_cases import Case
from tests.federation.simulation import Answer, SimulatedSubgraph, World
from tests.federation.test_plan_bar import check_answer
from tests.gateway.node_packages import node_modules
from tests.system.london import PACKAGES

pytestmark = pytest.mark.node

APART = {
    # one response key is given two fields
    "{ patients { id: born born: id meds { dose } } }",
    # what is written on an interface takes the site's value for every place, also for those that set their own
    "{ site { places { meds { stock } } } }",
}
"""Operations for which Apollo's plan is another, and why it is not followed."""
VARIABLES = {"v0": True, "v1": False, "n": 1}


@cache
def apollo() -> dict[str, Any]:
    """Apollo's supergraph and plans for every case."""
    packages = node_modules("routers", *PACKAGES)
    script = packages / "apollo_plans.mjs"
    shutil.copy(Path(__file__).with_name("apollo_plans.mjs"), script)
    given = [
        {
            "subgraphs": {name: FED + sdl for name, sdl in case.subgraphs.items()},
            "supergraph": composed2(**case.subgraphs).supergraph_sdl,
            "operations": list(case.plans),
        }
        for case in CONTEXT_CASES
    ]
    cases = packages / "context_cases.json"
    cases.write_text(json.dumps(given))
    done = subprocess.run(["node", str(script), str(cases)], check=True, capture_output=True, timeout=120)
    return dict(zip((case.name for case in CONTEXT_CASES), json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("case", CONTEXT_CASES, ids=lambda case: case.name)
def test_supergraphs_that_apollo_composed_are_planned(case: Case) -> None:
    supergraph = read_supergraph(apollo()[case.name]["supergraph"])
    planner = Planner(supergraph)
    for text, bar in case.plans.items():
        plan = planner.plan(parse(text))
        check_answer(supergraph, plan, text, VARIABLES)
        assert (plan.fetches, plan.depth) == bar


@pytest.mark.parametrize("composer", ["apollo", "given"])
@pytest.mark.parametrize("case", CONTEXT_CASES, ids=lambda case: case.name)
def test_apollos_plans_carry_the_same_values(case: Case, composer: str) -> None:
    outcome = apollo()[case.name]
    supergraph = read_supergraph(
        outcome["supergraph"] if composer == "apollo" else composed2(**case.subgraphs).supergraph_sdl
    )
    for text, plan in zip(case.plans, outcome[composer], strict=True):
        if text in APART:
            with pytest.raises(AssertionError):
                check_apollo(supergraph, plan, text)
        else:
            check_apollo(supergraph, plan, text)


def check_apollo(supergraph: Supergraph, plan: Any, text: str) -> None:
    world = World(supergraph)
    answer = Answer(world, text, VARIABLES)
    expected = answer.data()
    subgraphs = {s.name: SimulatedSubgraph(world, s.id) for s in supergraph.subgraphs.values()}

    def ask(name: str, document: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        return subgraphs[name].run(document, sent)

    run = ApolloRun(ask, VARIABLES, supergraph.possible)
    run.run(plan["node"])
    assert [breach for subgraph in subgraphs.values() for breach in subgraph.breaches] == [], text
    assert answer.project(run.tree) == expected
