"""Each rule: what breaks it, the code, the place and the mend."""

from __future__ import annotations

import pytest

from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput
from tests.federation.composing import codes, composed, composed2

USER = 'type Query { me: User } type User @key(fields: "id") { id: ID! name: String }'

BROKEN: list[tuple[str, dict[str, str]]] = [
    ("INVALID_FIELD_SHARING", {"a": USER, "b": 'type User @key(fields: "id") { id: ID! name: String }'}),
    ("EXTERNAL_UNUSED", {"a": "type Query { a: Int b: Int @external }", "b": "type Query { b: Int }"}),
    (
        "EXTERNAL_MISSING_ON_BASE",
        {"a": 'type Query { u: U } type U { id: ID! x: Int @external y: Int @requires(fields: "x") }'},
    ),
    ("KEY_INVALID_FIELDS", {"a": 'type Query { u: U } type U @key(fields: "nope") { id: ID! }'}),
    ("KEY_INVALID_FIELDS", {"a": 'type Query { u: U } type U @key(fields: "") { id: ID! }'}),
    ("KEY_FIELDS_HAS_ARGS", {"a": 'type Query { u: U } type U @key(fields: "id") { id(x: Int): ID! }'}),
    (
        "KEY_FIELDS_SELECT_INVALID_TYPE",
        {"a": 'type Query { u: U } type U @key(fields: "n { id }") { n: N } interface N { id: ID! }'},
    ),
    (
        "REQUIRES_FIELDS_MISSING_EXTERNAL",
        {"a": 'type Query { u: U } type U { id: ID! y: Int @requires(fields: "id") }'},
    ),
    (
        "REQUIRES_FIELDS_MISSING_EXTERNAL",
        {
            "a": 'type Query { u: U } type U @key(fields: "id") { id: ID! i: I @shareable'
            ' y: Int @requires(fields: "i { __typename ... on A { x } }") }'
            " interface I { k: Int } type A implements I @shareable { k: Int x: Int @external }",
            "b": "type A @shareable { k: Int x: Int }",
        },
    ),
    ("PROVIDES_ON_NON_OBJECT_FIELD", {"a": 'type Query { u: Int @provides(fields: "x") }'}),
    (
        "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
        {"a": 'type Query { u: U @external @provides(fields: "x") } type U { x: Int @external }'},
    ),
    ("OVERRIDE_FROM_SELF_ERROR", {"a": 'type Query { a: Int @override(from: "a") }'}),
    (
        "OVERRIDE_LABEL_INVALID",
        {"a": 'type Query { a: Int @override(from: "b", label: "percent(101)") }', "b": "type Query { a: Int }"},
    ),
    (
        "OVERRIDE_SOURCE_HAS_OVERRIDE",
        {"a": 'type Query { a: Int @override(from: "b") }', "b": 'type Query { a: Int @override(from: "a") }'},
    ),
    (
        "TYPE_KIND_MISMATCH",
        {"a": "type Query { a: T } type T { x: Int }", "b": "type Query { b(t: T): Int } input T { x: Int }"},
    ),
    (
        "FIELD_TYPE_MISMATCH",
        {"a": "type Query { a: Int @shareable }", "b": "type Query { a: String @shareable }"},
    ),
    (
        "FIELD_ARGUMENT_TYPE_MISMATCH",
        {"a": "type Query { a(x: Int): Int @shareable }", "b": "type Query { a(x: ID): Int @shareable }"},
    ),
    (
        "FIELD_ARGUMENT_DEFAULT_MISMATCH",
        {"a": "type Query { a(x: Int = 1): Int @shareable }", "b": "type Query { a(x: Int = 2): Int @shareable }"},
    ),
    (
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
        {"a": "type Query { a(x: Int!): Int @shareable }", "b": "type Query { a: Int @shareable }"},
    ),
    (
        "EMPTY_MERGED_INPUT_TYPE",
        {"a": "type Query { a(i: I): Int } input I { x: Int }", "b": "type Query { b(i: I): Int } input I { y: Int }"},
    ),
    (
        "INTERFACE_FIELD_NO_IMPLEM",
        {
            "a": "type Query { a: I } interface I { x: Int } type A implements I @shareable { x: Int }",
            "b": "type Query { b: I } interface I { y: Int } type B implements I { y: Int }",
        },
    ),
    (
        "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
        {"a": 'type Query { a: I } interface I @key(fields: "id") { id: ID! } type A implements I { id: ID! }'},
    ),
    ("INTERFACE_OBJECT_USAGE_ERROR", {"a": "type Query { a: I } type I @interfaceObject { x: Int }"}),
    ("INVALID_SHAREABLE_USAGE", {"a": "type Query { a: I } interface I { x: Int @shareable }"}),
    ("REFERENCED_INACCESSIBLE", {"a": "type Query { a: T } type T @inaccessible { x: Int }"}),
    ("ONLY_INACCESSIBLE_CHILDREN", {"a": "type Query { a: T } type T { x: Int @inaccessible }"}),
    ("REQUIRED_INACCESSIBLE", {"a": "type Query { a(x: Int! @inaccessible): Int }"}),
    ("QUERY_ROOT_TYPE_INACCESSIBLE", {"a": "type Query @inaccessible { a: Int }"}),
    (
        "DEFAULT_VALUE_USES_INACCESSIBLE",
        {"a": "type Query { a(e: E = X): Int } enum E { X @inaccessible Y }"},
    ),
    (
        "IMPLEMENTED_BY_INACCESSIBLE",
        {"a": "type Query { a: A } interface I { x: Int } type A implements I { x: Int @inaccessible y: Int }"},
    ),
    ("AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE", {"a": "type Query { a: I } interface I @authenticated { x: Int }"}),
    (
        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
        {
            "a": 'type Query { u: U } type U @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }',
            "b": 'type U @key(fields: "id") { id: ID! x: Int @authenticated }',
        },
    ),
    ("COST_APPLIED_TO_INTERFACE_FIELD", {"a": "type Query { a: I } interface I { x: Int @cost(weight: 1) }"}),
    ("LIST_SIZE_APPLIED_TO_NON_LIST", {"a": "type Query { a: Int @listSize(assumedSize: 1) }"}),
    ("LIST_SIZE_INVALID_ASSUMED_SIZE", {"a": "type Query { a: [Int] @listSize(assumedSize: -1) }"}),
    (
        "CONTEXT_NOT_SET",
        {
            "a": 'type Query { t: T } type T @key(fields: "id") { id: ID! f(x: Int @fromContext(field: "$c { p }")): Int }'
        },
    ),
    ("DIRECTIVE_COMPOSITION_ERROR", {"a": 'extend schema @composeDirective(name: "nope") type Query { a: Int }'}),
    ("INVALID_GRAPHQL", {"a": "type Query { a: Nope }"}),
    ("INVALID_GRAPHQL", {"a": "type Query { a: Int a: Int }"}),
    ("INVALID_GRAPHQL", {"a": "type Query { a: Int @nope }"}),
    ("INVALID_GRAPHQL", {"a": "type Query { a(i: I): Int } input I { i: I! }"}),
    ("INVALID_GRAPHQL", {"a": "type Query { a: A } interface I { x: Int } type A implements I { y: Int }"}),
    ("INVALID_GRAPHQL", {"a": "type Query {"}),
    ("DIRECTIVE_DEFINITION_INVALID", {"a": "directive @key(field: String) on OBJECT type Query { a: Int }"}),
    ("NO_QUERIES", {"a": 'type U @key(fields: "id") { id: ID! }'}),
]


