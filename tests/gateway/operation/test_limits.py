"""Sizes are right, linear to compute, and bounded."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import Limits
from gateway.errors import Refusal
from gateway.operation.limits import CEILING, Size, measure, refuse_oversize
from gateway.operation.prepare import choose_operation
from tests.gateway.kit import SDL

SCHEMA: GraphQLSchema = build_schema(SDL)
LIMITS = Limits()


def size(text: str, values: dict[str, Any] | None = None, limits: Limits = LIMITS) -> Size:
    document = parse(text)
    return measure(choose_operation(document, None), document, SCHEMA, limits, values)


def ladder(rungs: int) -> str:
    steps = "".join(
        f"fragment F{n} on Patient {{a: friend {{...F{n + 1}}} b: friend {{...F{n + 1}}}}}\n" for n in range(rungs)
    )
    return f'{{patient(nhsNumber: "1") {{...F0}}}}\n{steps}fragment F{rungs} on Patient {{nhsNumber}}'


def patient(inside: str) -> str:
    return f'{{patient(nhsNumber: "1") {{{inside}}}}}'


def cost(inside: str, values: dict[str, Any] | None = None) -> int:
    """Cost of selections on one patient, the patient's own 1 left out."""
    return size(patient(inside), values).cost - 1


@pytest.mark.parametrize("rungs", [10, 22, 100])
def test_fragment_ladder_takes_as_many_steps_as_it_has_selections(rungs: int) -> None:
    assert size(ladder(rungs)).steps == 4 * rungs + 3


def test_fragment_ladder_is_seen_for_what_it_is() -> None:
    found = size(ladder(22))
    assert found.aliases == 2**23 - 2
    assert found.depth == 24
    assert size(ladder(100)).fields == CEILING


def test_thousand_chained_fragments_need_no_recursion() -> None:
    chain = "".join(f"fragment F{n} on Patient {{friend {{...F{n + 1}}}}}\n" for n in range(1500))
    found = size(f"{patient('...F0')} {chain} fragment F1500 on Patient {{nhsNumber}}")
    assert found.depth == 1502


@pytest.mark.parametrize(
    "fragments",
    [
        "fragment A on Patient {...A}",
        "fragment A on Patient {friend {...B}} fragment B on Patient {... on Patient {...A}}",
    ],
)
def test_circle_of_fragments_is_refused(fragments: str) -> None:
    with pytest.raises(Refusal, match="GRAPHQL_VALIDATION_FAILED"):
        size(f"{patient('...A')} {fragments}")


def test_everything_is_counted_through_fragments() -> None:
    found = size(
        "query @a {...R x: hello @b ... @c {hello}} fragment R on Query @d {hello z: hello patient(nhsNumber: 1) {n: nhsNumber}}"
    )
    assert (found.root_fields, found.fields, found.aliases, found.directives, found.depth) == (5, 6, 3, 4, 2)


def test_introspection_has_a_depth_of_its_own() -> None:
    found = size("{__schema {types {...T}}} fragment T on __Type {ofType {ofType {name}}}")
    assert (found.depth, found.introspection_depth, found.cost) == (1, 5, 0)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("nhsNumber tags", 0),
        ("friend {nhsNumber}", 1),
        ("friend {friend {nhsNumber}}", 2),
        ("allergies(first: 7) {total}", 1),
        ("allergies(first: 7) {nodes {id}}", 1 + 7),
        ("allergies(first: 7) {nodes {codings {code}}}", 1 + 7 + 7 * 3),
        ("allergies(first: 7) {nodes {note {text}} edges {node {id}}}", 1 + 7 + 7 + 7 + 7),
        ("allergies {nodes {id}}", 1 + 20),
        ("allergies(first: null) {nodes {id}}", 1 + 20),
        ("allergies(first: -3) {nodes {id}}", 1),
        ("notes(last: 4) {text}", 4),
        ("notes {text}", 3),
        ("weighty {text}", 7),
        ("declared {text}", 50),
        ("declared {patient {notes(last: 2) {text}}}", 50 + 50 + 100),
        ("... on Patient {allergies(first: 7) {... {nodes {id}}}}", 1 + 7),
        ("nope {nope {nope}}", 0),
    ],
)
def test_cost_multiplies_by_the_lists_around(inside: str, expected: int) -> None:
    assert cost(inside) == expected


