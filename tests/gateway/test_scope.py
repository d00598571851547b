"""One rule of a role, three uses: the operation, the schema it is shown, and the refusal of impossible policies."""

from __future__ import annotations

from graphql import build_schema, parse, print_ast, print_schema

from gateway.scope import cut, denied_fields, hidden_non_null, visible_schema
from policies.decision import Decision, Show, Withhold

SCHEMA = build_schema(
    """
    type Query { patient(id: ID!): Patient secret: Hidden }
    type Patient { id: ID! name: String allergies: [Allergy!] team: [Member] }
    type Hidden { words: String }
    interface Member { name: String role: String }
    type Doctor implements Member { name: String role: String grade: Grade }
    type Nurse implements Member { name: String role: String }
    type Allergy { id: ID! what: String }
    enum Grade { A B }
    """
)


class Table:
    def __init__(self, *denied: tuple[str, str]) -> None:
        self.denied = denied

    def decide(self, type_name: str, field_name: str) -> Decision:
        hidden = (type_name, field_name) in self.denied
        return Withhold(f"{type_name}.{field_name}") if hidden else Show("all")


def denied(*pairs: tuple[str, str]) -> dict[tuple[str, str], str]:
    return denied_fields(Table(*pairs), SCHEMA)


def cut_text(query: str, *pairs: tuple[str, str]) -> str:
    return print_ast(cut(parse(query), SCHEMA, denied(*pairs))[0]).replace("\n", " ")


def test_denied_fields_leave_the_operation() -> None:
    text = cut_text('{ patient(id: "1") { name allergies { what } } }', ("Patient", "allergies"))
    assert "allergies" not in text
    assert "name" in text


def test_denied_fields_leave_fragments_too() -> None:
    text = cut_text(
        '{ patient(id: "1") { ...F ... on Patient { allergies { id } } } } fragment F on Patient { allergies { what } id }',
        ("Patient", "allergies"),
    )
    assert "allergies" not in text
    assert "id" in text


def test_emptied_selection_still_shows_its_object() -> None:
    assert "__typename" in cut_text('{ patient(id: "1") { allergies { what } } }', ("Patient", "allergies"))


def test_interface_field_goes_only_when_no_implementer_shows_it() -> None:
    query = '{ patient(id: "1") { team { role name } } }'
    assert "role" in cut_text(query, ("Doctor", "role"))
    assert "role" not in cut_text(query, ("Doctor", "role"), ("Nurse", "role"))


def test_shown_schema_has_no_trace_of_denied_fields() -> None:
    shown = print_schema(visible_schema(SCHEMA, denied(("Patient", "allergies"), ("Doctor", "grade"))))
    for word in ("allergies", "Allergy", "Grade", "grade"):
        assert word not in shown
    assert "Nurse" in shown


def test_type_without_any_shown_field_disappears_with_the_fields_that_return_it() -> None:
    shown = print_schema(visible_schema(SCHEMA, denied(("Hidden", "words"))))
    assert "Hidden" not in shown
    assert "secret" not in shown


def test_denying_a_non_null_field_of_a_shown_type_is_found() -> None:
    assert hidden_non_null(SCHEMA, denied(("Patient", "id"))) == [("Patient", "id")]
    assert hidden_non_null(SCHEMA, denied(("Patient", "name"), ("Allergy", "id"), ("Allergy", "what"))) == []


def test_what_was_cut_is_named() -> None:
    pairs = denied(("Patient", "allergies"), ("Doctor", "role"))
    _, gone = cut(parse('{ patient(id: "1") { allergies { id } team { role } } }'), SCHEMA, pairs)
    assert gone == {("Patient", "allergies"), ("Doctor", "role")}
