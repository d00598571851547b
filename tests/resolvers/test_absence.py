"""Absence is never mistaken for fact: what a section concludes, and what lies outside the record changes none of it."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.sections import Section
from resolvers.loader import SectionRecord
from resolvers.record.allergies import Allergy
from resolvers.record.status import Completeness, Finding, SourceState, SourceStatus
from resolvers.record.values import Entry, Organisation
from resolvers.sources.source import Ask, Fetched, SectionAnswer
from tests.resolvers.fhir_r4.kit import of
from tests.resolvers.fhir_r4.server import Everything, FhirServer, Json, codes, patient, question, source
from tests.resolvers.kit import NUMBER, Memory, People, ask, context, item, person
from tests.resolvers.kit import source as memory_source

FAILED = [SourceState.TIMED_OUT, SourceState.UNAVAILABLE, SourceState.REFUSED]
SILENT = [*FAILED, SourceState.PARTIAL, SourceState.NOT_ASKED]
OLD: Json = of("Condition", recordedDate="2001-02-03", clinicalStatus={"coding": [{"code": "resolved"}]})


def record(*states: SourceState, entries: list[Entry] | None = None, **more: Any) -> SectionRecord:
    statuses = [SourceStatus(organisation=Organisation(ods_code=str(n)), status=s) for n, s in enumerate(states)]
    return SectionRecord(entries or [], statuses, more.get("known_none", False), more.get("unasked", False))


def none_known() -> Entry:
    return Allergy(id=strawberry.ID("a:1"), date=None, no_known_allergies=True)


@pytest.mark.parametrize("silent", [each for each in SILENT if each is not SourceState.NOT_ASKED])
@pytest.mark.parametrize("entries", [[], [none_known()]])
@pytest.mark.parametrize("known_none", [True, False])
def test_no_state_but_a_full_answer_reads_as_none(silent: SourceState, entries: list[Entry], known_none: bool) -> None:
    found = record(SourceState.EMPTY, silent, entries=entries, known_none=known_none)
    assert found.finding in (Finding.NOT_ANSWERED, Finding.RECORDED)
    assert found.completeness is Completeness.PARTIAL


def test_not_asking_whoever_serves_the_person_is_no_answer() -> None:
    found = record(SourceState.EMPTY, SourceState.NOT_ASKED, unasked=True)
    assert (found.finding, found.completeness) == (Finding.NOT_ANSWERED, Completeness.PARTIAL)


def test_not_asking_those_who_do_not_serve_the_person_costs_nothing() -> None:
    found = record(SourceState.EMPTY, SourceState.NOT_ASKED)
    assert (found.finding, found.completeness) == (Finding.NONE_FOUND, Completeness.COMPLETE)


def test_nobody_asked_is_nothing_known() -> None:
    for states in ([], [SourceState.NOT_ASKED]):
        found = record(*states, known_none=True)
        assert (found.finding, found.completeness) == (Finding.NOT_ANSWERED, Completeness.NONE)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(SourceState), max_size=4),
    st.lists(st.sampled_from(["allergy", "none known"]), max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_every_combination_reads_as_a_simple_oracle_says(
    states: list[SourceState], kinds: list[str], known_none: bool, unasked: bool
) -> None:
    entries: list[Entry] = [
        none_known() if kind == "none known" else Allergy(id=strawberry.ID(f"a:{n}"), date=None)
        for n, kind in enumerate(kinds)
    ]
    unasked = unasked and SourceState.NOT_ASKED in states
    found = record(*states, entries=entries, known_none=known_none, unasked=unasked)
    asked = [state for state in states if state is not SourceState.NOT_ASKED]
    everybody = bool(asked) and not unasked and set(asked) <= {SourceState.ANSWERED, SourceState.EMPTY}
    if "allergy" in kinds:
        expected = Finding.RECORDED
    elif everybody and (kinds or known_none):
        expected = Finding.KNOWN_NONE
    elif kinds:
        expected = Finding.RECORDED
    else:
        expected = Finding.NONE_FOUND if everybody else Finding.NOT_ANSWERED
    assert found.finding is expected
    assert (found.completeness is Completeness.COMPLETE) is everybody


class Failing(Memory):
    """Sends its items, and says that something else of the section failed."""

    async def fetch(self, ask: Ask) -> Fetched:
        fetched = await super().fetch(ask)
        fetched.failures = dict.fromkeys(ask.sections, SourceState.UNAVAILABLE)
        return fetched


@pytest.mark.parametrize("words", ["Old and resolved", "HIV disease"])
async def test_a_failed_source_is_not_partial_for_what_is_not_shown(words: str) -> None:
    when = "1990-01-01" if words != "HIV disease" else "2026-01-01"
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ conditions {{ sources {{ status }} completeness }} }} }}'
    answers = [
        (await ask(query, context(memory_source(Failing("a", {Section.CONDITIONS: items}))))).data
        for items in ([], [item("1", words, when)])
    ]
    assert answers[0] == answers[1]


async def conditions(*resources: Json) -> SectionAnswer:
    def keeps(_section: Section, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if (entry.date or "9") > "2016"]

    server = FhirServer([patient(), *resources])
    policy: Any = Everything()
    return (await source(server).ask(question(Section.CONDITIONS), policy, keeps))[Section.CONDITIONS]


async def test_a_bad_value_in_an_entry_outside_the_record_is_not_told() -> None:
    found = await conditions(OLD | {"abatementDateTime": "x"})
    assert (found.status, codes(found)) == (SourceState.EMPTY, [])


async def test_a_bad_value_in_an_entry_of_the_record_is_told_beside_one_outside() -> None:
    recent = OLD | {"id": "2", "recordedDate": "2026-01-01", "abatementDateTime": "y"}
    found = await conditions(OLD | {"abatementDateTime": "x"}, recent)
    assert (found.status, codes(found)) == (SourceState.PARTIAL, ["invalid-value"])


@pytest.mark.parametrize(
    "field", ["birthDate", "gender", "deceased", "address { postcode }", "registeredPractice { name }"]
)
async def test_a_fact_about_the_person_that_could_not_be_read_is_said_to_be_so(field: str) -> None:
    place = {"deceased": "deceasedDateTime", "registeredPractice": "generalPractitioner.identifier"}
    name = field.split()[0]
    nothing: dict[str, Any] = {"birth_date": None, "gender": None, "deceased": None, "address": None, "practice": None}
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ {field} }} }}'
    absent = await ask(query, context(people=People({NUMBER: person(**nothing)})))
    assert (absent.data, absent.errors) == ({"patient": {name: None}}, ())
    bad = await ask(query, context(people=People({NUMBER: person(**nothing, invalid=(place.get(name, name),))})))
    assert bad.data == {"patient": {name: None}}
    assert [(error.path, error.extensions["code"]) for error in bad.errors] == [(("patient", name), "SOURCE_INVALID")]
