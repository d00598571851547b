"""What plans say: gates, conditions, override labels, names, reasons, refusals."""

from __future__ import annotations

import pytest
from graphql import parse

from gateway.federation.explain import explain
from gateway.federation.graph_build import build_graph
from gateway.federation.normalise import normalise, normalise_fields
from gateway.federation.paths import PathFinder
from gateway.federation.plan import Condition, GatePoint, Key, Need, OnTypes, QueryPlan
from gateway.federation.planner import GateNeed, Planner, PlanningError
from gateway.federation.selection import FieldSel, show
from gateway.federation.supergraph import Supergraph, SupergraphError
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.composing import composed2
from tests.federation.plan_cases import supergraph_of
from tests.federation.test_plan_bar import check_answer


def graph(**sdl: str) -> Supergraph:
    outcome = composed2(**sdl)
    assert outcome.supergraph_sdl, [str(error) for error in outcome.errors]
    return read_supergraph(outcome.supergraph_sdl)


def plan(supergraph: Supergraph, text: str, **options: object) -> QueryPlan:
    return Planner(supergraph).plan(parse(text), **options)  # type: ignore[arg-type]


RECORD = """
type Query { patient: Patient }
type Patient @key(fields: "number") { number: ID! name: String entries: [Entry!]! latest: Entry found: [Found] }
interface Entry { id: ID! }
type Problem implements Entry { id: ID! coding: Coding text: String }
type Letter implements Entry { id: ID! title: String }
union Found = Problem | Letter
type Coding { system: String code: String }
"""
GATES = {
    "Patient": (GateNeed("opted-out", "number"),),
    "Problem": (GateNeed("sensitive", "coding { system code } text"),),
}


def test_a_gated_object_brings_what_its_gate_reads() -> None:
    step = plan(graph(a=RECORD), "{ patient { name } }", gates=GATES).steps[0]
    assert "__g_number: number" in step.document
    assert step.gates == (
        GatePoint((Key("patient"),), frozenset({"Patient"}), "opted-out", (Need("number", "__g_number"),)),
    )


def test_a_gate_below_an_interface_holds_for_its_type_alone() -> None:
    step = plan(graph(a=RECORD), "{ patient { entries { id } } }", gates=GATES).steps[0]
    point = next(point for point in step.gates if point.gate == "sensitive")
    assert (point.path, point.types) == ((Key("patient"), Key("entries")), frozenset({"Problem"}))
    assert point.needs == (
        Need("coding", "__g_coding", (Need("system", "system"), Need("code", "code"))),
        Need("text", "__g_text"),
    )
    assert "... on Problem { __g_coding: coding { system code } __g_text: text }" in step.document


def test_a_gate_stands_at_every_place_and_in_unions() -> None:
    text = "{ patient { latest { id } found { ... on Letter { title } } } }"
    step = plan(graph(a=RECORD), text, gates=GATES).steps[0]
    paths = {point.path for point in step.gates if point.gate == "sensitive"}
    assert paths == {(Key("patient"), Key("latest")), (Key("patient"), Key("found"))}


def test_an_entity_that_was_guarded_when_it_came_is_not_guarded_again() -> None:
    supergraph = graph(a=RECORD, b='type Patient @key(fields: "number") { number: ID! falls: Int }')
    steps = plan(supergraph, "{ patient { falls } }", gates=GATES).steps
    assert [len(step.gates) for step in steps] == [1, 0]


def test_a_subgraph_that_cannot_answer_what_a_gate_reads_is_refused() -> None:
    supergraph = graph(
        a='type Query { visit: Visit } type Visit { by: Staff } type Staff @key(fields: "id") { id: ID! }',
        b='type Staff @key(fields: "id") { id: ID! role: String }',
    )
    with pytest.raises(PlanningError, match=r"'scope' reads Staff\.role, which subgraph a does not answer"):
        plan(supergraph, "{ visit { by { id } } }", gates={"Staff": (GateNeed("scope", "role"),)})


def test_an_interface_object_is_guarded_under_its_own_name_too() -> None:
    supergraph = supergraph_of("fields added to an interface that the subgraph knows as an object")
    step = plan(supergraph, "{ noted { note } }", gates={"Letter": (GateNeed("sensitive", "id"),)}).steps[0]
    assert step.gates[0].types == frozenset({"Letter", "Entry"})
    assert "__typename" in step.document


CONDITIONS = "conditions decide whether a subgraph is asked"


def test_a_fetch_for_a_conditional_field_is_conditional() -> None:
    steps = plan(supergraph_of(CONDITIONS), "query ($v: Boolean!) { patient { name falls @include(if: $v) } }").steps
    assert steps[0].conditions == ()
    assert steps[1].conditions == ((Condition("v", True),),)
    assert "@include" not in steps[1].document
    assert steps[1].variables == ()


