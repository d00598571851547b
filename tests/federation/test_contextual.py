"""What subgraphs are sent for fields with contextual arguments, and what becomes of their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from graphql import parse, validate

from gateway.federation.composition.compose import compose
from gateway.federation.contextual import unroll
from gateway.federation.defer import split
from gateway.federation.execute import Executor, Outcome
from gateway.federation.explain import explain
from gateway.federation.fetcher import FetchFailure, SubgraphError, SubgraphResponse
from gateway.federation.plan import FetchStep, QueryPlan
from gateway.federation.planner import GateNeed, Planner, PlanningError
from gateway.federation.prepared import Prepared
from gateway.federation.subgraph import SubgraphInput
from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from resolvers.sources.upstream import Failure
from tests.federation.composing import FED, codes, composed2
from tests.federation.subgraph_schemas import subgraph_schema
from tests.federation.test_execute import Fake, errors


def graph(**sdl: str) -> Supergraph:
    outcome = composed2(**sdl)
    assert outcome.ok, [str(error) for error in outcome.errors]
    return read_supergraph(outcome.supergraph_sdl)


RECORD = graph(
    gp="""
        type Query { patients: [Patient] }
        type Patient @key(fields: "id") { id: ID! born: String home: Home meds: [Med] }
        type Home { town: String @shareable }
        type Med @key(fields: "id") { id: ID! name: String }
    """,
    pharmacy="""
        type Patient @key(fields: "id") @context(name: "patient") { id: ID! born: String @external home: Home @external }
        type Home { town: String @shareable }
        type Med @key(fields: "id") {
          id: ID!
          stock: Int
          dose(unit: String, born: String @fromContext(field: "$patient { born }")): Int
          shop(town: String @fromContext(field: "$patient { home { town } }")): String
          maker(town: String @fromContext(field: "$patient { home { town } }")): Maker
        }
        type Maker { name: String }
    """,
)
PLANNER = Planner(RECORD)


def med(name: str) -> dict[str, Any]:
    return {"__typename": "Med", "id": name, "name": name}


def patient(born: str | None, *meds: str, **more: Any) -> dict[str, Any]:
    return {"__typename": "Patient", "born": born, "meds": [med(each) for each in meds], **more}


def gp(*patients: dict[str, Any] | None) -> Fake:
    return Fake({"patients": list(patients)})


class Pharmacy(Fake):
    """Answers every representation with the values that came with it, and records the documents' validity."""

    def __init__(self) -> None:
        super().__init__(self.all)

    def all(self, request: Any) -> dict[str, Any]:
        document = parse(request.document)
        assert not validate(subgraph_schema(RECORD, "PHARMACY"), document), request.document
        operation: Any = document.definitions[0]
        declared = {each.variable.name.value for each in operation.variable_definitions}
        assert declared <= set(request.variables)
        found: dict[str, Any] = {}
        for node in operation.selection_set.selections:
            sent = request.variables[node.arguments[0].value.name.value]
            found[node.alias.value if node.alias else "_entities"] = [
                self._one(one, node.selection_set.selections[0].selection_set.selections, request.variables)
                for one in sent
            ]
        return found

    def _one(self, sent: dict[str, Any], fields: Sequence[Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        entity: dict[str, Any] = {"__typename": "Med"}
        for node in fields:
            values = [
                variables.get(a.value.name.value) if hasattr(a.value, "name") else a.value.value
                for a in node.arguments or ()
            ]
            name = node.name.value
            entity[node.alias.value if node.alias else name] = (
                len(f"{values}") if name in ("dose", "stock") else f"{sent['id']} {values}"
            )
        return entity


async def run(
    query: str, fakes: Mapping[str, Any], variables: Mapping[str, Any] | None = None, gates: Any = None
) -> Outcome:
    needs, deciding = gates or (None, {})
    document = parse(query)
    prepared = Prepared(PLANNER.plan(document, gates=needs), RECORD.api_schema, document)
    return await Executor(fakes, deciding).run(prepared, variables or {}, None)


SHOP = "{ patients { meds { name shop } } }"


async def test_objects_below_different_values_are_asked_for_apart_in_one_request() -> None:
    pharmacy = Pharmacy()
    patients = [patient("1", "a", "b", home={"town": "Ware"}), patient("2", "a", home={"town": "Hale"})]
    outcome = await run(SHOP, {"gp": gp(*patients), "pharmacy": pharmacy})
    assert [[m["shop"] for m in p["meds"]] for p in outcome.data["patients"]] == [
        ["a ['Ware']", "b ['Ware']"],
        ["a ['Hale']"],
    ]
    assert outcome.errors == []
    (request,) = pharmacy.asked
    assert list(request.variables.values()) == [
        [{"__typename": "Med", "id": "a"}, {"__typename": "Med", "id": "b"}],
        "Ware",
        [{"__typename": "Med", "id": "a"}],
        "Hale",
    ]


async def test_objects_below_equal_values_are_asked_for_together_and_once() -> None:
    pharmacy = Pharmacy()
    patients = [patient("1", "a", "b", home={"town": "Ware"}), patient("2", "b", "c", home={"town": "Ware"})]
    outcome = await run(SHOP, {"gp": gp(*patients), "pharmacy": pharmacy})
    (request,) = pharmacy.asked
    assert [one["id"] for one in request.variables["representations"]] == ["a", "b", "c"]
    assert "_entities(representations" in request.document
    assert outcome.data["patients"][1]["meds"][0]["shop"] == "b ['Ware']"


async def test_numbers_texts_and_truth_are_different_values() -> None:
    pharmacy = Pharmacy()
    towns: list[Any] = ["1", 1, True]
    await run(SHOP, {"gp": gp(*(patient("1", "a", home={"town": town}) for town in towns)), "pharmacy": pharmacy})
    assert [value for value in pharmacy.asked[0].variables.values() if not isinstance(value, list)] == towns


async def test_null_is_a_value() -> None:
    pharmacy = Pharmacy()
    patients = [
        patient("1", "a", home=None),
        patient("2", "a", home={"town": None}),
        patient("3", "a", home={"town": "X"}),
    ]
    outcome = await run(SHOP, {"gp": gp(*patients), "pharmacy": pharmacy})
    assert [p["meds"][0]["shop"] for p in outcome.data["patients"]] == ["a [None]", "a [None]", "a ['X']"]


async def test_null_is_not_sent_where_the_argument_takes_none() -> None:
    pharmacy = Pharmacy()
    document = parse(SHOP)
    plan = PLANNER.plan(document)
    (entity,) = plan.steps[1].entities
    strict = replace(entity, contexts=(replace(entity.contexts[0], type="String!"),))
    text = plan.steps[1].document.replace(": String)", ": String!)")
    plan = QueryPlan("query", (plan.steps[0], replace(plan.steps[1], entities=(strict,), document=text)))
    patients = gp(patient("1", "a", home=None), patient("2", "b", home={"town": "X"}))
    outcome = await Executor({"gp": patients, "pharmacy": pharmacy}).run(
        Prepared(plan, RECORD.api_schema, document), {}, None
    )
    assert [one["id"] for one in pharmacy.asked[0].variables["representations"]] == ["b"]
    assert [p["meds"][0]["shop"] for p in outcome.data["patients"]] == [None, "b ['X']"]


async def test_an_object_without_the_value_is_not_asked_about_and_its_loss_is_told() -> None:
    pharmacy = Pharmacy()
    lost, kept = patient("1", "a"), patient("2", "b", home={"town": "X"})
    outcome = await run(SHOP, {"gp": gp(lost, kept), "pharmacy": pharmacy})
    assert [one["id"] for one in pharmacy.asked[0].variables["representations"]] == ["b"]
    assert outcome.data["patients"][0]["meds"] == [{"name": "a", "shop": None}]
    assert ("patients", 0, "meds", 0, "shop") in [path for path, _, _ in errors(outcome)]


async def test_nothing_is_asked_where_nothing_has_a_value() -> None:
    pharmacy = Pharmacy()
    await run(SHOP, {"gp": gp(patient("1"), None), "pharmacy": pharmacy})
    assert pharmacy.asked == []


async def test_fields_that_take_nothing_do_not_depend_on_the_value() -> None:
    pharmacy = Pharmacy()
    outcome = await run("{ patients { meds { stock shop } } }", {"gp": gp(patient("1", "a")), "pharmacy": pharmacy})
    assert outcome.data == {"patients": [{"meds": [{"stock": 2, "shop": None}]}]}


async def test_a_variable_of_a_field_that_is_not_asked_is_not_declared() -> None:
    pharmacy = Pharmacy()
    query = "query ($unit: String) { patients { meds { shop dose(unit: $unit) } } }"
    patients = [patient("1", "a", home={"town": "X"}), {k: v for k, v in patient("2", "b").items() if k != "born"}]
    del patients[0]["born"]
    outcome = await run(query, {"gp": gp(*patients), "pharmacy": pharmacy}, {"unit": "mg"})
    assert "unit" not in pharmacy.asked[0].document
    assert outcome.data["patients"][0]["meds"][0]["shop"] == "a ['X']"


async def test_an_error_belongs_to_the_objects_of_its_own_values() -> None:
    def failing(request: Any) -> SubgraphResponse:
        data = Pharmacy().all(request)
        alias = list(data)[1]
        data[alias] = [{"__typename": "Med", "shop": None}]
        return SubgraphResponse(data, (SubgraphError("no", (alias, 0, "shop")),))

    patients = [patient("1", "a", home={"town": "X"}), patient("2", "a", home={"town": "Y"})]
    outcome = await run(SHOP, {"gp": gp(*patients), "pharmacy": Fake(failing)})
    assert [path for path, _, _ in errors(outcome)] == [("patients", 1, "meds", 0, "shop")]
    assert outcome.data["patients"][0]["meds"][0]["shop"] == "a ['X']"


async def test_a_failed_request_is_an_error_for_each_of_its_objects() -> None:
    patients = [patient("1", "a", home={"town": "X"}), patient("2", "a", home={"town": "Y"})]
    outcome = await run(SHOP, {"gp": gp(*patients), "pharmacy": Fake(FetchFailure(Failure.TIMED_OUT))})
    assert {(path, code) for path, code, _ in errors(outcome)} == {
        (("patients", 0, "meds", 0, "shop"), "SOURCE_TIMEOUT"),
        (("patients", 1, "meds", 0, "shop"), "SOURCE_TIMEOUT"),
    }


class Towns:
    """Withholds what is secret."""

    async def admit(self, values: Sequence[Mapping[str, Any]], context: Any) -> list[bool]:
        return ["secret" not in value.values() for value in values]


async def test_what_a_gate_withholds_reads_as_null_and_below_it_nothing_is_asked() -> None:
    pharmacy = Pharmacy()
    gates = (
        {"Home": (GateNeed("g", "town"),), "Patient": (GateNeed("g", "born"),)},
        {"g": Towns()},
    )
    patients = [
        patient("1", "a", home={"town": "secret", "__g_town": "secret"}, __g_born="1"),
        patient("secret", "b", home={"town": "X", "__g_town": "X"}, __g_born="secret"),
    ]
    outcome = await run(SHOP, {"gp": gp(*patients), "pharmacy": pharmacy}, gates=gates)
    assert outcome.data == {"patients": [{"meds": [{"name": "a", "shop": "a [None]"}]}]}
    assert "secret" not in repr(pharmacy.asked)
    assert outcome.errors == []


async def test_what_comes_with_further_values_is_gated_too() -> None:
    answers = [[{"maker": {"name": name, "__g_name": name}}] for name in ("open", "secret")]
    gates = ({"Maker": (GateNeed("g", "name"),)}, {"g": Towns()})

    def answer(request: Any) -> dict[str, Any]:
        return {"_entities": answers[0], "_entities_1": answers[1]}

    patients = [patient("1", "a", home={"town": "X"}), patient("2", "a", home={"town": "Y"})]
    fakes = {"gp": gp(*patients), "pharmacy": Fake(answer)}
    outcome = await run("{ patients { meds { maker { name } } } }", fakes, gates=gates)
    assert outcome.data["patients"] == [{"meds": [{"maker": {"name": "open"}}]}, {"meds": [{"maker": None}]}]
    assert outcome.errors == []


async def test_a_field_that_the_role_may_not_see_still_gives_its_value() -> None:
    pharmacy = Pharmacy()
    document = parse("{ patients { home { town } meds { shop } } }")
    seen = parse("{ patients { meds { shop } } }")
    prepared = Prepared(PLANNER.plan(seen), RECORD.api_schema, document, forbidden=frozenset({("Patient", "home")}))
    fakes = {"gp": gp(patient("1", "a", home={"town": "X"})), "pharmacy": pharmacy}
    outcome = await Executor(fakes).run(prepared, {}, None)
    assert outcome.data == {"patients": [{"home": None, "meds": [{"shop": "a ['X']"}]}]}
    assert [code for _, code, _ in errors(outcome)] == ["FORBIDDEN"]


async def test_a_deferred_fragment_has_its_ancestors() -> None:
    one = graph(
        a='type Query { patient: Patient } type Patient @key(fields: "id") @context(name: "p") { id: ID! born: String med: Med }'
        ' type Med @key(fields: "id") { id: ID! dose(born: String @fromContext(field: "$p { born }")): Int }'
    )
    parts = split(one.api_schema, parse("{ patient { med { id ... @defer { dose } } } }"), None, {})
    plan = Planner(one).plan(parts.deferred[0].part.planned)
    assert "born" in plan.steps[0].document
    assert plan.steps[1].entities[0].contexts


def test_the_plan_is_printed_with_its_contexts() -> None:
    text = explain(PLANNER.plan(parse(SHOP)), documents=False)
    assert "why: Med.shop takes town from the context pharmacy__patient" in text
    assert "from patients { home { town } }" in text


def test_an_unrolled_step_is_the_plans_own_for_one_combination() -> None:
    step: FetchStep = PLANNER.plan(parse(SHOP)).steps[1]
    assert unroll(step, (1,)).entities == step.entities
    assert [entity.alias for entity in unroll(step, (3,)).entities] == ["_entities", "_entities_1", "_entities_2"]


def test_arguments_from_a_context_cannot_be_given() -> None:
    assert validate(RECORD.api_schema, parse('{ patients { meds { dose(born: "1") } } }'))
    assert not validate(RECORD.api_schema, parse('{ patients { meds { dose(unit: "1") } } }'))


TYPES = (
    ' type Patient @key(fields: "id") @context(name: "p") { id: ID! born: String @external med: Med ward: Ward }'
    ' type Ward @key(fields: "id") @context(name: "p") { id: ID! born: String @external med: Med }'
    ' type Med @key(fields: "id") { id: ID! dose(born: String @fromContext(field: "$p { born }")): Int }'
)


def test_a_context_whose_value_cannot_be_fetched_is_no_composition() -> None:
    a = "type Query { patient: Patient }" + TYPES
    patient_too = ' type Patient @key(fields: "id") { id: ID! born: String }'
    ward_too = ' type Ward @key(fields: "id") { id: ID! born: String }'
    assert codes(composed2(a=a, b=patient_too + ward_too)) == []
    lost = composed2(a=a, b=patient_too + ward_too.replace('"id")', '"id", resolvable: false)'))
    assert codes(lost) == ["SATISFIABILITY_ERROR"]
    # the ward is nearer, so that the patient's value does not stand in for it
    assert any("{ patient { ward { med { dose } } } }" in error.message for error in lost.errors)
    assert all("{ patient { med { dose } } }" not in error.message for error in lost.errors)


def test_a_field_with_a_context_is_no_requirement() -> None:
    a = (
        'type Query { patient: Patient } type Patient @key(fields: "id") @context(name: "p") { id: ID! born: String med: Med }'
        ' type Med @key(fields: "id") { id: ID! dose(born: String @fromContext(field: "$p { born }")): Int }'
    )
    b = 'type Med @key(fields: "id") { id: ID! dose: Int @external label: String @requires(fields: "dose") }'
    lost = composed2(a=a, b=b)
    assert codes(lost) == ["SATISFIABILITY_ERROR"]


def test_a_context_is_not_taken_from_the_object_itself() -> None:
    a = (
        'type Query { med: Med } type Med @key(fields: "id") @context(name: "m") { id: ID! name: String'
        ' dose(name: String @fromContext(field: "$m { name }")): Int med: Med }'
    )
    lost = composed2(a=a)
    assert codes(lost) == ["SATISFIABILITY_ERROR"]
    assert "{ med { dose } }" in lost.errors[0].message


def test_a_mutation_gives_no_context() -> None:
    a = (
        'type Query { a: Int } type Mutation @context(name: "m") { token: String med: Med }'
        ' type Med @key(fields: "id") { id: ID! dose(token: String @fromContext(field: "$m { token }")): Int }'
    )
    assert codes(composed2(a=a)) == ["SATISFIABILITY_ERROR"]


def test_a_mutation_is_not_run_again_for_a_value() -> None:
    a = (
        'type Query { a: Int } type Mutation @context(name: "m") { token: String med: Med }'
        ' type Med @key(fields: "id") { id: ID! dose(token: String @fromContext(field: "$m { token }")): Int }'
    )
    sdl = compose([SubgraphInput("a", FED + a, "http://a")], satisfiability=False).supergraph_sdl
    with pytest.raises(PlanningError, match="no subgraph can be reached that answers dose"):
        Planner(read_supergraph(sdl)).plan(parse("mutation { med { dose } }"))


def test_the_planner_says_what_is_missing_above() -> None:
    sdl = RECORD.sdl.replace('@context(name: "pharmacy__patient")', "")
    with pytest.raises(PlanningError, match="no subgraph can be reached that answers dose") as refused:
        Planner(read_supergraph(sdl)).plan(parse("{ patients { meds { dose } } }"))
    assert any("from a context that nothing above it sets" in each.reason for each in refused.value.refusals)


def test_the_directive_may_have_another_name() -> None:
    link = '@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)'
    assert link in RECORD.sdl
    renamed = RECORD.sdl.replace(link, link.replace(", for", ', as: "ctx", for')).replace("@context(", "@ctx(")
    renamed = renamed.replace("context__", "ctx__")
    assert Planner(read_supergraph(renamed)).plan(parse(SHOP)) == PLANNER.plan(parse(SHOP))
