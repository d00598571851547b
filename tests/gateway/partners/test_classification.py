"""Each rule of docs/decisions/0002: what a partner may say, and what is refused."""

from __future__ import annotations

from functools import cache

import pytest

from gateway.federation.subgraph import SubgraphInput
from gateway.graph import Graph, GraphError, compose_graph
from policies.bundle import Policies
from policies.decision import Show
from tests.gateway.partners.kit import HEAD, NOTES

PATIENT = 'type Patient @key(fields: "nhsNumber") {{ nhsNumber: NHSNumber! {} }}\n'
SHARED = """
type CodeableConcept @shareable { text: String codings: [Coding!]! }
type Coding @shareable { system: String code: String display: String }
"""


@cache
def policies() -> Policies:
    return Policies.load()


def graph(sdl: str) -> Graph:
    return compose_graph([SubgraphInput("partner", HEAD + sdl, "http://partner.example")], policies())


def faults(sdl: str) -> list[str]:
    """What is refused, without the mend."""
    with pytest.raises(GraphError) as caught:
        graph(sdl)
    return [reason.partition(";")[0] for reason in caught.value.reasons]


def test_classified_entries_are_gated_and_seen_by_the_roles_of_their_section() -> None:
    good = graph(NOTES)
    assert [need.fields for need in good.classification.gates["Note"]] == ["text"]
    assert isinstance(good.policies.roles.scope("gp").decide("Patient", "notes"), Show)
    assert not isinstance(good.policies.roles.scope("receptionist").decide("Patient", "notes"), Show)


def test_field_without_a_section_is_visible_to_nobody() -> None:
    sdl = PATIENT.format("notes: [Note!]") + 'type Note @entry(text: ["text"]) { text: String @section(name: "falls") }'
    assert faults(sdl) == ["Patient.notes: has no section, so nobody may see it"]


def test_fields_own_section_wins_over_its_types() -> None:
    sdl = NOTES.replace("stars: Int", 'stars: Int @section(name: "social_care")')
    assert graph(sdl).classification.sections["Note", "stars"] == "social_care"


def test_section_must_stand_in_the_matrix() -> None:
    assert "is in section 'stairs', which roles.toml does not have" in faults(NOTES.replace('"falls"', '"stairs"'))[0]


@pytest.mark.parametrize("type_", ["String", "Int", "Float", "Boolean", "Text"])
def test_data_outside_an_entry_is_refused(type_: str) -> None:
    sdl = "scalar Text " + PATIENT.format(f'fact: {type_} @section(name: "falls")')
    assert faults(sdl) == ["Patient.fact: is data outside any @entry type, so no gate reads it"]


def test_ids_and_enums_need_no_gate_but_a_section() -> None:
    sdl = "enum Level { LOW HIGH } " + PATIENT.format('level: Level @section(name: "falls") other: ID')
    assert faults(sdl) == ["Patient.other: has no section, so nobody may see it"]


def test_data_that_is_never_sensitive_is_signed_for() -> None:
    field = 'team: String @section(name: "falls") @neverSensitive(reason: "The same team for everybody.")'
    (signed,) = graph(PATIENT.format(field)).classification.signed
    assert (signed.where, signed.reason) == ("Patient.team", "The same team for everybody.")


def test_an_empty_reason_is_no_reason() -> None:
    field = 'team: String @section(name: "falls") @neverSensitive(reason: " ")'
    assert len(faults(PATIENT.format(field))) == 1


@pytest.mark.parametrize("type_", ["String", "JSON", "DateTime"])
def test_words_that_the_gate_does_not_read_are_refused(type_: str) -> None:
    sdl = "scalar JSON scalar DateTime " + NOTES.replace("stars: Int", f"stars: Int more: {type_}")
    assert faults(sdl) == ["Note.more: holds words that the gate of its entry Note does not read"]


