"""A graph is planned alike from every version of the join specification that can say it."""

from __future__ import annotations

import re

import pytest
from graphql import parse

from gateway.federation.composition.compose import compose
from gateway.federation.explain import explain
from gateway.federation.planner import Planner
from gateway.federation.subgraph import SubgraphInput
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.test_plan_bar import check_answer

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v{}", '
    'import: ["@key", "@external", "@requires", "@provides", "@shareable"])\n'
)
GP = """
type Query { patient: Patient latest: Found }
type Patient @key(fields: "number") { number: ID! name: String born: String sex: Sex last: Fall @provides(fields: "on") }
type Letter { title: String }
type Fall @key(fields: "id") { id: ID! on: String @external }
union Found = Letter | Patient
enum Sex { F M }
interface Named { name: String }
"""
FALLS = """
type Patient @key(fields: "number") { number: ID! born: String @external falls: [Fall] risk: Int @requires(fields: "born") }
type Fall @key(fields: "id") { id: ID! on: String @shareable where: Place }
enum Place { HOME STREET }
"""
QUERIES = (
    "{ patient { name sex falls { on where } risk last { on } } }",
    "{ latest { ... on Letter { title } ... on Patient { risk } } }",
)
FEDERATION = {"v0.3": "2.0", "v0.4": "2.7", "v0.5": "2.8"}


def supergraph_text(join: str) -> str:
    """The same two subgraphs in a version of the join specification."""
    link = LINK.format(FEDERATION.get(join, "2.0"))
    composed = compose([SubgraphInput("gp", link + GP, "http://gp"), SubgraphInput("falls", link + FALLS, "http://f")])
    assert composed.supergraph_sdl, composed.errors
    return second(composed.supergraph_sdl) if join == "v0.2" else composed.supergraph_sdl


def second(text: str) -> str:
    """As version 0.2 says it: without members of unions and values of enums by subgraph, and without @join__type
    of interface objects."""
    text = text.replace("specs.apollo.dev/join/v0.3", "specs.apollo.dev/join/v0.2")
    text = re.sub(r"directive @join__(unionMember|enumValue)[^\n]*\n", "", text)
    text = re.sub(r"@join__unionMember\([^)]*\)|@join__enumValue\([^)]*\)", "", text)
    return text.replace(", isInterfaceObject: Boolean! = false", "")


@pytest.mark.parametrize("join", ["v0.2", "v0.3", "v0.4", "v0.5"])
@pytest.mark.parametrize("query", QUERIES)
def test_plans_do_not_depend_on_the_version(join: str, query: str) -> None:
    text = supergraph_text(join)
    assert f"join/{join}" in text
    supergraph = read_supergraph(text)
    plan = Planner(supergraph).plan(parse(query))
    newest = Planner(read_supergraph(supergraph_text("v0.5"))).plan(parse(query))
    assert explain(plan) == explain(newest)
    assert plan.fetches > 1
    check_answer(supergraph, plan, query, {})


@pytest.mark.parametrize("join", ["v0.2", "v0.3", "v0.4", "v0.5"])
def test_nothing_of_the_join_specification_is_seen_by_clients(join: str) -> None:
    schema = read_supergraph(supergraph_text(join)).api_schema
    assert not [name for name in schema.type_map if name.startswith(("join__", "link__"))]
    assert not [one.name for one in schema.directives if one.name.startswith(("join__", "link"))]
