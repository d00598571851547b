"""Satisfiability: what cannot be answered, why, and the rules for shared fields."""

from __future__ import annotations

from tests.federation.composing import codes, composed2, good


def test_witness_says_where_and_why() -> None:
    result = composed2(
        a='type Query { me: User } type User @key(fields: "id") { id: ID! }',
        b='type Query { x(of: ID!): User } type User @key(fields: "email") { email: ID! age: Int }',
    )
    assert codes(result) == ["SATISFIABILITY_ERROR"]
    error = next(error for error in result.errors if "age" in error.message)
    assert "{ me { age } }" in error.message
    assert 'in "a"' in error.message
    assert 'to "b"' in error.message
    assert ("b", 2) in {(at.subgraph, at.line) for at in error.locations}
    assert "{ x(of: ...) { id } }" in " ".join(other.message for other in result.errors)


def test_key_reached_over_a_third_subgraph_is_enough() -> None:
    good(
        composed2(
            a='type Query { me: User } type User @key(fields: "id") { id: ID! }',
            b='type User @key(fields: "id") @key(fields: "email") { id: ID! email: ID! }',
            c='type User @key(fields: "email") { email: ID! age: Int }',
        )
    )


def test_value_type_field_needs_its_own_path() -> None:
    result = composed2(
        a="type Query { a: V } type V @shareable { x: Int }",
        b="type Query { b: V } type V @shareable { x: Int y: Int }",
    )
    assert codes(result) == ["SATISFIABILITY_ERROR"]
    assert "{ a { y } }" in result.errors[0].message


def test_requirement_must_be_obtainable() -> None:
    sdl = 'type User @key(fields: "id") { id: ID! weight: Int @external cost: Int @requires(fields: "weight") }'
    a = f"type Query {{ me: User }} {sdl}"
    good(composed2(a=a, b='type User @key(fields: "id") { id: ID! weight: Int }'))
    lost = composed2(a=a, b='type User @key(fields: "no") { no: ID! weight: Int }')
    assert codes(lost) == ["SATISFIABILITY_ERROR"]


def test_shared_mutation_runs_in_one_subgraph() -> None:
    a = 'type Query { q: Int } type Mutation { m: User @shareable } type User @key(fields: "id") { id: ID! x: Int }'
    neither = composed2(a=a, b="type Mutation { m: User @shareable } type User { y: Int }")
    assert codes(neither) == ["SATISFIABILITY_ERROR"]
    # b's User leads to a by its id, so b alone can serve the mutation
    good(composed2(a=a, b="type Mutation { m: User @shareable } type User { id: ID! @shareable y: Int }"))


def test_shared_query_may_use_both_subgraphs() -> None:
    good(
        composed2(
            a="type Query { v: V @shareable } type V { x: Int }",
            b="type Query { v: V @shareable } type V { y: Int }",
        )
    )


def test_shared_field_needs_a_common_object_type() -> None:
    head = "type Query { q: I @shareable } interface I { id: ID! } "
    a, b = "type A implements I @shareable { id: ID! }", "type B implements I @shareable { id: ID! }"
    assert codes(composed2(a=head + a, b=head + b)) == ["SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"]
    unequal = good(composed2(a=head + a, b=f"{head}{a} {b}"))
    assert "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN" in {hint.code for hint in unequal.hints}


def test_both_sides_of_a_labelled_override_are_checked() -> None:
    a = 'type Query { me: User } type User @key(fields: "id") { id: ID! name: String }'
    b = 'type User @key(fields: "KEY") { KEY: ID! name: String @override(from: "a", label: "percent(50)") }'
    good(composed2(a=a, b=b.replace("KEY", "id")))
    lost = composed2(a=a, b=b.replace("KEY", "email"))
    assert "SATISFIABILITY_ERROR" in codes(lost)
    assert any("{ me { name } }" in error.message for error in lost.errors)


def test_member_that_a_subgraph_never_returns_is_no_fault() -> None:
    good(
        composed2(
            a='type Query { get: I } interface I { k: ID } type T1 implements I @key(fields: "k") { k: ID a: Int }'
            ' type T2 implements I @key(fields: "k") { k: ID b: Int }',
            b='interface I { k: ID } type T1 implements I @key(fields: "k") { k: ID myself: I }',
        )
    )


def test_interface_object_needs_a_way_to_the_true_type() -> None:
    a = (
        'type Query { all: [Media] } interface Media @key(fields: "id") { id: ID! }'
        ' type Book implements Media @key(fields: "id") { id: ID! title: String }'
    )
    b = 'type Query { top: Media } type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int }'
    good(composed2(a=a, b=b))
    closed = composed2(a=a.replace('"id")', '"id", resolvable: false)'), b=b)
    assert codes(closed) == ["SATISFIABILITY_ERROR"]


def test_context_must_be_set_above() -> None:
    query = "type Query { u: U OTHER }"
    types = (
        ' type U @key(fields: "id") @context(name: "who") { id: ID! p: String t: T }'
        ' type T @key(fields: "id") { id: ID! f(x: String @fromContext(field: "$who { p }")): Int }'
    )
    good(composed2(a=query.replace("OTHER", "") + types))
    lost = composed2(a=query.replace("OTHER", "t: T") + types)
    assert codes(lost) == ["SATISFIABILITY_ERROR"]
    assert "{ t { f } }" in lost.errors[0].message
