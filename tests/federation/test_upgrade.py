"""Federation 1 subgraphs, read as they are used."""

from __future__ import annotations

from tests.federation.composing import codes, composed, composed2, good

OWNER = 'type Query { me: User } type User @key(fields: "id") { id: ID! name: String }'


def test_value_types_are_shared_without_saying_so() -> None:
    good(
        composed(
            a="type Query { a: V } type V { x: Int }",
            b="type Query { b: V } type V { x: Int }",
        )
    )


def test_extension_keys_are_not_external() -> None:
    sdl = good(composed(a=OWNER, b='extend type User @key(fields: "id") { id: ID! @external age: Int }')).supergraph_sdl
    assert "external" not in sdl.split("type User")[1]
    assert "extension" not in sdl.split("type User")[1]


def test_extends_directive_stays_an_extension() -> None:
    sdl = good(
        composed(a=OWNER, b='type User @extends @key(fields: "id") { id: ID! @external age: Int }')
    ).supergraph_sdl
    assert '@join__type(graph: B, key: "id", extension: true)' in sdl


def test_useless_externals_go() -> None:
    sdl = good(
        composed(a=OWNER, b='extend type User @key(fields: "id") { id: ID! @external name: String @external age: Int }')
    ).supergraph_sdl
    assert "name: String @join__field(graph: A)" in sdl


def test_useless_requirements_go() -> None:
    text = 'extend type User @key(fields: "id") {{ id: ID! @external own: Int age: Int @requires(fields: "{}") }}'
    sdl = good(composed(a=OWNER, b=text.format("own"))).supergraph_sdl
    assert "requires" not in sdl.split("type User")[1]


def test_list_of_fields_becomes_a_string() -> None:
    sdl = good(composed(a='type Query { u: U } type U @key(fields: ["a", "b"]) { a: ID! b: ID! }')).supergraph_sdl
    assert 'key: "a b"' in sdl


def test_extension_of_nothing_is_an_error() -> None:
    result = composed(a="type Query { a: Int }", b='extend type User @key(fields: "id") { id: ID! @external }')
    assert codes(result) == ["EXTENSION_WITH_NO_BASE"]


def test_type_of_unused_externals_is_an_error_only_when_used() -> None:
    unused = "type Query {{ a: Int {} }} type Other {{ x: Int @external }}"
    good(composed(a=unused.format(""), b="type Query { b: Other } type Other { x: Int }"))
    used = composed(a=unused.format("o: Other"), b="type Query { b: Other } type Other { x: Int }")
    assert codes(used) == ["TYPE_WITH_ONLY_UNUSED_EXTERNAL"]


def test_interface_object_cannot_meet_a_version_1_interface_key() -> None:
    old = 'type Query { m: M } interface M @key(fields: "id") { id: ID! } type A implements M @key(fields: "id") { id: ID! }'
    new = composed2(x='type M @interfaceObject @key(fields: "id") { id: ID! stars: Int }')
    assert new.errors  # alone it is an interface nowhere
    head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])'
    result = composed(a=old, b=head + ' type M @interfaceObject @key(fields: "id") { id: ID! stars: Int }')
    assert codes(result) == ["INTERFACE_OBJECT_USAGE_ERROR"]


def test_subgraph_fields_of_the_protocol_are_left_out() -> None:
    sdl = "type Query { a: Int _service: _Service! } type _Service { sdl: String } scalar _Any"
    result = good(composed(a=sdl))
    assert "_service" not in result.supergraph_sdl
    assert "_Any" not in result.supergraph_sdl
