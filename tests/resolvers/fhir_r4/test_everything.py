"""All sections by one `Patient/[id]/$everything`, where the server declares it."""

from __future__ import annotations

from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.sources.upstream import Failure, Reply, UpstreamError
from tests.resolvers.fhir_r4.kit import of, shared
from tests.resolvers.fhir_r4.server import (
    FhirServer,
    allergy,
    answer,
    codes,
    declared,
    observation,
    only,
    patient,
)

KEPT = {"Patient": ["identifier"], "AllergyIntolerance": ["patient"], "Observation": ["patient"], "Flag": ["patient"]}
STATEMENT = declared(KEPT, everything=True)


async def test_one_request_serves_every_section() -> None:
    server = FhirServer([patient(), allergy("a1"), observation("o1")], STATEMENT)
    found = await answer(server, Section.ALLERGIES, Section.TEST_RESULTS, Section.ALERTS, everything=True)
    assert [sent.path for sent in server.upstream.sent] == ["metadata", "Patient", "Patient/p1/$everything"]
    assert [entry.id for entry in found[Section.ALLERGIES].entries] == ["rfl:AllergyIntolerance/a1"]
    assert [entry.id for entry in found[Section.TEST_RESULTS].entries] == ["rfl:Observation/o1"]
    assert found[Section.ALERTS].status is SourceState.EMPTY


async def test_only_the_types_of_the_asked_sections_are_wanted() -> None:
    server = FhirServer([patient(), allergy("a1"), observation("o1")], STATEMENT)
    await answer(server, Section.ALLERGIES, everything=True)
    (types,) = [dict(sent.query)["_type"] for sent in server.upstream.sent if "everything" in sent.path]
    assert set(types.split(",")) == {"AllergyIntolerance", "Practitioner", "PractitionerRole", "Organization"}


async def test_what_a_server_sends_unasked_is_dropped() -> None:
    server = FhirServer([patient(), allergy("a1"), observation("o1")], STATEMENT)
    server.rewrite = lambda kind, bundle: (
        {**bundle, "entry": [{"resource": each} for each in server.resources]} if kind == "$everything" else bundle
    )
    found = await answer(server, Section.ALLERGIES, everything=True)
    assert [entry.id for entry in found[Section.ALLERGIES].entries] == ["rfl:AllergyIntolerance/a1"]


async def test_what_is_referred_to_comes_along() -> None:
    request = of("MedicationRequest", status="active", medicationReference={"reference": "Medication/m1"})
    server = FhirServer([patient(), request, shared("Medication", "m1", code={"text": "Ramipril"})])
    part = await only(server, Section.MEDICATIONS, everything=True)
    assert [entry.medicine.text for entry in part.entries] == ["Ramipril"]  # type: ignore[attr-defined]


async def test_all_its_pages_are_followed() -> None:
    server = FhirServer([patient(), *(observation(f"o{each}") for each in range(12))], page=5)
    part = await only(server, Section.TEST_RESULTS, everything=True)
    assert len(part.entries) == 12
    assert part.status is SourceState.ANSWERED


async def test_rows_of_another_person_make_every_section_partial() -> None:
    server = FhirServer([patient(), allergy("a1"), observation("o1", owner="p2")])
    server.rewrite = lambda kind, bundle: (
        {**bundle, "entry": [{"resource": each} for each in server.resources[1:]]} if kind == "$everything" else bundle
    )
    found = await answer(server, Section.ALLERGIES, Section.TEST_RESULTS, everything=True)
    assert {part.status for part in found.values()} == {SourceState.PARTIAL}
    assert codes(found[Section.ALLERGIES]) == ["wrong-patient"]


async def test_a_server_without_it_is_searched() -> None:
    server = FhirServer([patient(), allergy("a1")], declared(KEPT))
    await only(server, Section.ALLERGIES, everything=True)
    assert server.searches() == ["Patient", "AllergyIntolerance"]


async def test_a_server_that_does_not_know_it_is_searched() -> None:
    server = FhirServer([patient(), allergy("a1")], replies={"$everything": Reply(404, b"")})
    part = await only(server, Section.ALLERGIES, everything=True)
    assert len(part.entries) == 1


async def test_two_local_patients_are_searched() -> None:
    server = FhirServer([patient("p1"), patient("p7"), allergy("a7", owner="p7")])
    part = await only(server, Section.ALLERGIES, everything=True)
    assert len(part.entries) == 1
    assert not [sent for sent in server.upstream.sent if "everything" in sent.path]


async def test_its_failure_is_every_sections() -> None:
    server = FhirServer([patient()], replies={"$everything": UpstreamError(Failure.TIMED_OUT)})
    found = await answer(server, Section.ALLERGIES, Section.TEST_RESULTS, everything=True)
    assert {part.status for part in found.values()} == {SourceState.TIMED_OUT}
