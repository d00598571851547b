"""What an operation needs is known before anything is asked: fragments and conditions included."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLResolveInfo, build_schema, execute_sync, parse

from policies.sections import Section
from resolvers.lookahead import sections_of

SCHEMA = build_schema("type Query { patient: Patient } type Patient { allergies: Int documents: Int alerts: Int }")


def needed(query: str, **variables: object) -> frozenset[Section]:
    seen: list[frozenset[Section]] = []

    def patient(_root: Any, info: GraphQLResolveInfo[Any]) -> None:
        seen.append(sections_of(info))

    SCHEMA.query_type.fields["patient"].resolve = patient  # type: ignore[union-attr]
    assert not execute_sync(SCHEMA, parse(query), variable_values=variables).errors
    return seen[0]


@pytest.mark.parametrize(
    "selected",
    [
        "allergies documents",
        "a: allergies documents",
        "...P documents",
        "... on Patient { allergies } documents",
        "... @include(if: true) { allergies documents }",
        "allergies documents alerts @skip(if: true)",
        "allergies documents ...Q @include(if: false)",
    ],
)
def test_exactly_what_is_selected_is_needed(selected: str) -> None:
    query = f"{{ patient {{ {selected} }} }} fragment P on Patient {{ allergies }} fragment Q on Patient {{ alerts }}"
    assert needed(query) == {Section.ALLERGIES, Section.DOCUMENTS}


@pytest.mark.parametrize("wanted", [True, False])
def test_conditions_are_read_from_variables(wanted: bool) -> None:
    query = "query($w: Boolean!) { patient { alerts @include(if: $w) ... @skip(if: $w) { documents } } }"
    assert needed(query, w=wanted) == {Section.ALERTS if wanted else Section.DOCUMENTS}


def test_all_places_of_the_field_count() -> None:
    assert needed("{ patient { allergies } ... { patient { alerts } } }") == {Section.ALLERGIES, Section.ALERTS}
