"""What a practice's refusals, faults and gaps become: never an empty record."""

from __future__ import annotations

import pytest

from policies.sections import Section
from resolvers.record.status import SourceState
from resolvers.sources.gp_connect.parameters import STRUCTURED
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.gp_connect.practice import answer, bundle, listing, outcome, patient, resource, snomed
from tests.resolvers.recorded import Recorded, always
from tests.shared_data import shared_data

ALLERGY = Section.ALLERGIES


def penicillin(**more: object) -> dict[str, object]:
    return resource("AllergyIntolerance", "1", code=snomed("91936005"), clinicalStatus="active", **more)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "NO_PATIENT_CONSENT"),
        (403, "NO_ORGANISATION_CONSENT"),
        (403, "ACCESS_DENIED"),
        (404, "PATIENT_NOT_FOUND"),
        (401, "BAD_TOKEN"),
    ],
)
async def test_refusals_and_unknown_people_look_alike(status: int, code: str) -> None:
    told = (await answer(always(outcome(code), status), ALLERGY))[ALLERGY]
    assert (told.status, told.entries, told.warnings, told.known_none) == (SourceState.REFUSED, [], [], False)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "INVALID_NHS_NUMBER"), (422, "INVALID_PARAMETER"), (500, "x"), (502, "x"), (429, "x"), (404, "x")],
)
async def test_faults_are_unavailable(status: int, code: str) -> None:
    assert (await answer(always(outcome(code), status), ALLERGY))[ALLERGY].status is SourceState.UNAVAILABLE


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("noRelationshipResponse.json", 403, SourceState.REFUSED),
        ("operationOutcomePatientNotFound.json", 404, SourceState.REFUSED),
        ("notFoundPatientDocumentResponse.json", 404, SourceState.REFUSED),
        ("operationOutcomeInvalidNHSNumber.json", 400, SourceState.UNAVAILABLE),
        ("operationOutcomePatientNotFound.json", 200, SourceState.REFUSED),
        ("operationOutcomeInvalidNHSNumber.json", 200, SourceState.UNAVAILABLE),
    ],
)
async def test_recorded_errors_are_understood(name: str, status: int, expected: SourceState) -> None:
    body = shared_data(f"gpconnect-stu3/errors/{name}").read_bytes()
    assert (await answer(always(body, status), ALLERGY))[ALLERGY].status is expected


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"resourceType":"Patient"}', b"\xff", b"[" * 5000])
async def test_a_body_that_is_no_record_is_unavailable(body: bytes) -> None:
    assert (await answer(always(body), ALLERGY))[ALLERGY].status is SourceState.UNAVAILABLE


async def test_network_failures_keep_their_kind() -> None:
    upstream = Recorded(lambda _: UpstreamError(Failure.TIMED_OUT))
    assert (await answer(upstream, ALLERGY))[ALLERGY].status is SourceState.TIMED_OUT


async def test_parts_not_implemented_are_partial_and_others_whole() -> None:
    body = bundle(
        listing("886921000000105"),
        penicillin(),
        outcome("NOT_IMPLEMENTED", "warning", "includeProblems"),
        outcome("NOT_IMPLEMENTED", "warning", "includeInvestigations.investigationSearchPeriod"),
    )
    told = await answer(always(body), ALLERGY, Section.CONDITIONS, Section.TEST_RESULTS)
    assert told[ALLERGY].status is SourceState.ANSWERED
    assert told[Section.CONDITIONS].status is SourceState.PARTIAL
    assert [warning.code for warning in told[Section.CONDITIONS].warnings] == ["not-implemented"]
    assert told[Section.TEST_RESULTS].status is SourceState.EMPTY


async def test_a_section_without_its_list_is_not_taken_for_empty() -> None:
    told = await answer(always(bundle(lists=False)), *STRUCTURED)
    assert {each.status for each in told.values()} == {SourceState.PARTIAL}


async def test_another_persons_record_is_dropped_whole() -> None:
    body = bundle(penicillin(), person=patient("9990000026"))
    told = await answer(always(body), ALLERGY, Section.MEDICATIONS)
    for each in told.values():
        assert (each.status, each.entries) == (SourceState.UNAVAILABLE, [])
        assert [warning.code for warning in each.warnings] == ["wrong-patient"]


async def test_one_misfiled_item_is_dropped_and_told_in_its_section() -> None:
    other = resource("AllergyIntolerance", "2", code=snomed("91935009"), clinicalStatus="active")
    other["patient"] = {"reference": "Patient/q"}
    told = await answer(always(bundle(penicillin(), other)), ALLERGY, Section.MEDICATIONS)
    assert [entry.id for entry in told[ALLERGY].entries] == ["gp1:AllergyIntolerance/1"]
    assert [warning.code for warning in told[ALLERGY].warnings] == ["wrong-patient"]
    assert told[Section.MEDICATIONS].status is SourceState.EMPTY


async def test_another_date_of_birth_is_pointed_out() -> None:
    from resolvers.sources.source import Subject
    from tests.resolvers.gp_connect.practice import PERSON

    body = bundle(penicillin(), person=patient(birthDate="1970-01-01"))
    told = await answer(always(body), ALLERGY, subject=Subject(PERSON, "1971-01-01"))
    assert [warning.code for warning in told[ALLERGY].warnings] == ["demographics-differ"]
    assert len(told[ALLERGY].entries) == 1


@pytest.mark.parametrize("code", ["confidential-items", "data-awaiting-filing", "data-in-transit", "something-new"])
async def test_an_empty_list_with_a_warning_is_not_taken_for_empty(code: str) -> None:
    told = (await answer(always(bundle(listing("886921000000105", code))), ALLERGY))[ALLERGY]
    assert told.status is SourceState.PARTIAL
    assert len(told.warnings) == 1


async def test_nil_known_list_is_known_none() -> None:
    empty = listing("886921000000105", emptyReason={"coding": [{"code": "nilknown"}]})
    assert (await answer(always(bundle(empty)), ALLERGY))[ALLERGY].known_none
