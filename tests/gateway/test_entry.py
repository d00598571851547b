"""The gateway's own graph, entered from above: what it publishes, and that every way in is judged alike."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError, parse

from gateway.entry import MAX_REPRESENTATIONS, check_representations, representation
from gateway.errors import Refusal
from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput
from gateway.generation import Generation
from gateway.graph import RECORD, GraphError, compose_graph
from gateway.published import subgraph_sdl
from policies.bundle import Policies

POLICIES = Policies.load(None)
GRAPH = compose_graph([], POLICIES)
API = GRAPH.supergraph.api_schema
ASK = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { %s } } }"


def generation(area: str | None = None) -> Generation:
    return GRAPH.generation({}, 100, area)


def planned(selection: str, role: str = "gp", area: str | None = None) -> list[Any]:
    text = ASK % selection
    return list(generation(area).ready(role, text, text, parse(text), None).plan.steps)


def composes(*sdls: str) -> bool:
    return compose([SubgraphInput(f"area{n}", sdl, "http://x") for n, sdl in enumerate(sdls)]).supergraph is not None


def test_what_is_published_composes() -> None:
    assert composes(subgraph_sdl(API))
    assert composes(subgraph_sdl(API, "north"))


def test_two_areas_compose_only_under_names_of_their_own() -> None:
    assert composes(subgraph_sdl(API, "north"), subgraph_sdl(API, "south"))
    assert not composes(subgraph_sdl(API), subgraph_sdl(API))
    assert not composes(subgraph_sdl(API, "north"), subgraph_sdl(API, "north"))


def test_mutations_are_the_areas_own() -> None:
    assert "optOut" not in subgraph_sdl(API)
    assert "type Mutation" not in subgraph_sdl(API, "north")


def test_every_patient_is_entered_through_the_record() -> None:
    (step,) = planned("name { family }")
    assert (step.subgraph, step.root) == (RECORD, ())
    assert [gate.gate for gate in step.gates] == ["patient"]


def test_an_areas_field_leads_to_the_whole_record() -> None:
    steps = planned("north { name { family } }", area="north")
    assert [step.subgraph for step in steps] == [RECORD, "joinup", RECORD]
    assert all(gate.gate == "patient" for step in steps for gate in step.gates)


def test_what_a_role_may_not_see_is_denied_under_the_area_too() -> None:
    text = ASK % "north { medications { totalCount } name { family } }"
    ready = generation("north").ready("receptionist", text, text, parse(text), None)
    assert [field for field, _ in ready.denied] == ["NorthRecord.medications"]
    assert not any("medications" in step.document for step in ready.plan.steps)


def test_what_only_a_router_needs_is_not_shown_to_people() -> None:
    shown = generation("north").view("gp").schema
    assert "_Entity" not in shown.type_map
    assert "NorthRecord" not in shown.type_map
    assert "north" not in shown.type_map["Patient"].fields  # type: ignore[attr-defined]


def test_a_role_that_may_not_introspect_is_not_told_the_schema() -> None:
    view = generation().view("patient")
    assert not view.may_introspect
    assert ("Query", "_service") in view.denied


def test_an_area_whose_name_is_taken_is_refused() -> None:
    with pytest.raises(GraphError, match="'allergies' is the name of a field"):
        generation("allergies")


@pytest.mark.parametrize("value", [{}, {"__typename": "Allergy", "id": "1"}, {"__typename": "Patient"}, "x", None])
def test_a_representation_is_a_patients(value: Any) -> None:
    with pytest.raises(GraphQLError):
        representation(value)


def test_a_representation_keeps_its_key_alone() -> None:
    given = {"__typename": "Patient", "nhsNumber": "9990000018", "name": "x"}
    assert representation(given) == {"__typename": "Patient", "nhsNumber": "9990000018"}


def test_a_crowd_is_refused() -> None:
    person = {"__typename": "Patient", "nhsNumber": "9990000018"}
    check_representations({"r": [person] * MAX_REPRESENTATIONS})
    with pytest.raises(Refusal, match="OPERATION_TOO_LARGE"):
        check_representations({"r": [person] * (MAX_REPRESENTATIONS + 1)})
