"""The ten things that real FHIR servers did and that a hand-written fake would not."""

from __future__ import annotations

import msgspec
import pytest

from policies.sections import Section
from resolvers.record.allergies import Allergy
from resolvers.record.status import SourceState
from resolvers.sources.fhir_r4.options import PatientBy
from resolvers.sources.fhir_r4.patients import NHS_NUMBER
from resolvers.sources.upstream import Reply
from tests.resolvers.fhir_r4.server import (
    BASE,
    NUMBER,
    FhirServer,
    Json,
    allergy,
    answer,
    codes,
    declared,
    observation,
    only,
    patient,
    question,
    source,
)

# 1 paging loses records


async def test_every_sort_has_an_id_tiebreak() -> None:
    server = FhirServer([patient()])
    await answer(server)
    for sent in server.upstream.sent:
        if sent.path not in ("metadata", "Patient"):
            assert dict(sent.query)["_sort"].endswith("_id"), sent.path


async def test_all_pages_are_followed() -> None:
    server = FhirServer([patient(), *(observation(f"o{each}") for each in range(23))], page=5, total=True)
    part = await only(server, Section.TEST_RESULTS)
    assert len(part.entries) == 23
    assert part.status is SourceState.ANSWERED


async def test_a_row_lost_between_pages_makes_the_section_partial() -> None:
    """Ties in the sort key: a row comes twice and another never, so the server's own total is not reached."""

    def lose(kind: str, bundle: Json) -> Json:
        for entry in bundle.get("entry", []):
            if entry["resource"]["id"] == "o7":
                entry["resource"] = observation("o1")
        return bundle

    rows = [observation(f"o{each}") for each in range(12)]
    server = FhirServer([patient(), *rows], page=5, total=True, rewrite=lose)
    part = await only(server, Section.TEST_RESULTS)
    assert len(part.entries) == 11
    assert part.status is SourceState.PARTIAL
    assert codes(part) == ["incomplete-paging"]


# 2 a bad query reads as "none"


async def test_nothing_is_sent_that_the_server_does_not_declare() -> None:
    statement = declared(
        {"Patient": ["identifier"], "Observation": ["subject"]}, includes={"Observation": ["Observation:performer"]}
    )
    server = FhirServer([patient(), observation("o1")], statement)
    part = await only(server, Section.TEST_RESULTS)
    asked = server.asked("Observation")
    assert asked["subject"] == ["Patient/p1"]
    assert asked["_include"] == ["Observation:performer"]
    assert asked["_sort"] == ["_id"]
    assert server.searches() == ["Patient", "Observation"]
    assert part.status is SourceState.ANSWERED


async def test_a_section_the_server_does_not_keep_is_not_asked() -> None:
    server = FhirServer([patient()], declared({"Patient": ["identifier"], "Condition": ["patient"]}))
    found = await answer(server, Section.ALLERGIES, Section.CONDITIONS)
    assert found[Section.ALLERGIES].status is SourceState.NOT_ASKED
    assert codes(found[Section.ALLERGIES]) == ["not-implemented"]
    assert found[Section.CONDITIONS].status is SourceState.EMPTY
    assert server.searches() == ["Patient", "Condition"]


async def test_nobody_known_means_no_search_with_an_empty_patient() -> None:
    server = FhirServer([patient("p2", "9990000026"), allergy("a", owner="p2")])
    part = await only(server, Section.ALLERGIES)
    assert part.status is SourceState.EMPTY
    assert server.searches() == ["Patient"]


async def test_none_found_is_not_known_none() -> None:
    nothing = await only(FhirServer([patient()]), Section.ALLERGIES)
    assert (nothing.status, nothing.entries, nothing.known_none) == (SourceState.EMPTY, [], False)
    said = {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}
    known = await only(FhirServer([patient(), allergy("n", code=said)]), Section.ALLERGIES)
    assert [entry.no_known_allergies for entry in known.entries if isinstance(entry, Allergy)] == [True]


# 3 every patient comes back


async def test_rows_of_other_people_are_dropped_and_told() -> None:
    rows = [allergy("mine"), allergy("theirs", owner="p2")]
    server = FhirServer([patient(), patient("p2", "9990000026"), *rows], ignores_patient=True)
    part = await only(server, Section.ALLERGIES)
    assert [entry.id for entry in part.entries] == ["rfl:AllergyIntolerance/mine"]
    assert part.status is SourceState.PARTIAL
    assert codes(part) == ["wrong-patient"]


async def test_paging_stops_at_the_first_page_of_other_people() -> None:
    rows = [observation(f"o{each}", owner="p2") for each in range(50)]
    server = FhirServer([patient(), *rows], ignores_patient=True, page=5, total=True)
    part = await only(server, Section.TEST_RESULTS)
    assert part.entries == []
    assert len([sent for sent in server.upstream.sent if "Observation" in sent.path]) == 1