def test_what_a_conditional_field_requires_is_conditional_too() -> None:
    steps = plan(supergraph_of(CONDITIONS), "query ($v: Boolean!) { patient { name risk @skip(if: $v) } }").steps
    assert [step.conditions for step in steps[1:]] == [((Condition("v", False),),)] * 2


def test_either_of_two_conditions_calls_for_the_fetch() -> None:
    text = "query ($v: Boolean!, $w: Boolean!) { patient { falls @include(if: $v) steps @skip(if: $w) } }"
    step = plan(supergraph_of(CONDITIONS), text).steps[1]
    assert step.conditions == ((Condition("v", True),), (Condition("w", False),))
    assert step.variables == ("v", "w")


def test_only_used_variables_travel() -> None:
    supergraph = graph(a="type Query { a(x: Int): Int }", b="type Query { b(y: [Int!]): Int }")
    steps = plan(supergraph, "query ($x: Int = 2, $y: [Int!]) { a(x: $x) b(y: $y) }").steps
    assert {step.subgraph: step.variables for step in steps} == {"a": ("x",), "b": ("y",)}
    assert "($x: Int = 2)" in steps[0].document


def test_an_operation_name_is_passed_on() -> None:
    supergraph = supergraph_of("one hop by key")
    names = [s.operation_name for s in plan(supergraph, "query Falls { patient { falls { on } } }").steps]
    assert names == ["Falls__gp__0", "Falls__falls__1"]


def test_introspection_needs_no_request() -> None:
    assert plan(supergraph_of("one hop by key"), "{ __typename __schema { types { name } } }").steps == ()


def test_an_active_label_moves_a_field() -> None:
    supergraph = graph(
        old="""
            type Query { patient: Patient }
            type Patient @key(fields: "number") { number: ID! gp: String }
        """,
        new="""
            type Patient @key(fields: "number") { number: ID! gp: String @override(from: "old", label: "percent(5)") }
        """,
    )
    text = "{ patient { gp } }"
    assert [step.subgraph for step in plan(supergraph, text).steps] == ["old"]
    moved = plan(supergraph, text, override_flags=frozenset({"percent(5)", "unknown"}))
    assert [step.subgraph for step in moved.steps] == ["old", "new"]


def test_a_needed_field_that_clashes_gets_a_private_key() -> None:
    supergraph = supergraph_of("required fields with arguments of their own")
    steps = plan(supergraph, '{ patient { weight(unit: "stone") dose } }').steps
    assert '{ patient { weight(unit: "stone") ' in steps[0].document
    assert '__p0_weight: weight(unit: "kg")' in steps[0].document
    assert Need("weight", "__p0_weight") in steps[1].entities[0].representations[0].needs


def test_clashing_needs_of_two_fields_are_sent_apart_in_one_request() -> None:
    supergraph = supergraph_of("required fields with arguments of their own")
    step = plan(supergraph, "{ patient { dose imperial } }").steps[1]
    keys = [entity.representations[0].needs[1] for entity in step.entities]
    assert [type(key) is Need and key.name for key in keys] == ["weight", "weight"]
    assert len(set(keys)) == 2


def test_one_key_of_two_types_is_renamed_back() -> None:
    supergraph = supergraph_of("one response key with different types in different members")
    text = "{ entries { ... on Problem { code } ... on Letter { code } } }"
    step = plan(supergraph, text).steps[0]
    rename = step.renames[0]
    assert (rename.path, rename.types, rename.target) == ((Key("entries"),), frozenset({"Letter"}), "code")
    assert f"{rename.source}: code" in step.document


def test_the_true_type_is_known_before_a_path_names_it() -> None:
    supergraph = supergraph_of("fields added to an interface that the subgraph knows as an object")
    text = "{ noted { id ... on Letter { flag note on } } }"
    made = plan(supergraph, text)
    check_answer(supergraph, made, text, {})
    typed = [s.id for s in made.steps if "... on Entry { __typename" in s.document]
    for step in made.steps:
        if any(isinstance(part, OnTypes) for e in step.entities for path in e.targets for part in path):
            assert set(typed) & set(step.after)


def test_a_field_out_of_reach_is_refused_with_reasons() -> None:
    supergraph = supergraph_of("an interface object that cannot be entered")
    with pytest.raises(PlanningError) as caught:
        plan(supergraph, "{ thing { label } }")
    assert caught.value.path == ("thing",)
    assert {refusal.subgraph for refusal in caught.value.refusals} == {"A", "B"}


def test_subscriptions_are_refused() -> None:
    supergraph = graph(a="type Query { a: Int } type Subscription { b: Int }")
    with pytest.raises(PlanningError, match="subscriptions"):
        plan(supergraph, "subscription { b }")


