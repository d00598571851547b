"""What composes, but may surprise."""

from __future__ import annotations

import pytest

from tests.federation.composing import composed2, good

CASES = [
    (
        "INCONSISTENT_ENTITY",
        'type Query { a: U } type U @key(fields: "id") { id: ID! }',
        "type Query { b: U } type U { id: ID! @shareable }",
    ),
    (
        "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD",
        "type Query { a: V @shareable } type V @shareable { x: Int y: Int }",
        "type Query { a: V @shareable } type V @shareable { x: Int }",
    ),
    (
        "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
        "type Query { a: Int! @shareable }",
        "type Query { a: Int @shareable }",
    ),
    (
        "INCONSISTENT_ARGUMENT_PRESENCE",
        "type Query { a(x: Int): Int @shareable }",
        "type Query { a: Int @shareable }",
    ),
    (
        "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
        "type Query { a(x: Int = 1): Int @shareable }",
        "type Query { a(x: Int): Int @shareable }",
    ),
    ("INCONSISTENT_DESCRIPTION", '"one" type Query { a: Int }', '"two" type Query { b: Int }'),
    (
        "INCONSISTENT_UNION_MEMBER",
        "type Query { a: U } union U = A | B type A @shareable { x: Int } type B { x: Int }",
        "type Query { b: U } union U = A type A @shareable { x: Int }",
    ),
    ("FROM_SUBGRAPH_DOES_NOT_EXIST", 'type Query { a: Int @override(from: "gone") }', "type Query { b: Int }"),
    ("OVERRIDDEN_FIELD_CAN_BE_REMOVED", 'type Query { a: Int @override(from: "b") }', "type Query { a: Int b: Int }"),
    (
        "OVERRIDE_MIGRATION_IN_PROGRESS",
        'type Query { a: Int @override(from: "b", label: "flag") }',
        "type Query { a: Int b: Int }",
    ),
    ("UNUSED_ENUM_TYPE", "type Query { a: Int } enum E { X }", "type Query { b: Int }"),
    (
        "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
        "directive @d on FIELD type Query { a: Int }",
        "type Query { b: Int }",
    ),
]


@pytest.mark.parametrize(("code", "a", "b"), CASES, ids=[case[0] for case in CASES])
def test_surprise_is_hinted(code: str, a: str, b: str) -> None:
    assert code in {hint.code for hint in good(composed2(a=a, b=b)).hints}


def test_unknown_security_feature_is_not_ignored_silently() -> None:
    link = 'extend schema @link(url: "https://h.example/guard/v1.0", for: SECURITY)'
    result = good(composed2(a=f"{link} type Query {{ a: Int }}"))
    (hint,) = [hint for hint in result.hints if hint.code == "LINKED_FEATURE_IGNORED"]
    assert "https://h.example/guard/v1.0" in hint.message
    assert [(at.subgraph, at.line) for at in hint.locations] == [("a", 2)]


def test_plain_composition_has_no_hints() -> None:
    result = good(
        composed2(
            a='type Query { me: U } type U @key(fields: "id") { id: ID! }',
            b='type U @key(fields: "id") { id: ID! age: Int }',
        )
    )
    assert result.hints == ()
