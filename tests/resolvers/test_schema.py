"""The published schema: described everywhere, nullable where another organisation answers, exported as it is."""

from __future__ import annotations

import re
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    is_introspection_type,
    is_specified_scalar_type,
)

from policies.bundle import Policies
from resolvers.record.values import Entry
from resolvers.schema import graphql_core_schema, record_sdl
from resolvers.sources.codec import ENTRY_TYPES

SCHEMA = graphql_core_schema()
ROOTS = {"Query", "Mutation"}
OWN = {
    "id", "recordedBy", "noKnownAllergies", "kind",
}  # fmt: skip
"""Fields of entries that the gateway itself fills, and so may promise."""
HEADINGS = re.compile(
    "PRSB: (Allergies and adverse reactions|Medications and medical devices|Problem list|Admission details|"
    "Future appointments|Investigation results|Vaccinations|Procedures and therapies|Documents|Alerts|"
    "Care and support plan|Professional contacts|Services and care|Contacts with professionals)"
)
PDS = re.compile(r"PDS (Patient|meta)\.[a-zA-Z]+")
ELEMENTS = re.compile(r"(UK Core|Interweave)( and GP Connect)? [A-Z][a-zA-Z]+")


def own_types() -> dict[str, object]:
    return {
        name: type_
        for name, type_ in SCHEMA.type_map.items()
        if not is_introspection_type(type_)
        and not is_specified_scalar_type(type_)
        and not (name.startswith("_") or "__" in name)
    }


def test_every_type_and_field_is_described() -> None:
    bare = []
    for name, type_ in own_types().items():
        if name not in ROOTS and not type_.description:  # type: ignore[attr-defined]
            bare.append(name)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            bare += [f"{name}.{field}" for field, definition in type_.fields.items() if not definition.description]
    assert [field for field in bare if not field.endswith(("._entities", "._service"))] == []


def test_every_section_and_entry_names_its_heading_and_its_element() -> None:
    """A section is a heading of the Core Information Standard; an entry says from which element of which profile it is."""
    patient = SCHEMA.type_map["Patient"]
    assert isinstance(patient, GraphQLObjectType)
    for name, field in patient.fields.items():
        if name in ("nhsNumber", "demographicsAsOf"):
            continue
        section = "Connection" in str(field.type)
        assert _named(field.description, HEADINGS if section else PDS), (name, field.description)
    for kind in ENTRY_TYPES.values():
        description = SCHEMA.type_map[kind.__name__].description  # type: ignore[attr-defined]
        assert _named(description, HEADINGS), description
        assert _named(description, ELEMENTS), description


def _named(description: str | None, pattern: re.Pattern[str]) -> bool:
    return pattern.search(description or "") is not None


def test_everything_that_an_organisation_answers_may_be_null() -> None:
    rigid = [
        f"{kind.__name__}.{name}"
        for kind in ENTRY_TYPES.values()
        for name, field in SCHEMA.type_map[kind.__name__].fields.items()  # type: ignore[attr-defined]
        if isinstance(field.type, GraphQLNonNull) and name not in OWN
    ]
    assert rigid == []


def test_every_field_of_patient_but_its_key_may_be_null() -> None:
    patient = SCHEMA.type_map["Patient"]
    assert isinstance(patient, GraphQLObjectType)
    rigid = [name for name, field in patient.fields.items() if isinstance(field.type, GraphQLNonNull)]
    assert rigid == ["nhsNumber"]


def test_entry_types_have_no_resolvers_of_their_own() -> None:
    """The cache writes and reads entries as they are; a method would not survive."""
    for kind in ENTRY_TYPES.values():
        assert issubclass(kind, Entry)
        definition = kind.__strawberry_definition__  # type: ignore[attr-defined]
        assert [field.name for field in definition.fields if field.base_resolver is not None] == []


def test_every_field_is_classified_and_nothing_else_is() -> None:
    fields = [
        (name, field)
        for name, type_ in own_types().items()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        for field in type_.fields
        if not field.startswith("_")
    ]
    roles = Policies.load().roles
    assert roles.unclassified(fields) == []
    assert roles.unknown(fields) == []


def test_published_schema_is_current() -> None:
    published = Path(__file__).resolve().parents[2] / "schema.graphql"
    assert published.read_text("utf-8").strip() == record_sdl().strip()


def test_enum_values_that_need_words_have_them() -> None:
    for name in ("SourceState", "Completeness", "Finding", "ConflictKind"):
        type_ = SCHEMA.type_map[name]
        assert isinstance(type_, GraphQLEnumType)
        assert all(value.description for value in type_.values.values())