@pytest.mark.parametrize(
    "fragments",
    [
        "fragment C on AllergyConnection {nodes {codings {code}}}",
        "fragment C on AllergyConnection {...D} fragment D on AllergyConnection {nodes {...E}} fragment E on Allergy {codings {code}}",
        "fragment C on AllergyConnection {... on AllergyConnection {nodes {...E}}} fragment E on Allergy {codings {code}}",
    ],
)
def test_fragment_on_a_connection_has_the_page_of_its_place(fragments: str) -> None:
    plain = cost("a: allergies(first: 7) {nodes {codings {code}}} b: allergies(first: 90) {nodes {codings {code}}}")
    spread = size(f"{patient('a: allergies(first: 7) {...C} b: allergies(first: 90) {...C}')} {fragments}").cost - 1
    assert spread == plain == 2 + 97 + 97 * 3


def test_page_by_variable_is_costed_by_its_value() -> None:
    text = "query($n: Int) {patient(nhsNumber: 1) {allergies(first: $n) {nodes {id}}}}"
    assert size(text).varies_with == {"n"}
    assert size(text, {"n": 400}).cost == 402
    assert size(text).cost == 22


def test_cost_saturates() -> None:
    text = "notes(last: 999999999999) {patient {" * 6 + "nhsNumber" + "}}" * 6
    assert cost(text) == CEILING - 1


@pytest.mark.parametrize(
    ("limit", "inside"),
    [
        ("depth", "friend {" * 12 + "nhsNumber" + "}" * 12),
        ("aliases", " ".join(f"a{n}: nhsNumber" for n in range(16))),
        ("directives", " ".join("nhsNumber @skip(if: false)" for _ in range(21))),
        ("fields", "nhsNumber " * 2001),
    ],
)
def test_each_bound_is_named(limit: str, inside: str) -> None:
    with pytest.raises(Refusal) as caught:
        refuse_oversize(size(patient(inside)), LIMITS)
    assert caught.value.extensions == {"limit": limit}


def test_root_fields_are_bounded_through_fragments() -> None:
    with pytest.raises(Refusal) as caught:
        refuse_oversize(size("{...R} fragment R on Query {" + "hello " * 11 + "}"), LIMITS)
    assert caught.value.extensions == {"limit": "root_fields"}


NAMES = ["A", "B", "C", "D"]
SELECTION = st.deferred(
    lambda: (
        st.sampled_from(["nhsNumber", "tags"])
        | st.builds("friend {{{}}}".format, BLOCK)
        | st.builds("notes(last: {}) {{patient {{{}}}}}".format, st.integers(0, 9), BLOCK)
        | st.builds("... on Patient {{{}}}".format, BLOCK)
        | st.builds("...{}".format, st.sampled_from(NAMES))
    )
)
BLOCK = st.lists(SELECTION, min_size=1, max_size=3).map(" ".join)


@settings(deadline=None)
@given(BLOCK, st.lists(BLOCK, min_size=4, max_size=4))
def test_measuring_fragments_equals_measuring_what_they_stand_for(block: str, bodies: list[str]) -> None:
    """A fragment may spread only later ones here, so that inlining ends."""
    inlined: dict[str, str] = {}
    fragments = ""
    for index in reversed(range(4)):
        body = bodies[index]
        for earlier in NAMES[: index + 1]:
            body = body.replace(f"...{earlier}", "nhsNumber")
        fragments += f" fragment {NAMES[index]} on Patient {{{body}}}"
        inlined[NAMES[index]] = _inline(body, inlined)
    spread, plain = size(f"{patient(block)} {fragments}"), size(patient(_inline(block, inlined)))
    assert (spread.depth, spread.fields, spread.cost) == (plain.depth, plain.fields, plain.cost)


def _inline(text: str, bodies: dict[str, str]) -> str:
    for name, body in bodies.items():
        text = text.replace(f"...{name}", f"... on Patient {{{body}}}")
    return text