@pytest.mark.parametrize(
    "subject",
    [
        {},
        {"reference": "Patient/p2"},
        {"reference": "https://other.example/fhir/Patient/p1"},
        {"reference": "Group/p1"},
        {"display": "Somebody"},
        {"identifier": {"system": NHS_NUMBER, "value": "9990000026"}},
        {"reference": "Patient/p1", "identifier": {"system": NHS_NUMBER, "value": "9990000026"}},
        {"reference": "Patient/p2", "identifier": {"system": NHS_NUMBER, "value": NUMBER}},
        {"identifier": {"system": "urn:mrn", "value": NUMBER}},
    ],
)
async def test_a_row_that_does_not_name_the_person_is_dropped(subject: Json) -> None:
    server = FhirServer([patient(), observation("o1", subject=subject)], ignores_patient=True)
    part = await only(server, Section.TEST_RESULTS)
    assert part.entries == []
    assert codes(part) == ["wrong-patient"]


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": f"{BASE}/Patient/p1"},
        {"reference": "Patient/p1/_history/3"},
        {"reference": "https://inside.example/Patient/p1"},
        {"identifier": {"system": NHS_NUMBER, "value": "999 000 0018"}},
        {"reference": "https://pds.example/Patient/1", "identifier": {"system": NHS_NUMBER, "value": NUMBER}},
    ],
)
async def test_a_row_may_name_the_person_in_several_ways(subject: Json) -> None:
    server = FhirServer([patient(), observation("o1", subject=subject)], ignores_patient=True)
    part = await only(server, Section.TEST_RESULTS, own_urls=("https://inside.example",))
    assert len(part.entries) == 1
    assert codes(part) == []


# 4 includes bring extra types


async def test_included_types_that_were_not_wanted_are_dropped() -> None:
    medicine = {"resourceType": "Medication", "id": "m1", "code": {"text": "Ramipril"}}
    alert = {"resourceType": "Flag", "id": "f1", "subject": {"reference": "Patient/p1"}, "status": "active"}
    request = {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/m1"},
    }

    def generous(kind: str, bundle: Json) -> Json:
        return {**bundle, "entry": [*bundle["entry"], {"resource": alert, "search": {"mode": "include"}}]}

    server = FhirServer(
        [patient(), medicine, request], rewrite=lambda k, b: generous(k, b) if k[:3] == "Med" and "entry" in b else b
    )
    fetched = await source(server).adapter.fetch(question(Section.MEDICATIONS))
    assert [item.key for item in fetched.items] == ["MedicationRequest/r1", "Medication/m1"]
    part = await only(server, Section.MEDICATIONS)
    assert [entry.medicine.text for entry in part.entries] == ["Ramipril"]  # type: ignore[attr-defined]


async def test_an_included_row_of_the_searched_type_is_no_match() -> None:
    def include(kind: str, bundle: Json) -> Json:
        for entry in bundle.get("entry", []):
            if entry["resource"]["id"] == "a2":
                entry["search"] = {"mode": "include"}
        return bundle

    server = FhirServer([patient(), allergy("a1"), allergy("a2")], rewrite=include)
    part = await only(server, Section.ALLERGIES)
    assert [entry.id for entry in part.entries] == ["rfl:AllergyIntolerance/a1"]


# 5 total is absent, no match is `entry` absent or []


@pytest.mark.parametrize("empty", [{}, {"entry": []}, {"entry": None}, {"total": 0}, {"total": "many"}])
async def test_an_empty_answer_has_many_forms(empty: Json) -> None:
    body = msgspec.json.encode({"resourceType": "Bundle", "type": "searchset", **empty})
    server = FhirServer([patient()], replies={"AllergyIntolerance": Reply(200, body)})
    part = await only(server, Section.ALLERGIES)
    assert (part.status, codes(part)) == (SourceState.EMPTY, [])


async def test_without_mode_the_type_decides() -> None:
    server = FhirServer([patient(), allergy("a1")], mode=None)
    assert len((await only(server, Section.ALLERGIES)).entries) == 1


# 6 one bad value costs its field


async def test_a_bad_date_costs_only_its_field() -> None:
    server = FhirServer(
        [patient(birthDate="x"), allergy("a1", onsetDateTime="x", recordedDate="2024-02-30", criticality="high")]
    )
    part = await only(server, Section.ALLERGIES)
    (entry,) = part.entries
    assert isinstance(entry, Allergy)
    assert (entry.onset, entry.date, entry.criticality is not None) == (None, None, True)
    assert part.status is SourceState.PARTIAL
    assert [warning.text for warning in part.warnings] == [
        "A value of AllergyIntolerance.recordedDate could not be read and is left out.",
        "A value of AllergyIntolerance.onset could not be read and is left out.",
    ]