def test_words_below_an_entry_are_read_along_their_path() -> None:
    sdl = NOTES.replace("stars: Int", "where: Where was: Where") + 'type Where @section(name: "falls") { name: String }'
    assert faults(sdl)[0] == "Where.name: holds words that the gate of its entry Note does not read"
    one = sdl.replace('["text"]', '["text", "where { name }"]')
    assert faults(one)[0] == "Where.name: holds words that the gate of its entry Note does not read"
    graph(sdl.replace('["text"]', '["text", "where { name } was { name }"]'))


def test_types_shared_with_the_record_are_read_too() -> None:
    sdl = NOTES.replace("stars: Int", "code: CodeableConcept") + SHARED
    found = faults(sdl)
    assert {one.partition(":")[0] for one in found} == {
        "CodeableConcept.text", "Coding.system", "Coding.code", "Coding.display",
    }  # fmt: skip
    graph(sdl.replace('["text"]', '["text", "code { text codings { system code display } }"]'))


def test_records_types_outside_an_entry_are_refused() -> None:
    found = faults(PATIENT.format('code: CodeableConcept @section(name: "falls")') + SHARED)
    assert found == [
        "Patient.code: returns the record's CodeableConcept outside any @entry type, so no gate reads its words"
    ]


def test_value_type_that_hangs_elsewhere_too_is_not_judged_with_the_entry() -> None:
    sdl = NOTES.replace("stars: Int", "where: Where").replace('["text"]', '["text", "where { name }"]')
    sdl = sdl.replace("notes: [Note!]", 'home: Where @section(name: "falls") notes: [Note!]')
    sdl += 'type Where @section(name: "falls") { name: String }'
    assert faults(sdl) == ["Where.name: is data outside any @entry type, so no gate reads it"]


def test_chain_of_value_types_that_begins_elsewhere_is_not_judged_with_the_entry() -> None:
    sdl = NOTES.replace("stars: Int", "outer: Outer").replace('["text"]', '["text", "outer { inner { name } }"]')
    sdl = sdl.replace("notes: [Note!]", 'home: Outer @section(name: "falls") notes: [Note!]')
    sdl += 'type Outer @section(name: "falls") { inner: Inner } type Inner @section(name: "falls") { name: String }'
    assert faults(sdl) == ["Inner.name: is data outside any @entry type, so no gate reads it"]


@pytest.mark.parametrize("argument", ["first: Int", "limit: Int", "offset: Int", "after: String", "most: Int"])
def test_paging_over_entries_is_refused(argument: str) -> None:
    assert faults(NOTES.replace("notes:", f"notes({argument}):"))[0].startswith("Patient.notes: pages over entries")


def test_connection_over_entries_is_refused() -> None:
    sdl = PATIENT.format('notes(first: Int): NotePage @section(name: "falls")') + NOTES.partition("\n")[2]
    sdl += 'type NotePage @section(name: "falls") { nodes: [Note!] total: Int }'
    found = faults(sdl)
    assert any(one.startswith("Patient.notes: pages over entries (first)") for one in found)
    assert any(one.startswith("NotePage.total: stands beside the entries") for one in found)


def test_filter_that_cannot_count_is_allowed() -> None:
    graph(NOTES.replace("notes:", "notes(kind: Kind):"))


def test_count_beside_entries_is_refused_unless_signed_for() -> None:
    count = 'noteCount: Int @section(name: "falls") notes: [Note!]'
    sdl = NOTES.replace("notes: [Note!]", count)
    assert any("may count withheld ones" in one for one in faults(sdl))
    graph(sdl.replace("noteCount: Int", 'noteCount: Int @neverSensitive(reason: "The number of rooms.")'))


def test_entry_that_names_nothing_is_refused() -> None:
    assert "Note: is an @entry, but names nothing to read" in faults(NOTES.replace('(text: ["text"])', ""))


