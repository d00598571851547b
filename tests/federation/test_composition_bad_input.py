"""Composition answers with errors whatever it is given; it never raises."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput
from tests.federation.composing import FED, codes, composed

GOOD = FED + (
    'type Query { me(id: ID! = 1): User @shareable all: [Node!]! } interface Node @key(fields: "id") { id: ID! }\n'
    'type User implements Node @key(fields: "id name { first }") @key(fields: "id") {\n'
    '  id: ID!\n  name: Name\n  weight(unit: Unit = KG): Float @external\n  cost: Int @requires(fields: "weight")\n}\n'
    'type Name @shareable { first: String @tag(name: "x") }\nenum Unit { KG LB @inaccessible }\n'
    'input Filter { by: String = "x" and: [Filter!] }\nunion Any = User | Name\nscalar Date @specifiedBy(url: "u")\n'
)
PIECES = st.sampled_from(
    ["{", "}", "(", ")", "@key", '@requires(fields: "', '"', "type ", "extend ", "interface ", "!", "[", ": Int", "&",
     "implements ", "@external ", "@override(from: 3)", "null", "$x", "...", "union X = X ", "schema { query: Name }",
     '@link(url: "https://specs.apollo.dev/federation/v2.1")', "directive @key on OBJECT ", "__x", "é", "\x00", "#"]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), PIECES, st.integers(0, 12)), max_size=4))
def test_damaged_schema_never_raises(cuts: list[tuple[int, str, int]]) -> None:
    text = GOOD
    for at, piece, width in cuts:
        text = text[:at] + piece + text[at + width :]
    other = 'type User @key(fields: "id") { id: ID! weight(unit: String): Float }'
    result = compose(
        [SubgraphInput("a", text), SubgraphInput("b", FED + other), SubgraphInput("c", "type Query { c: Int }")]
    )
    assert result.ok or all(error.mend and error.message for error in result.errors)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "<!doctype html><html></html>",
        '{"data": null}',
        "query { a }",
        "fragment F on Query { a }",
        "type",
        "\ufeff",
    ],
)
def test_what_is_no_schema_is_an_error(text: str) -> None:
    assert composed(a=text).errors


def test_syntax_error_names_its_place() -> None:
    (error,) = composed(a="type Query {\n  a: Int\n  b:\n}").errors
    assert error.code == "INVALID_GRAPHQL"
    assert [(at.subgraph, at.line) for at in error.locations] == [("a", 4)]


@pytest.mark.parametrize("depth", [50, 400, 20_000])
def test_deep_nesting_is_refused_or_read(depth: int) -> None:
    deep = "[" * depth + "Int" + "]" * depth
    result = composed(a=f"type Query {{ a: {deep} }}")
    assert result.ok or codes(result) == ["INVALID_GRAPHQL"]


@pytest.mark.parametrize("depth", [100, 20_000])
def test_deep_selection_is_refused(depth: int) -> None:
    fields = "a { " * depth + "b" + " }" * depth
    result = composed(a=FED + f'type Query {{ u: U }} type U @key(fields: "{fields}") {{ a: U b: Int }}')
    assert result.ok or codes(result) == ["KEY_INVALID_FIELDS"]


@pytest.mark.parametrize("depth", [100, 20_000])
def test_deep_default_is_refused(depth: int) -> None:
    value = "{i: " * depth + "null" + "}" * depth
    result = composed(a=f"type Query {{ a(i: I = {value}): Int }} input I {{ i: I }}")
    assert result.ok or codes(result) == ["INVALID_GRAPHQL"]


def test_federation_name_used_for_something_else_is_an_error() -> None:
    assert codes(composed(a=FED + "input federation__FieldSet { x: Int } type Query { a: Int }")) == [
        "TYPE_DEFINITION_INVALID"
    ]