@pytest.mark.parametrize(("code", "sdl"), BROKEN, ids=[f"{code}-{i}" for i, (code, _) in enumerate(BROKEN)])
def test_rule_is_kept(code: str, sdl: dict[str, str]) -> None:
    result = composed2(**sdl)
    assert code in codes(result)
    error = next(error for error in result.errors if error.code == code)
    assert error.mend
    if code != "NO_QUERIES":
        assert {at.subgraph for at in error.locations} <= set(sdl)
        assert all(at.line >= 1 and at.column >= 1 for at in error.locations)


def test_place_is_line_and_column() -> None:
    (error,) = composed2(a='type Query {\n  a: Int\n  b: Int @override(from: "a")\n}').errors
    assert [(at.subgraph, at.line, at.column) for at in error.locations] == [("a", 4, 10)]
    assert error.as_json()["locations"] == [{"subgraph": "a", "line": 4, "column": 10}]


def test_all_faulty_subgraphs_are_reported_at_once() -> None:
    result = composed2(a="type Query { a: Nope }", b='type U @key(fields: "nope") { id: ID! }')
    assert codes(result) == ["INVALID_GRAPHQL", "KEY_INVALID_FIELDS"]


@pytest.mark.parametrize("names", [["_"], [""], ["a", "a"]])
def test_names_of_subgraphs_are_checked(names: list[str]) -> None:
    result = compose([SubgraphInput(name, "type Query { a: Int }") for name in names])
    assert codes(result) == ["INVALID_SUBGRAPH_NAME"]


def test_nothing_to_compose_is_an_error() -> None:
    assert codes(compose([])) == ["NO_QUERIES"]


def test_unimported_directive_gets_advice() -> None:
    sdl = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9") type Query { a: Int @shareable }'
    (error,) = composed(a=sdl).errors
    assert "@federation__shareable" in error.message


def test_lost_override_source_is_named_in_the_mend() -> None:
    result = composed2(a="type Query { a: Int }", b='type Query { a: Int @override(from: "aa") }')
    (error,) = result.errors
    assert error.code == "INVALID_FIELD_SHARING"
    assert "@override" in error.mend
