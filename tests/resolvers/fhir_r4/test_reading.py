"""What reading leaves out, and what it says about it."""

from __future__ import annotations

import pytest

from policies.sections import Section
from resolvers.record.alerts import Alert
from resolvers.record.status import SourceState
from resolvers.record.values import Entry, Organisation, RecordedBy
from tests.resolvers.fhir_r4.kit import of, one, part, shared, status
from tests.resolvers.fhir_r4.server import (
    NOW,
    Json,
    allergy,
    codes,
)


@pytest.mark.parametrize("team", [{"status": "inactive"}, {"status": "entered-in-error"}])
def test_a_team_that_is_over_is_not_shown_as_caring(team: Json) -> None:
    assert part(Section.CARE_TEAM, of("CareTeam", name="Old", **team)).entries == []
    over = of("CareTeam", status="inactive", name="Old", period={"end": "2020"})
    assert len(part(Section.CARE_TEAM, over).entries) == 1


@pytest.mark.parametrize(
    ("section", "source"),
    [
        (Section.ALLERGIES, of("AllergyIntolerance", verificationStatus=status("entered-in-error"))),
        (Section.CONDITIONS, of("Condition", verificationStatus=status("entered-in-error"))),
        (Section.DOCUMENTS, of("DocumentReference", status="current", docStatus="entered-in-error")),
        *(
            (section, of(kind, status="entered-in-error"))
            for section, kind in [
                (Section.MEDICATIONS, "MedicationRequest"),
                (Section.MEDICATIONS, "MedicationStatement"),
                (Section.HOSPITAL_STAYS, "Encounter"),
                (Section.HOSPITAL_STAYS, "Composition"),
                (Section.TEST_RESULTS, "Observation"),
                (Section.TEST_RESULTS, "DiagnosticReport"),
                (Section.IMMUNISATIONS, "Immunization"),
                (Section.PROCEDURES, "Procedure"),
                (Section.DOCUMENTS, "DocumentReference"),
                (Section.ALERTS, "Flag"),
                (Section.CARE_PLANS, "CarePlan"),
                (Section.CARE_TEAM, "CareTeam"),
            ]
        ),
    ],
)
def test_what_was_entered_in_error_is_left_out(section: Section, source: Json) -> None:
    found = part(section, source)
    assert (found.entries, found.status, codes(found)) == ([], SourceState.EMPTY, [])


@pytest.mark.parametrize(
    "modifier",
    [
        {"modifierExtension": [{"url": "urn:negated", "valueBoolean": True}]},
        {"implicitRules": "urn:other-rules"},
        {"reaction": [{"modifierExtension": [{"url": "urn:x"}], "description": "x"}]},
    ],
)
def test_an_unknown_modifier_costs_the_entry_and_is_told(modifier: Json) -> None:
    found = part(Section.ALLERGIES, allergy("1", **modifier), allergy("2"))
    assert [entry.id for entry in found.entries] == ["rfl:AllergyIntolerance/2"]
    assert (found.status, codes(found)) == (SourceState.PARTIAL, ["invalid-value"])


def test_an_empty_modifier_is_none() -> None:
    assert one(Section.ALLERGIES, allergy("1", modifierExtension=[])).id == "rfl:AllergyIntolerance/1"


def test_a_resource_without_an_id_is_left_out_and_told() -> None:
    nameless = allergy("1")
    del nameless["id"]
    found = part(Section.ALLERGIES, nameless)
    assert (found.entries, codes(found)) == ([], ["invalid-value"])


def test_an_unknown_status_is_none_and_told() -> None:
    found = part(Section.ALERTS, of("Flag", status="perhaps"))
    (entry,) = found.entries
    assert isinstance(entry, Alert)
    assert (entry.status, codes(found)) == (None, ["invalid-value"])


def test_as_of_is_now_where_the_source_does_not_say() -> None:
    assert one(Section.ALLERGIES, allergy("1")).as_of == NOW


def test_a_provenance_tag_names_the_organisation() -> None:
    tag = {"system": "https://fhir.interweavedigital.nhs.uk/Provenance", "code": "RCB", "display": "York"}
    entry: Entry = one(Section.ALLERGIES, allergy("1", meta={"tag": [tag]}))
    assert entry.recorded_by == RecordedBy(organisation=Organisation(ods_code="RCB", name="York"))


def test_narrative_and_unresolved_displays_are_never_shown() -> None:
    hidden = {"reference": "Practitioner/gone", "display": "SECRET"}
    source = allergy("1", recorder=hidden, asserter=hidden, text={"status": "generated", "div": "<div>SECRET</div>"})
    request = of(
        "MedicationRequest", medicationReference={"reference": "Medication/gone", "display": "SECRET"}, requester=hidden
    )
    for section, resource in ((Section.ALLERGIES, source), (Section.MEDICATIONS, request)):
        assert "SECRET" not in repr(part(section, resource))


def test_a_reference_to_another_server_resolves_to_nothing() -> None:
    request = of("MedicationRequest", medicationReference={"reference": "https://other.example/fhir/Medication/m1"})
    assert one(Section.MEDICATIONS, request, shared("Medication", "m1", code={"text": "Ramipril"})).medicine is None


def test_a_contained_resource_with_a_modifier_is_not_used() -> None:
    medicine = {
        "resourceType": "Medication",
        "id": "m",
        "code": {"text": "Codeine"},
        "modifierExtension": [{"url": "u"}],
    }
    request = of("MedicationRequest", contained=[medicine], medicationReference={"reference": "#m"})
    assert one(Section.MEDICATIONS, request).medicine is None
