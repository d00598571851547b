"""What the supergraph says: join directives, merged types, the API schema."""

from __future__ import annotations

import pytest
from graphql import print_type

from gateway.federation.composition.merging import graph_names
from tests.federation.composing import FED, codes, composed, composed2, good
from tests.federation.supergraph_text import facts_of


def line(sdl: str, start: str) -> str:
    """The line of the supergraph that begins so."""
    found = [text.strip() for text in sdl.splitlines() if text.strip().startswith(start)]
    assert len(found) == 1, found
    return found[0]


def test_field_of_one_subgraph_names_it() -> None:
    sdl = good(
        composed2(
            a='type Query { me: User } type User @key(fields: "id") { id: ID! name: String }',
            b='type User @key(fields: "id") { id: ID! age: Int }',
            c='type Query { us: [User] } type User @key(fields: "id", resolvable: false) { id: ID! }',
        )
    ).supergraph_sdl
    assert line(sdl, "id:") == "id: ID!"
    assert line(sdl, "us:") == "us: [User] @join__field(graph: C)"
    assert line(sdl, "age:") == "age: Int @join__field(graph: B)"
    assert '@join__type(graph: C, key: "id", resolvable: false)' in sdl


def test_output_widens_and_input_narrows() -> None:
    sdl = good(
        composed2(
            a="type Query { q(x: Int): V } type V @shareable { n: Int! }",
            b="type Query { r: V } type V @shareable { n: Int }",
            c="type Query { s(i: I!): Int } input I { x: Int }",
            d="type Query { t(i: I): Int } input I { x: Int! }",
        )
    ).supergraph_sdl
    n = line(sdl, "n: Int")
    assert n == 'n: Int @join__field(graph: A, type: "Int!") @join__field(graph: B, type: "Int")'
    assert line(sdl, "x: Int!").startswith("x: Int! ")


def test_override_moves_a_field() -> None:
    sdl = good(
        composed2(
            a='type Query { me: User } type User @key(fields: "id") { id: ID! name: String age: Int }',
            b='type User @key(fields: "id") { id: ID! name: String @override(from: "a")'
            ' age: Int @override(from: "a", label: "percent(5.5)") }',
        )
    ).supergraph_sdl
    assert line(sdl, "name: String @") == 'name: String @join__field(graph: B, override: "a")'
    age = line(sdl, "age:")
    assert '@join__field(graph: A, overrideLabel: "percent(5.5)")' in age
    assert '@join__field(graph: B, override: "a", overrideLabel: "percent(5.5)")' in age


def test_interface_object_gives_its_fields_to_implementers() -> None:
    result = good(
        composed2(
            a='type Query { all: [Media] } interface Media @key(fields: "id") { id: ID! }'
            ' type Book implements Media @key(fields: "id") { id: ID! }',
            b='type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int @tag(name: "t") }',
        )
    )
    assert "isInterfaceObject: true" in result.supergraph_sdl
    assert 'stars: Int @join__field @tag(name: "t")' in result.supergraph_sdl
    assert result.fields["Book.stars"].subgraphs == ("b",)


def test_enum_merges_by_its_use() -> None:
    only_in = composed2(a="type Query { f(e: E): Int } enum E { X Y }", b="type Query { g(e: E): Int } enum E { X Z }")
    assert list(good(only_in).api_schema.type_map["E"].values) == ["X"]  # type: ignore[attr-defined]
    only_out = composed2(a="type Query { f: E } enum E { X Y }", b="type Query { g: E } enum E { X Z }")
    assert set(good(only_out).api_schema.type_map["E"].values) == {"X", "Y", "Z"}  # type: ignore[attr-defined]
    both = composed2(a="type Query { f(e: E): E } enum E { X Y }", b="type Query { g: E } enum E { X }")
    assert codes(both) == ["ENUM_VALUE_MISMATCH"]


def test_api_hides_what_is_inaccessible() -> None:
    result = good(
        composed2(
            a="type Query { a(x: Int @inaccessible, y: Int): T secret: S @inaccessible }"
            " type T { v: Int w: Int @inaccessible } type S @inaccessible { v: Int }"
        )
    )
    assert print_type(result.api_schema.type_map["Query"]) == "type Query {\n  a(y: Int): T\n}"
    assert print_type(result.api_schema.type_map["T"]) == "type T {\n  v: Int\n}"
    assert "S" not in result.api_schema.type_map
    assert not any(name.startswith(("join__", "link__")) for name in result.api_schema.type_map)


def test_own_directives_compose_when_asked() -> None:
    mine = (
        'extend schema @link(url: "https://gov.example/policy-map/v1.2", import: ["@section"])'
        ' @composeDirective(name: "@section") directive @section(of: Part!) on FIELD_DEFINITION'
        " enum Part { MEDICATION }"
    )
    result = good(composed2(a=mine + " type Query { pills: Int @section(of: MEDICATION) }"))
    assert '@link(url: "https://gov.example/policy-map/v1.2", import: ["@section"])' in result.supergraph_sdl
    assert line(result.supergraph_sdl, "pills:") == "pills: Int @section(of: MEDICATION)"
    (found,) = result.fields["Query.pills"].own
    assert (found.identity, found.name, dict(found.args)) == (
        "https://gov.example/policy-map",
        "section",
        {"of": "MEDICATION"},
    )