async def test_a_wrongly_typed_value_costs_only_its_field() -> None:
    code = {"text": "Latex", "coding": [{"system": "http://snomed.info/sct", "code": 111088007, "display": "Latex"}]}
    server = FhirServer([patient(), allergy("a1", code=code, note="none"), allergy("a2")])
    part = await only(server, Section.ALLERGIES)
    first, second = part.entries
    assert isinstance(first, Allergy)
    assert first.code is not None
    assert (first.code.text, first.code.codings[0].display, first.code.codings[0].code) == ("Latex", "Latex", None)
    assert second.id == "rfl:AllergyIntolerance/a2"
    assert codes(part) == ["invalid-value", "invalid-value"]


# 7 the same id from two sources


async def test_ids_carry_source_and_type() -> None:
    server = FhirServer([patient(), allergy("1"), observation("1")])
    found = await answer(server, Section.ALLERGIES, Section.TEST_RESULTS)
    ids = [entry.id for part in found.values() for entry in part.entries]
    assert sorted(ids) == ["rfl:AllergyIntolerance/1", "rfl:Observation/1"]


# 8 throttled, unauthorised


def _outcome(code: str, severity: str = "error") -> bytes:
    return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]})


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(429, _outcome("throttled"), {"ratelimit-limit": "100"}), SourceState.UNAVAILABLE),
        (Reply(401, _outcome("login")), SourceState.REFUSED),
        (Reply(403, b""), SourceState.REFUSED),
        (Reply(400, _outcome("forbidden")), SourceState.REFUSED),
        (Reply(500, b"<html>"), SourceState.UNAVAILABLE),
        (Reply(504, b""), SourceState.TIMED_OUT),
        (Reply(200, _outcome("exception")), SourceState.UNAVAILABLE),
        (Reply(200, b"<html>"), SourceState.UNAVAILABLE),
        (Reply(200, b'{"resourceType":"Bundle","entry":[{"resource":'), SourceState.UNAVAILABLE),
        (Reply(400, _outcome("not-supported")), SourceState.NOT_ASKED),
        (Reply(404, b""), SourceState.NOT_ASKED),
    ],
)
async def test_a_failed_search_costs_its_section_only(reply: Reply, state: SourceState) -> None:
    server = FhirServer([patient(), observation("o1")], replies={"AllergyIntolerance": reply})
    found = await answer(server, Section.ALLERGIES, Section.TEST_RESULTS)
    assert found[Section.ALLERGIES].status is state
    assert found[Section.TEST_RESULTS].status is SourceState.ANSWERED


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(401, _outcome("login")), SourceState.REFUSED),
        (Reply(429, _outcome("throttled")), SourceState.UNAVAILABLE),
        (Reply(200, _outcome("exception")), SourceState.UNAVAILABLE),
    ],
)
async def test_a_failed_patient_lookup_costs_every_section(reply: Reply, state: SourceState) -> None:
    server = FhirServer([patient()], replies={"Patient": reply})
    found = await answer(server)
    assert {part.status for part in found.values()} == {state}


# 9 identifier search refused, restricted is no error


async def test_a_server_whose_ids_are_nhs_numbers_needs_no_identifier_search() -> None:
    server = FhirServer([patient(NUMBER), allergy("a1", owner=NUMBER)])
    part = await only(server, Section.ALLERGIES, patient_by=PatientBy.NHS_NUMBER)
    assert server.searches() == ["AllergyIntolerance"]
    assert len(part.entries) == 1


async def test_a_restricted_patient_is_no_error() -> None:
    restricted = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
    server = FhirServer([patient(meta=restricted), allergy("a1")])
    assert (await only(server, Section.ALLERGIES)).status is SourceState.ANSWERED


# 10 batch entries' status is "200" or "200 OK"


@pytest.mark.parametrize("status", ["200", "200 OK"])
async def test_a_batch_answers_all_searches_at_once(status: str) -> None:
    server = FhirServer([patient(), allergy("a1"), observation("o1")], batch_status=status)
    found = await answer(server, Section.ALLERGIES, Section.TEST_RESULTS, batch=True)
    assert [sent.path for sent in server.upstream.sent] == ["metadata", "Patient", ""]
    assert {part.status for part in found.values()} == {SourceState.ANSWERED}


async def test_a_failure_within_a_batch_costs_its_section_only() -> None:
    server = FhirServer(
        [patient(), observation("o1")], replies={"AllergyIntolerance": Reply(403, _outcome("forbidden"))}
    )
    found = await answer(server, Section.ALLERGIES, Section.TEST_RESULTS, batch=True)
    assert found[Section.ALLERGIES].status is SourceState.REFUSED
    assert found[Section.TEST_RESULTS].status is SourceState.ANSWERED
