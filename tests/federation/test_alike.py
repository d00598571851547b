"""Fields that the same nodes answer are searched for once; each is still reported and planned for itself."""

from __future__ import annotations

import gc

import pytest
from graphql import parse

from gateway.federation.alike import Alike
from gateway.federation.graph_build import build_graph
from gateway.federation.planner import Planner
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.composing import codes, composed2, good

WARD = {
    "gp": """
        type Query { patient: Patient }
        type Patient @key(fields: "id") { id: ID! name: String born: String sister: String }
    """,
    "ward": """
        type Patient @key(fields: "id") {
          id: ID! bed: String bay: String born: String @external
          age: Int @requires(fields: "born") sister: String @override(from: "gp", label: "percent(50)")
        }
    """,
}


@pytest.fixture
def planner() -> Planner:
    return Planner(read_supergraph(good(composed2(**WARD)).supergraph_sdl))


def test_fields_that_the_same_nodes_answer_without_condition_are_alike(planner: Planner) -> None:
    alike = Alike(build_graph(planner.supergraph))
    assert alike.number("Patient", "bed") == alike.number("Patient", "bay") is not None
    assert alike.number("Patient", "name") not in (None, alike.number("Patient", "bed"))


@pytest.mark.parametrize("field", ["id", "age", "sister"])
def test_a_field_of_a_key_or_under_a_condition_is_like_no_other(planner: Planner, field: str) -> None:
    assert Alike(build_graph(planner.supergraph)).number("Patient", field) is None


def test_alike_leaves_are_asked_in_the_clients_order_and_under_their_own_keys_and_conditions(planner: Planner) -> None:
    text = "query ($v: Boolean!) { patient { b: bay name bed @include(if: $v) } }"
    plan = planner.plan(parse(text))
    assert plan.fetches == 2
    assert "{ b: bay bed @include(if: $v) }" in plan.steps[1].document


def test_every_one_of_several_alike_fields_that_cannot_be_reached_is_reported() -> None:
    result = composed2(
        gp="type Query { patient: Patient } type Patient @shareable { name: String }",
        ward="type Query { patients: [Patient] } type Patient @shareable { name: String bed: String bay: String }",
    )
    assert codes(result) == ["SATISFIABILITY_ERROR"]
    assert [error.message.split(" } }")[0].rpartition(" ")[2] for error in result.errors] == ["bed", "bay"]


def test_composing_leaves_the_collector_as_it_was() -> None:
    assert gc.isenabled()
    good(composed2(**WARD))
    assert gc.isenabled()
    gc.disable()
    try:
        good(composed2(**WARD))
        assert not gc.isenabled()
    finally:
        gc.enable()