def test_entry_set_must_be_answered_by_its_own_subgraph() -> None:
    assert faults(NOTES.replace('["text"]', '["text", "colour"]')) == [
        "Note: its @entry cannot be read: Note has no field colour"
    ]
    assert "Note: its @entry cannot be read: its field sets are not GraphQL" in faults(
        NOTES.replace('["text"]', '["text {"]')
    )


def test_partner_may_not_answer_in_the_records_place() -> None:
    sdl = PATIENT.format('restricted: Boolean! @override(from: "record")')
    assert "takes a field of the record over, which only the record may answer" in faults(sdl)[0]


def test_partner_adds_nothing_that_changes_data() -> None:
    found = faults(NOTES + 'type Mutation { touch: ID @section(name: "falls") }')
    assert found == ["Mutation.touch: changes or streams data, but the joined record is for reading"]


def test_entry_is_reached_below_its_patient_only() -> None:
    sdl = NOTES + 'type Query { note: Note @section(name: "falls") }'
    assert faults(sdl)[0].startswith("Note: is an @entry that a query can come to without its Patient")


def test_person_is_named_as_patient_not_by_number() -> None:
    assert faults(NOTES.replace("stars: Int", "carer: NHSNumber")) == [
        "Note.carer: names a person by number, past the gate that withholds people who have opted out"
    ]
    graph(NOTES.replace("stars: Int", "carer: Patient"))


@pytest.mark.parametrize("field", ["carer: Patient!", "next: Note!"])
def test_withheld_object_must_be_able_to_be_null(field: str) -> None:
    found = faults(NOTES.replace("stars: Int", field))
    assert any("is never null, but a withheld" in one for one in found)


def test_interface_entry_holds_for_all_its_types() -> None:
    sdl = (
        PATIENT.format('events: [Event!] @section(name: "falls")')
        + """
        interface Event @entry(text: ["what"]) @section(name: "falls") { what: String }
        type Fall implements Event @section(name: "falls") { what: String floor: String }
        type Trip implements Event @section(name: "falls") { what: String }
    """
    )
    assert faults(sdl) == ["Fall.floor: holds words that the gate of its entry Fall does not read"]
    gates = graph(sdl.replace("floor: String", "floor: ID")).classification.gates
    assert set(gates) == {"Fall", "Trip"}


def test_enum_that_tells_of_something_is_read_like_words() -> None:
    sdl = NOTES.replace("enum Kind { VISIT CALL }", "enum Kind { VISIT SEXUAL_HEALTH_CLINIC }")
    assert faults(sdl) == ["Note.kind: holds words that the gate of its entry Note does not read"]
    graph(sdl.replace('["text"]', '["text", "kind"]'))
    outside = "enum Reason { FALL DOMESTIC_ABUSE } " + PATIENT.format('reason: Reason @section(name: "falls")')
    assert faults(outside) == ["Patient.reason: is data outside any @entry type, so no gate reads it"]


@pytest.mark.parametrize("name", ["hivStatus", "IVFCycles", "domesticAbuse", "in_prison"])
def test_field_is_not_named_after_a_sensitive_matter(name: str) -> None:
    found = faults(NOTES.replace("stars: Int", f"{name}: Boolean"))
    assert found == [
        f"Note.{name}: is named after a sensitive matter ({name}), so that it tells of it whatever is left out"
    ]


def test_partners_field_must_be_nullable() -> None:
    assert any("NULLABILITY" in one for one in faults(NOTES.replace("notes: [Note!]", "notes: [Note!]!")))


def test_directives_under_other_names_are_understood() -> None:
    renamed = HEAD.replace('"@section",', '{ name: "@section", as: "@part" },').replace("@section(", "@part(")
    renamed = renamed.replace('composeDirective(name: "@section")', 'composeDirective(name: "@part")')
    sdl = renamed + NOTES.replace("@section", "@part")
    compose_graph([SubgraphInput("partner", sdl, "http://partner.example")], policies())