def test_own_directives_stay_behind_unless_asked() -> None:
    result = good(composed2(a="directive @mine on FIELD_DEFINITION type Query { a: Int @mine }"))
    assert "@mine" not in result.supergraph_sdl


def test_auth_rules_add_up() -> None:
    result = good(
        composed2(
            a='type Query { q: Int @shareable @requiresScopes(scopes: [["a"], ["b"]]) }',
            b='type Query { q: Int @shareable @requiresScopes(scopes: [["c"]]) @authenticated }',
        )
    )
    q = line(result.supergraph_sdl, "q:")
    assert '@requiresScopes(scopes: [["a", "c"], ["b", "c"]])' in q
    assert "@authenticated" in q


def test_costs_take_the_larger() -> None:
    result = good(
        composed2(
            a="type Query { q(first: Int): [Int] @shareable @cost(weight: 3) @listSize(assumedSize: 5) }",
            b='type Query { q(first: Int): [Int] @shareable @cost(weight: 7) @listSize(slicingArguments: ["first"]) }',
        )
    )
    q = line(result.supergraph_sdl, "q(")
    assert "@cost(weight: 7)" in q
    assert "assumedSize: 5" in q
    assert 'slicingArguments: ["first"]' in q


@pytest.mark.parametrize(
    ("version", "join"), [("v2.0", "v0.3"), ("v2.6", "v0.3"), ("v2.7", "v0.4"), ("v2.8", "v0.5"), ("v2.12", "v0.5")]
)
def test_join_version_follows_federation(version: str, join: str) -> None:
    sdl = f'extend schema @link(url: "https://specs.apollo.dev/federation/{version}") type Query {{ a: Int }}'
    assert f"join/{join}" in good(composed(a=sdl)).supergraph_sdl


def test_cache_tags_are_kept_per_graph() -> None:
    head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@cacheTag"])\n'
    result = good(
        composed(
            a=head + 'type Query { u: U } type U @key(fields: "id") @cacheTag(format: "u") { id: ID! }',
            b=head + 'type U @key(fields: "id") @cacheTag(format: "u") { id: ID! n: Int }',
        )
    )
    kept = '@join__directive(graphs: [A, B], name: "federation__cacheTag", args: {format: "u"})'
    assert kept in result.supergraph_sdl


def test_connectors_are_kept_per_graph() -> None:
    head = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.10")'
        ' @link(url: "https://specs.apollo.dev/connect/v0.1", import: ["@connect", "@source"])'
        ' @source(name: "s", http: {baseURL: "http://x"})\n'
    )
    sdl = good(
        composed(a=head + 'type Query { u: Int @connect(source: "s", http: {GET: "/u"}, selection: "$") }')
    ).supergraph_sdl
    assert '@join__directive(graphs: [A], name: "connect", args: {source: "s", http: {GET: "/u"}' in sdl
    assert '@join__directive(graphs: [A], name: "source"' in sdl


def test_context_arguments_leave_the_api() -> None:
    result = good(
        composed2(
            a='type Query { u: U } type U @key(fields: "id") @context(name: "who") { id: ID! p: String t: T }'
            ' type T @key(fields: "id") { id: ID! f(x: String @fromContext(field: "$who { p }")): Int }'
        )
    )
    assert 'contextArguments: [{context: "a__who", name: "x", type: "String", selection: " { p }"}]' in (
        result.supergraph_sdl
    )
    assert print_type(result.api_schema.type_map["T"]) == "type T {\n  id: ID!\n  f: Int\n}"
    assert result.hints == ()


def test_key_may_have_its_own_braces() -> None:
    good(
        composed2(
            a='type Query { u: U } type U @key(fields: "{ id }") { id: ID! }',
            b='type U @key(fields: "{id}") { id: ID! n: Int }',
        )
    )


def test_built_in_scalars_are_not_merged() -> None:
    assert "scalar ID" not in good(composed2(a="scalar ID type Query { a: ID }")).supergraph_sdl


def test_names_become_enum_values() -> None:
    assert graph_names(["care-north", "care_north", "9lives", "area_2"]) == [
        "CARE_NORTH_1",
        "CARE_NORTH_2",
        "_9LIVES",
        "AREA_2_",
    ]


def test_order_of_subgraphs_does_not_matter() -> None:
    a = FED + 'type Query { me: U } type U @key(fields: "id") { id: ID! n: Int }'
    b = FED + 'type U @key(fields: "id") { id: ID! m: Int }'
    assert good(composed(a=a, b=b)).supergraph_sdl == good(composed(b=b, a=a)).supergraph_sdl


def test_descriptions_survive() -> None:
    text = '"""\nMany\nlines, with \\""" inside\n"""\n'
    result = good(composed2(a=f'{text}type Query {{ "short" a("arg" x: Int): Int }}'))
    facts = facts_of(result.supergraph_sdl)
    assert facts["Query"][2] == 'Many\nlines, with """ inside'
    assert facts["Query.a"][3] == "short"
    assert facts["Query.a"][1][0][4] == "arg"
