"""Projection: merged JSON in, the client's answer out, every value that should be there accounted for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, execute_sync, parse, validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.federation import introspect
from gateway.federation.project import MAX_VARIANTS, Projection, Trouble
from gateway.federation.tree import WITHHELD

SCHEMA = build_schema(
    """
    scalar Date
    enum Kind { A B }
    interface Node { id: ID! }
    type Item implements Node {
      id: ID! name: String count: Int size: Float ok: Boolean kind: Kind at: Date
      tags: [String!] grid: [[Int]!] must: Int! next: Item strictNext: Item! strictTags: [String!]!
    }
    type Other implements Node { id: ID! note: String }
    union Any = Item | Other
    type Query { item: Item items: [Item] strict: [Item!] node: Node nodes: [Node!]! any: Any }
    """
)


def project(query: str, tree: dict[str, Any], variables: dict[str, Any] | None = None, **more: Any) -> Any:
    document = parse(query)
    assert not validate(SCHEMA, document)
    data, problems = Projection(SCHEMA, document, **more).run(tree, variables or {})
    return data, [(problem.path, problem.trouble) for problem in problems]


def test_aliases_and_order_are_the_clients() -> None:
    tree = {"z": {"b": "B", "a": 1, "unasked": 2}, "more": 3}
    data, problems = project("{z:item{a:count b:name __typename t:__typename}}", tree)
    assert json.dumps(data) == '{"z": {"a": 1, "b": "B", "__typename": "Item", "t": "Item"}}'
    assert problems == []


def test_fragments_apply_by_concrete_type() -> None:
    query = "{nodes{id ...on Item{name} ...F ...on Node{__typename}}} fragment F on Other{note}"
    tree = {
        "nodes": [
            {"__typename": "Item", "id": "1", "name": "n"},
            {"__typename": "Other", "id": "2", "note": "x", "name": "no"},
        ]
    }
    assert project(query, tree)[0] == {
        "nodes": [
            {"id": "1", "name": "n", "__typename": "Item"},
            {"id": "2", "note": "x", "__typename": "Other"},
        ]
    }


def test_the_same_field_in_two_fragments_is_merged() -> None:
    query = "{item{next{name} ...on Item{next{count}}}}"
    assert project(query, {"item": {"next": {"name": "n", "count": 1}}})[0] == {
        "item": {"next": {"name": "n", "count": 1}}
    }


def test_conditions_decide_fields() -> None:
    query = "query($a:Boolean!,$b:Boolean!){item{name@include(if:$a) count@skip(if:$b) ...@include(if:$b){ok}}}"
    projection = Projection(SCHEMA, parse(query))
    tree = {"item": {"name": "n", "count": 1, "ok": True}}
    for a in (True, False):
        for b in (True, False):
            wanted = {"name"} if a else set()
            wanted |= {"ok"} if b else {"count"}
            data, problems = projection.run(tree, {"a": a, "b": b})
            assert data is not None
            assert set(data["item"]) == wanted
            assert problems == []


def test_compiled_variants_are_bounded() -> None:
    names = [f"v{index}" for index in range(8)]
    head = ",".join(f"${name}:Boolean!" for name in names)
    body = " ".join(f"{name}:name@include(if:${name})" for name in names)
    projection = Projection(SCHEMA, parse(f"query({head}){{item{{{body}}}}}"))
    for number in range(2 ** len(names)):
        values = {name: bool(number >> index & 1) for index, name in enumerate(names)}
        data, _ = projection.run({"item": dict.fromkeys(names, "x")}, values)
        assert data is not None
        assert set(data["item"]) == {name for name in names if values[name]}
    assert len(projection._variants) <= MAX_VARIANTS


GOOD = [
    ("name", "x", "x"),
    ("count", 2**31 - 1, 2**31 - 1),
    ("count", 3.0, 3),
    ("size", 1.5, 1.5),
    ("size", 2, 2),
    ("ok", False, False),
    ("kind", "A", "A"),
    ("id", 7, "7"),
    ("at", "2020-01-01", "2020-01-01"),
    ("at", {"any": ["json"]}, {"any": ["json"]}),
    ("at", 0, 0),
    ("tags", [], []),
    ("grid", [[1, None], []], [[1, None], []]),
    ("name", None, None),
]


@pytest.mark.parametrize(("field", "value", "written"), GOOD)
def test_a_value_of_its_type_is_written(field: str, value: Any, written: Any) -> None:
    data, problems = project(f"{{item{{{field}}}}}", {"item": {field: value}})
    assert data == {"item": {field: written}}
    assert type(data["item"][field]) is type(written)
    assert problems == []


BAD = [
    ("name", 5),
    ("name", True),
    ("name", ["x"]),
    ("name", {"x": 1}),
    ("count", "1"),
    ("count", True),
    ("count", 2**31),
    ("count", 1.5),
    ("size", "1"),
    ("size", True),
    ("size", 10**400),
    ("ok", 1),
    ("ok", "true"),
    ("kind", "C"),
    ("kind", 1),
    ("kind", ["A"]),
    ("tags", "x"),
    ("tags", {"0": "x"}),
    ("next", "x"),
    ("next", [{"name": "x"}]),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_value_of_another_type_is_null_with_its_path(field: str, value: Any) -> None:
    selection = "next{name}" if field == "next" else field
    data, problems = project(f"{{item{{{selection}}}}}", {"item": {field: value}})
    assert data == {"item": {field: None}}
    assert problems == [(("item", field), Trouble.WRONG_TYPE)]


def test_every_missing_value_is_a_problem_of_its_own() -> None:
    data, problems = project("{items{name count} node{id}}", {"items": [{"name": "n"}, {}]})
    assert data == {"items": [{"name": "n", "count": None}, {"name": None, "count": None}], "node": None}
    assert problems == [
        (("items", 0, "count"), Trouble.MISSING),
        (("items", 1, "name"), Trouble.MISSING),
        (("items", 1, "count"), Trouble.MISSING),
        (("node",), Trouble.MISSING),
    ]


def test_a_null_moves_to_the_nearest_place_that_may_be_null() -> None:
    assert project("{item{next{must}}}", {"item": {"next": {"must": None}}})[0] == {"item": {"next": None}}
    assert project("{item{strictNext{must}}}", {"item": {"strictNext": {"must": None}}})[0] == {"item": None}
    assert project("{items{must}}", {"items": [{"must": 1}, {"must": None}]})[0] == {"items": [{"must": 1}, None]}
    assert project("{strict{must}}", {"strict": [{"must": 1}, {"must": None}]})[0] == {"strict": None}
    assert project("{strict{must}}", {"strict": [None]})[0] == {"strict": None}
    assert project("{item{tags}}", {"item": {"tags": ["a", None]}})[0] == {"item": {"tags": None}}
    assert project("{item{strictTags}}", {"item": {"strictTags": ["a", None]}})[0] == {"item": None}
    assert project("{item{grid}}", {"item": {"grid": [[1], None]}})[0] == {"item": {"grid": None}}
    assert project("{nodes{id}}", {"nodes": None})[0] is None


def test_a_null_in_a_strict_place_names_it() -> None:
    assert project("{strict{must}}", {"strict": [{"must": 1}, {"must": None}]})[1] == [
        (("strict", 1, "must"), Trouble.NULL)
    ]


def test_an_unknown_type_name_is_null_and_told() -> None:
    for name, trouble in (("Nobody", Trouble.UNKNOWN_TYPE), (None, Trouble.MISSING), (["Item"], Trouble.UNKNOWN_TYPE)):
        data, problems = project(
            "{node{__typename id} any{...on Item{name}}}", {"node": {"__typename": name, "id": "1"}, "any": None}
        )
        assert data == {"node": None, "any": None}
        assert problems == [(("node",), trouble)]
    assert project("{any{__typename}}", {"any": {"__typename": "Query"}})[0] == {"any": None}


def test_what_was_withheld_is_null_without_a_problem() -> None:
    assert project("{item{name}}", {"item": WITHHELD}) == ({"item": None}, [])
    assert project("{item{strictNext{name}}}", {"item": {"strictNext": WITHHELD}}) == ({"item": None}, [])
    assert project("{node{id}}", {"node": WITHHELD}) == ({"node": None}, [])


def test_forbidden_fields_are_null_and_told_even_if_the_data_has_them() -> None:
    forbidden = frozenset({("Item", "name"), ("Item", "at"), ("Item", "next"), ("Other", "must")})
    tree = {"item": {"name": "secret", "at": "secret", "next": {"name": "secret"}, "count": 1}}
    data, problems = project("{item{name at next{count} count}}", tree, forbidden=forbidden)
    assert data == {"item": {"name": None, "at": None, "next": None, "count": 1}}
    assert problems == [(("item", field), Trouble.FORBIDDEN) for field in ("name", "at", "next")]


def test_introspection_shows_the_schema_of_the_role() -> None:
    visible = build_schema("type Query { item: Item } type Item { id: ID! }")
    query = '{__schema{types{name}} a:__type(name:"Other"){name} item{id}}'
    data, _ = project(query, {"item": {"id": "1"}}, visible=visible)
    assert data["a"] is None
    assert "Other" not in {each["name"] for each in data["__schema"]["types"]}
    assert data["item"] == {"id": "1"}


def test_introspection_that_depends_on_no_variable_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[object] = []
    execute = introspect.execute_sync
    monkeypatch.setattr(
        introspect, "execute_sync", lambda *given, **named: worked.append(1) or execute(*given, **named)
    )
    for query, times in (
        ("query($n:String!){__schema{types{name}} item{id}}", 1),
        ("query($n:String!){__type(name:$n){name}}", 3),
    ):
        worked.clear()
        projection = Projection(SCHEMA, parse(query))
        answers = [projection.run({}, {"n": name})[0] for name in ("Item", "Item", "Other")]
        assert answers[0] == answers[1]
        assert len(worked) == times


def test_introspection_takes_variables() -> None:
    query = "query($n:String!){__type(name:$n){name fields{name}}}"
    projection = Projection(SCHEMA, parse(query))
    for name in ("Item", "Other"):
        data, _ = projection.run({}, {"n": name})
        assert data is not None
        assert data["__type"]["name"] == name


def test_names_cannot_break_out_of_the_generated_code() -> None:
    schema = build_schema("type Query { class: __Odd def: String None: Int } type __Odd { lambda: String }")
    document = parse("{class{lambda} import:def None o:None p:None x:None}")
    tree = {"class": {"lambda": "a"}, "import": "b", "None": 1, "o": 2, "p": 3, "x": 4}
    assert Projection(schema, document).run(tree, {}) == (tree, [])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["item", "items", "node", "id", "name", "count", "next", "tags", "__typename", "must", "kind"]
            ),
            inner | st.sampled_from(["Item", "Other", "A"]),
            max_size=6,
        )
    ),
    max_leaves=25,
)
EVERYTHING = """{
  item { ...I next { ...I next { must } } } items { ...I } strict { id } node { ...N } nodes { ...N } any { __typename ...on Item { ...I } }
} fragment I on Item { id name count size ok kind tags grid at } fragment N on Node { __typename id ...on Item { next { id } } }"""
everything = Projection(SCHEMA, parse(EVERYTHING))


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.sampled_from(["item", "items", "strict", "node", "nodes", "any"]), values))
def test_no_json_at_all_breaks_the_projection(tree: dict[str, Any]) -> None:
    data, problems = everything.run(tree, {})
    if data is None:
        assert problems
        return
    fits(SCHEMA, EVERYTHING, data)


def fits(schema: GraphQLSchema, query: str, data: dict[str, Any]) -> None:
    """What was written is itself an answer: graphql-core, reading it, finds no fault and changes nothing."""
    result = execute_sync(schema, parse(query), data, type_resolver=lambda value, *_: value.get("__typename", "Item"))
    assert result.data == data
    assert not result.errors


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["id", "name", "next{id}", "x:count", "...on Item{ok}"]), min_size=1, max_size=6))
def test_any_selection_is_written_as_graphql_core_writes_it(selection: list[str]) -> None:
    query = f"{{item{{{' '.join(selection)}}}}}"
    document = parse(query)
    assume(not validate(SCHEMA, document))
    item = {"id": "1", "name": "n", "count": 1, "ok": True, "next": {"id": "2"}}
    expected = execute_sync(SCHEMA, document, {"item": item}).data
    data, problems = Projection(SCHEMA, document).run({"item": {**item, "x": 1}}, {})
    assert json.dumps(data) == json.dumps(expected)
    assert problems == []