def test_a_plan_is_explained_step_by_step() -> None:
    text = explain(plan(supergraph_of("one hop by key"), "{ patient { falls { on } } }"), documents=False)
    assert text.splitlines() == [
        "query: 2 requests in 2 rounds",
        "└─ [0] gp",
        "   │  why: gp answers fields of Query",
        "   └─ [1] falls",
        "         why: Patient enters falls by its key { number }",
        "         at: patient",
        "         sends: Patient { number }",
    ]


def test_why_not_names_the_missing_key() -> None:
    supergraph = graph(
        a='type Query { p: P } type P @key(fields: "id") { id: ID! }',
        b='type P @key(fields: "id") @key(fields: "code") { id: ID! code: ID! x: Int }',
    )
    query_graph = build_graph(supergraph)
    finder = PathFinder(query_graph)
    node = query_graph.node("P", "A")
    assert [str(chain[-1].edge.tail) for chain in finder.advance(node, FieldSel("x", "x"))] == ["Int/B"]
    reasons = [refusal.reason for refusal in finder.why_not(node, FieldSel("y", "y"))]
    assert all("P.y" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("{ patient { name ...F } } fragment F on Patient { name number }", "patient { name number }"),
        ("{ patient { name @skip(if: true) } }", "patient { __typename }"),
        ("{ patient { name @include(if: true) } }", "patient { name }"),
        (
            "query ($v: Boolean!) { patient { ... @include(if: $v) { name } } }",
            "patient { name @include(if: $v) }",
        ),
        ("query ($v: Boolean!) { patient { name @include(if: $v) @skip(if: $v) } }", "patient { __typename }"),
        (
            "{ patient { entries { ... on Entry { id } ... on Problem { id text } } } }",
            "patient { entries { id ... on Problem { text } } }",
        ),
        (
            "{ patient { found { ... on Entry { id } } } }",
            "patient { found { ... on Letter { id } ... on Problem { id } } }",
        ),
    ],
)
def test_operations_are_brought_into_normal_form(text: str, normal: str) -> None:
    assert show(normalise(graph(a=RECORD), parse(text), None).selection) == normal


def test_a_malformed_field_set_is_named() -> None:
    with pytest.raises(SupergraphError, match=r"'id \{' of Patient"):
        normalise_fields(graph(a=RECORD), "Patient", "id {", None)


FIRST = """
schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
directive @core(feature: String!) repeatable on SCHEMA
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
enum join__Graph { GP @join__graph(name: "gp" url: "http://gp") FALLS @join__graph(name: "falls" url: "http://falls") }
type Query { patient: Patient @join__field(graph: GP) }
type Patient @join__owner(graph: GP) @join__type(graph: GP, key: "number") @join__type(graph: FALLS, key: "number") {
  number: ID! @join__field(graph: GP) name: String @join__field(graph: GP) falls: [Fall] @join__field(graph: FALLS)
}
type Fall { on: String }
"""


def test_a_supergraph_of_the_first_join_version_is_planned() -> None:
    supergraph = read_supergraph(FIRST)
    text = "{ patient { name falls { on } } }"
    made = plan(supergraph, text)
    assert [step.subgraph for step in made.steps] == ["gp", "falls"]
    check_answer(supergraph, made, text, {})
    assert "join__Graph" not in supergraph.api_schema.type_map


@pytest.mark.parametrize("sdl", ["type Query { a: Int }", "type {"])
def test_what_is_no_supergraph_is_refused(sdl: str) -> None:
    with pytest.raises(SupergraphError):
        read_supergraph(sdl)


def test_the_api_schema_hides_what_is_inaccessible() -> None:
    schema = supergraph_of("hidden fields serve the planner only").api_schema
    assert list(schema.type_map["Patient"].fields) == ["number", "bed"]  # type: ignore[attr-defined]


def test_a_shared_mutation_field_is_called_in_one_subgraph_only() -> None:
    made = plan(supergraph_of("mutations in order"), "mutation { both { id note { text length } } }")
    assert [step.kind for step in made.steps] == ["mutation", "query"]


def test_mutations_wait_for_all_that_the_one_before_called_for() -> None:
    made = plan(supergraph_of("mutations in order"), "mutation { third { text } first { length } }")
    assert [(step.kind, step.subgraph, step.after) for step in made.steps] == [
        ("mutation", "b", ()),
        ("query", "a", (0,)),
        ("mutation", "a", (1,)),
        ("query", "b", (2,)),
    ]


def test_a_field_of_one_type_is_not_asked_of_all() -> None:
    supergraph = supergraph_of("fields added to an interface that the subgraph knows as an object")
    steps = plan(supergraph, "{ noted { ... on Letter { note } } }").steps
    assert "note" not in steps[0].document.replace("noted", "")
    assert steps[-1].entities[0].targets == ((Key("noted"), OnTypes(frozenset({"Letter"}))),)
