"""Facts for policy coverage, and the fields that must be nullable."""

from __future__ import annotations

import pytest

from gateway.federation.composition.compose import nullability_errors
from tests.federation.composing import composed2, good

RECORD = (
    'type Query { patient(n: ID!): Patient } type Patient @key(fields: "nhsNumber") { nhsNumber: ID! name: String! }'
)


def lost(**partners: str) -> list[str]:
    """Coordinates that are non-null although their subgraph may fail."""
    result = good(composed2(record=RECORD, **partners))
    return [error.message.split('"')[1] for error in nullability_errors(result, "record")]


def test_partner_field_on_a_record_type_must_be_nullable() -> None:
    entity = 'type Patient @key(fields: "nhsNumber") {{ nhsNumber: ID! falls: {} }} type Fall {{ on: String! }}'
    assert lost(falls=entity.format("[Fall!]!")) == ["Patient.falls"]
    assert lost(falls=entity.format("[Fall!]")) == []


def test_root_field_of_a_partner_must_be_nullable() -> None:
    assert lost(falls="type Query { fallClinics: [Clinic!]! } type Clinic { name: String! }") == ["Query.fallClinics"]


def test_partners_field_on_another_partners_type_must_be_nullable() -> None:
    housing = 'type Query { home: Home } type Home @key(fields: "id") { id: ID! street: String! }'
    repairs = 'type Home @key(fields: "id") { id: ID! open: Int! closed: Int }'
    assert lost(housing=housing, repairs=repairs) == ["Home.open"]


def test_field_that_the_core_resolves_too_is_safe() -> None:
    partner = 'type Patient @key(fields: "nhsNumber") { nhsNumber: ID! } type Query { mine: Patient }'
    assert lost(partner=partner) == []


def test_field_given_through_an_interface_object_counts() -> None:
    core = (
        'type Query { all: [Media] } interface Media @key(fields: "id") { id: ID! }'
        ' type Book implements Media @key(fields: "id") { id: ID! }'
    )
    partner = 'type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int! }'
    result = good(composed2(core=core, partner=partner))
    assert [error.message.split('"')[1] for error in nullability_errors(result, "core")] == ["Book.stars"]


def test_error_says_what_to_write_and_where() -> None:
    partner = 'type Patient @key(fields: "nhsNumber") {\n  nhsNumber: ID!\n  falls: [Int!]!\n}'
    (error,) = nullability_errors(good(composed2(record=RECORD, falls=partner)), "record")
    assert error.code == "NULLABILITY_LOST_FETCH"
    assert 'Write "falls: [Int!]" in "falls".' in error.mend
    assert [(at.subgraph, at.line) for at in error.locations] == [("falls", 4)]


def test_unknown_core_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no subgraph"):
        nullability_errors(good(composed2(record=RECORD)), "nobody")


def test_facts_name_who_answers() -> None:
    result = good(
        composed2(record=RECORD, falls='type Patient @key(fields: "nhsNumber") { nhsNumber: ID! falls: Int }')
    )
    assert result.fields["Patient.falls"].subgraphs == ("falls",)
    assert result.fields["Patient.name"].subgraphs == ("record",)
    assert result.fields["Patient.nhsNumber"].subgraphs == ("falls", "record")


def test_classifications_come_from_the_type_and_the_field() -> None:
    mine = (
        'extend schema @link(url: "https://gov.example/map/v1.0", import: ["@section", {name: "@codes", as: "@at"}])'
        ' @composeDirective(name: "@section") @composeDirective(name: "@at")'
        " directive @section(of: String!) on OBJECT directive @at(path: String!) on FIELD_DEFINITION"
        ' type Query { fall: Fall } type Fall @section(of: "falls") { code: String @at(path: ".") note: String }'
    )
    facts = good(composed2(falls=mine)).fields
    assert [(item.name, item.args) for item in facts["Fall.code"].own] == [("codes", {"path": "."})]
    assert [(item.name, item.args) for item in facts["Fall.note"].of_type] == [("section", {"of": "falls"})]
    assert facts["Fall.note"].own == ()
