"""The record joined over several organisations: completeness, findings, attribution, one call each."""

from __future__ import annotations

import pytest

from policies.sections import Section
from resolvers.sources.source import Coverage
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.kit import NUMBER, Memory, ask, context, item, source

ALLERGIES = f'{{ patient(nhsNumber: "{NUMBER}") {{ allergies {{ completeness finding totalCount nodes {{ id code {{ text }} }} sources {{ organisation {{ name }} status }} }} }} }}'
BOTH = f'{{ patient(nhsNumber: "{NUMBER}") {{ allergies {{ totalCount }} conditions {{ totalCount }} }} }}'


def one(name: str, *words: str, **changes: object) -> Memory:
    items = [item(f"{index}", text) for index, text in enumerate(words)]
    return Memory(name, {Section.ALLERGIES: items}, **changes)  # type: ignore[arg-type]


async def section(*memories: Memory) -> dict:
    made = context(*(source(memory) for memory in memories))
    response = await ask(ALLERGIES, made)
    assert response.data is not None
    return response.data["patient"]["allergies"]


def statuses(found: dict) -> dict[str, str]:
    return {status["organisation"]["name"]: status["status"] for status in found["sources"]}


async def test_entries_of_every_organisation_are_there_with_their_source() -> None:
    found = await section(one("a", "Penicillin"), one("b", "Penicillin", "Latex"))
    assert {node["id"] for node in found["nodes"]} == {"a:0", "b:0", "b:1"}
    assert found["completeness"] == "COMPLETE"
    assert found["finding"] == "RECORDED"


async def test_silence_of_one_source_is_not_absence() -> None:
    down = one("b", failure=UpstreamError(Failure.UNAVAILABLE))
    found = await section(one("a"), down)
    assert found["nodes"] == []
    assert found["finding"] == "NOT_ANSWERED"
    assert found["completeness"] == "PARTIAL"
    assert statuses(found) == {"a": "EMPTY", "b": "UNAVAILABLE"}


async def test_none_found_needs_everybody_to_have_answered() -> None:
    found = await section(one("a"), one("b"))
    assert (found["finding"], found["completeness"]) == ("NONE_FOUND", "COMPLETE")


async def test_recorded_none_is_a_third_answer() -> None:
    found = await section(one("a", "No known allergies"), one("b"))
    assert found["finding"] == "KNOWN_NONE"


async def test_nobody_answering_is_completeness_none() -> None:
    found = await section(one("a", failure=UpstreamError(Failure.REFUSED)))
    assert (found["finding"], found["completeness"]) == ("NOT_ANSWERED", "NONE")
    assert statuses(found) == {"a": "REFUSED"}


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Failure.TIMED_OUT, "TIMED_OUT"),
        (Failure.UNAVAILABLE, "UNAVAILABLE"),
        (Failure.REFUSED, "REFUSED"),
        (Failure.MALFORMED, "UNAVAILABLE"),
    ],
)
async def test_each_failure_has_its_status(failure: Failure, status: str) -> None:
    found = await section(one("a", "Latex"), one("b", failure=UpstreamError(failure)))
    assert statuses(found) == {"a": "ANSWERED", "b": status}
    assert found["totalCount"] == 1


async def test_source_that_never_answers_is_timed_out_at_the_deadline() -> None:
    made = context(source(one("a", "Latex")), source(one("slow", "Peanut", delay=30)), seconds=0.1)
    response = await ask(ALLERGIES, made)
    assert response.data is not None
    found = response.data["patient"]["allergies"]
    assert statuses(found) == {"a": "ANSWERED", "slow": "TIMED_OUT"}


async def test_withheld_entries_leave_an_empty_source() -> None:
    found = await section(one("a", "Allergy to abacavir"), one("b"))
    assert statuses(found) == {"a": "EMPTY", "b": "EMPTY"}
    assert (found["finding"], found["totalCount"], found["completeness"]) == ("NONE_FOUND", 0, "COMPLETE")


async def test_one_call_per_source_serves_every_section() -> None:
    memory = Memory("a", {Section.ALLERGIES: [item("1", "Latex")], Section.CONDITIONS: [item("2", "Asthma")]})
    await ask(BOTH, context(source(memory)))
    assert [each.sections for each in memory.asked] == [frozenset({Section.ALLERGIES, Section.CONDITIONS})]


async def test_only_selected_sections_are_asked_for() -> None:
    memory = Memory("a", {Section.ALLERGIES: [], Section.CONDITIONS: []})
    query = f'query {{ patient(nhsNumber: "{NUMBER}") {{ allergies {{ totalCount }} conditions @skip(if: true) {{ totalCount }} }} }}'
    await ask(query, context(source(memory)))
    assert [each.sections for each in memory.asked] == [frozenset({Section.ALLERGIES})]


async def test_same_patient_twice_in_one_query_is_asked_once() -> None:
    memory = one("a", "Latex")
    query = f'{{ x: patient(nhsNumber: "{NUMBER}") {{ allergies {{ totalCount }} }} y: patient(nhsNumber: "{NUMBER}") {{ allergies {{ totalCount }} }} }}'
    response = await ask(query, context(source(memory)))
    assert response.data == {"x": {"allergies": {"totalCount": 1}}, "y": {"allergies": {"totalCount": 1}}}
    assert len(memory.asked) == 1


async def test_other_practices_are_not_asked_and_say_so() -> None:
    own, other = one("own", "Latex"), one("other", "Peanut")
    made = context(
        source(own, Coverage(practices=frozenset({"Y99001"}))), source(other, Coverage(practices=frozenset({"Y99002"})))
    )
    response = await ask(ALLERGIES, made)
    assert response.data is not None
    assert statuses(response.data["patient"]["allergies"]) == {"own": "ANSWERED", "other": "NOT_ASKED"}
    assert other.asked == []
    assert response.data["patient"]["allergies"]["completeness"] == "COMPLETE"


async def test_audit_journal_knows_who_was_asked_for_what() -> None:
    made = context(source(one("a", "Latex")))
    await ask(ALLERGIES, made)
    assert made.journal.patients == {NUMBER}
    assert made.journal.sections == {Section.ALLERGIES}
    assert {key: state.value for key, state in made.journal.sources.items()} == {"a/allergies": "ANSWERED"}


async def test_a_sources_client_gives_up_before_the_request_does() -> None:
    """Else the request cancels the call, and the breaker never hears that the source hangs."""
    memory = one("a", "Latex")
    made = context(source(memory))
    await ask(ALLERGIES, made)
    assert memory.asked[0].deadline < made.deadline


async def test_sources_are_told_the_window_of_consultations_whatever_is_asked_for() -> None:
    """Their verdicts may hang on consultations: with another first day they would be others."""
    memory = one("a", "Penicillin")
    await section(memory)
    [asked] = memory.asked
    assert asked.since == {Section.CONSULTATIONS: "2023-11-22"}
