"""What was withheld takes along what refers to it, also when the question is about the latter alone."""

from __future__ import annotations

from typing import Any

import pytest

from policies.sections import Section
from policies.sensitivity.gate import SensitivityPolicy
from resolvers.record.status import SourceState
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.fhir_r4.kit import of
from tests.resolvers.fhir_r4.server import FhirServer, Json, answer, codes, observation, patient

POLICY = SensitivityPolicy.load()
HIV: Json = of("Condition", code={"coding": [{"system": "http://snomed.info/sct", "code": "86406008"}]})
VISIT: Json = of("Encounter", id="e1", status="finished", diagnosis=[{"condition": {"reference": "Condition/1"}}])
MEDICINE = of("MedicationRequest", medicationCodeableConcept={"text": "Co-trimoxazole"}) | {
    "reasonReference": [{"reference": "Condition/1"}]
}


async def ids(section: Section, *resources: Json, more: tuple[Section, ...] = (), **options: Any) -> list[str]:
    server = FhirServer([patient(), *resources], **options)
    return [entry.id for entry in (await answer(server, section, *more, policy=POLICY))[section].entries]


@pytest.mark.parametrize("more", [(), (Section.CONDITIONS,)])
async def test_a_medicine_for_a_withheld_problem_is_withheld_whatever_else_is_asked(more: tuple[Section, ...]) -> None:
    assert await ids(Section.MEDICATIONS, HIV, MEDICINE, more=more) == []


@pytest.mark.parametrize("more", [(), (Section.CONDITIONS,), (Section.HOSPITAL_STAYS,)])
async def test_a_result_of_a_withheld_visit_is_withheld_two_links_away(more: tuple[Section, ...]) -> None:
    result = observation("o1", encounter={"reference": "Encounter/e1"})
    assert await ids(Section.TEST_RESULTS, HIV, VISIT, result, more=more) == []


async def test_a_result_of_a_harmless_visit_is_shown() -> None:
    result = observation("o1", encounter={"reference": "https://trust.example/fhir/Encounter/e1/_history/3"})
    assert await ids(Section.TEST_RESULTS, VISIT, result) == ["rfl:Observation/o1"]


async def test_what_cannot_be_judged_is_left_out_and_said_to_be_missing() -> None:
    down = {"Encounter": UpstreamError(Failure.UNAVAILABLE)}
    linked, other = observation("o1", encounter={"reference": "Encounter/e1"}), observation("o2")
    server = FhirServer([patient(), VISIT, linked, other], replies=dict(down))
    part = (await answer(server, Section.TEST_RESULTS, policy=POLICY))[Section.TEST_RESULTS]
    assert [entry.id for entry in part.entries] == ["rfl:Observation/o2"]
    assert (part.status, codes(part)) == (SourceState.PARTIAL, ["incomplete-paging"])


async def test_a_whole_record_costs_no_look_up() -> None:
    server = FhirServer([patient(), HIV, VISIT, MEDICINE, observation("o1", encounter={"reference": "Encounter/e1"})])
    await answer(server, policy=POLICY)
    assert not [sent for sent in server.upstream.sent if ("_id" in dict(sent.query))]
