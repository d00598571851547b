"""The quick projection: the careful one's bytes where nothing is wrong, and no answer at all elsewhere."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.federation.project import Projection
from gateway.federation.structs import struct_of
from gateway.federation.tree import WITHHELD
from tests.federation.test_project import SCHEMA

LEAVES = "id name count size ok kind at tags grid must"
EVERYTHING = f"{{item{{{LEAVES} __typename t:__typename next{{{LEAVES}}}}} items{{id next{{id}}}}}}"
WHOLE = {
    "id": "1",
    "name": None,
    "count": -(2**31),
    "size": 2,
    "ok": False,
    "kind": "A",
    "at": {"any": [1, "json"]},
    "tags": ["a"],
    "grid": [[1, None], []],
    "must": 2**31 - 1,
}
TREE = {"item": {**WHOLE, "next": {**WHOLE, "unasked": 1}}, "items": [{"id": "2", "next": None}, None]}

everything = Projection(SCHEMA, parse(EVERYTHING))


def quick(query: str, tree: dict[str, Any], variables: dict[str, Any] | None = None, **more: Any) -> Any:
    document = parse(query)
    assert not validate(SCHEMA, document)
    written = Projection(SCHEMA, document, **more).quick(tree, variables or {})
    return None if written is None else msgspec.json.decode(msgspec.json.encode(written))


def test_a_whole_answer_has_the_careful_ones_bytes() -> None:
    careful, problems = everything.run(TREE, {})
    assert problems == []
    assert msgspec.json.encode(everything.quick(TREE, {})) == msgspec.json.encode(careful)


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(["A", "x", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name"]), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LEAVES.split()), odd, st.booleans())
def test_whatever_it_writes_the_careful_one_writes_without_a_problem(field: str, value: Any, below: bool) -> None:
    item = {**WHOLE, "next": {**WHOLE, field: value}} if below else {**WHOLE, field: value, "next": None}
    tree = {"item": item, "items": None}
    written = everything.quick(tree, {})
    careful, problems = everything.run(tree, {})
    if written is not None:
        assert problems == []
        assert msgspec.json.encode(written) == msgspec.json.encode(careful)


@pytest.mark.parametrize("field", LEAVES.split())
def test_a_missing_value_is_not_passed_over(field: str) -> None:
    item = {key: value for key, value in WHOLE.items() if key != field}
    assert everything.quick({"item": {**item, "next": None}, "items": None}, {}) is None


def test_a_withheld_object_is_left_to_the_careful_one() -> None:
    assert quick("{item{id}}", {"item": WITHHELD}) is None
    assert quick("{items{at}}", {"items": [{"at": WITHHELD}]}) is None


def test_what_is_no_object_is_left_to_the_careful_one_though_nothing_is_asked_of_it() -> None:
    query = "query($q:Boolean!){item{id@include(if:$q)}}"
    assert quick(query, {"item": {}}, {"q": False}) == {"item": {}}
    assert quick(query, {"item": "1"}, {"q": False}) is None
    assert quick(query, {"item": WITHHELD}, {"q": False}) is None


@pytest.mark.parametrize("selected", ["id@include(if:$q)", "id@include(if:$q) __typename t:__typename"])
def test_of_structs_objects_of_which_nothing_has_to_be_there_are_left_to_the_careful_one(selected: str) -> None:
    document = parse(f"query($q:Boolean!){{item{{{selected}}}}}")
    tree = struct_of("Query", ("item",))(msgspec.UNSET)
    for asked in (True, False):
        assert Projection(SCHEMA, document).quick(tree, {"q": asked}, structs=True) is None


def test_conditions_decide_its_fields() -> None:
    query = "query($q:Boolean!){item{id name@include(if:$q)}}"
    tree = {"item": {"id": "1", "name": "n"}}
    assert quick(query, tree, {"q": True}) == tree
    assert quick(query, tree, {"q": False}) == {"item": {"id": "1"}}


def test_a_claim_to_be_of_another_type_is_left_to_the_careful_one() -> None:
    assert quick("{item{id __typename}}", {"item": {"id": "1", "__typename": "Other"}}) is None


@pytest.mark.parametrize("query", ["{node{id}}", "{any{__typename}}", "{item{id} __schema{queryType{name}}}"])
def test_types_that_must_be_looked_at_have_none(query: str) -> None:
    assert quick(query, {"node": {"id": "1", "__typename": "Item"}, "any": None, "item": {"id": "1"}}) is None


@pytest.mark.parametrize(("claimed", "asked"), [("", ""), ("", " __typename"), ('"__typename":"Item",', " __typename")])
def test_what_a_gate_has_checked_is_written_as_the_careful_one_does(claimed: str, asked: str) -> None:
    tree = msgspec.json.decode(f'{{"item":{{{claimed}"id":"1","name":null,"__g_id":"1"}}}}')
    projection = Projection(SCHEMA, parse(f"{{item{{id name{asked}}}}}"), checked=frozenset({"Item"}))
    careful, problems = projection.run(tree, {})
    assert problems == []
    assert msgspec.json.encode(projection.quick(tree, {})) == msgspec.json.encode(careful)


@pytest.mark.parametrize("claimed", ["Other", None, 1, ["Item"]])
@pytest.mark.parametrize("asked", ["", " __typename", " t:__typename", " __typename t:__typename"])
def test_what_a_gate_has_not_checked_by_its_type_is_left_to_the_careful_one(claimed: Any, asked: str) -> None:
    tree = {"item": {"id": "1", "__typename": claimed}}
    assert quick(f"{{item{{id{asked}}}}}", tree, checked=frozenset({"Item"})) is None


def test_a_claim_that_nobody_asked_for_is_left_to_the_careful_one() -> None:
    tree = msgspec.json.decode('{"item":{"id":"1","__typename":"Item"}}')
    assert quick("{item{id}}", tree, checked=frozenset({"Item"})) is None


def test_roles_have_none() -> None:
    tree = {"item": {"id": "1", "name": "n"}}
    assert quick("{item{id name}}", tree) == tree
    assert quick("{item{id name}}", tree, forbidden=frozenset({("Item", "name")})) is None
