"""What was withheld takes along what refers to it, also when the question is about the latter alone."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from policies.files import PACKAGED
from policies.sections import Section
from policies.sensitivity.gate import SensitivityPolicy
from resolvers.record.status import SourceState
from resolvers.sources.fhir_r4.linked import mentioned
from resolvers.sources.fhir_r4.searches import HOLDERS, SEARCHES
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.fhir_r4.kit import EVERYTHING, of, shared
from tests.resolvers.fhir_r4.server import (
    BASE,
    FhirServer,
    Json,
    answer,
    codes,
    declared,
    observation,
    patient,
    question,
    source,
)

POLICY = SensitivityPolicy.load()
HIV: Json = of("Condition", code={"coding": [{"system": "http://snomed.info/sct", "code": "86406008"}]})
VISIT: Json = of("Encounter", id="e1", status="finished", diagnosis=[{"condition": {"reference": "Condition/1"}}])
MEDICINE = of("MedicationRequest", medicationCodeableConcept={"text": "Co-trimoxazole"}) | {
    "reasonReference": [{"reference": "Condition/1"}]
}


BY_PATIENT = [search for searches in SEARCHES.values() for search in searches]


async def ids(section: Section, *resources: Json, more: tuple[Section, ...] = (), **options: Any) -> list[str]:
    asked = options.pop("asked", {})
    server = FhirServer([patient(), *resources], **options)
    return [entry.id for entry in (await answer(server, section, *more, policy=POLICY, **asked))[section].entries]


def without_includes(kind: str, bundle: Json) -> Json:
    return {**bundle, "entry": [each for each in bundle.get("entry", []) if each["search"]["mode"] == "match"]}


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


REPORT: Json = of("DiagnosticReport", id="r1", code={"text": "HIV screen"}, result=[{"reference": "Observation/o1"}])
GROUP = observation("g1", code={"text": "HIV screen"}, hasMember=[{"reference": "Observation/o1"}])
VACCINATION = of("Immunization", reasonReference=[{"reference": "Observation/o1"}])
FINDS = {"DiagnosticReport": ["patient", "result"], "Observation": ["patient", "has-member", "_id"]}


@pytest.mark.parametrize("holder", [REPORT, GROUP], ids=["report", "group"])
@pytest.mark.parametrize("more", [(), (Section.TEST_RESULTS,)])
@pytest.mark.parametrize("options", [{}, {"everything": True}, {"batch": True}])
@pytest.mark.parametrize("statement", [None, declared(EVERYTHING), declared(EVERYTHING | FINDS)])
async def test_a_result_that_a_withheld_holder_draws_draws_what_it_is_the_reason_for(
    holder: Json, more: tuple[Section, ...], options: Json, statement: Json | None
) -> None:
    held = [observation("o1"), VACCINATION]
    assert await ids(Section.IMMUNISATIONS, holder, *held, more=more, statement=statement, asked=options) == []
    harmless = {**holder, "code": {"text": "Full blood count"}}
    shown = await ids(Section.IMMUNISATIONS, harmless, *held, more=more, statement=statement, asked=options)
    assert shown == ["rfl:Immunization/1"]


def test_the_holders_of_every_rule_that_draws_members_are_looked_up() -> None:
    rules = tomllib.loads((PACKAGED / "sensitivity/links.toml").read_text())["link"]
    drawing = {(rule["from"], rule["field"]) for rule in rules if rule.get("reverse")}
    of_stu3 = {("Observation", "related.target"), ("Condition", "extension:RelatedClinicalContent")}
    assert drawing - of_stu3 == {("DiagnosticReport", "result"), ("Observation", "hasMember")}
    assert {kind for kind, _ in drawing - of_stu3} == {kind for kind, _ in HOLDERS}


async def test_holders_are_asked_for_by_what_they_hold_where_the_server_can() -> None:
    server = FhirServer([patient(), REPORT, observation("o1"), VACCINATION], declared(EVERYTHING | FINDS))
    await answer(server, Section.IMMUNISATIONS, policy=POLICY)
    assert server.asked("DiagnosticReport")["result"] == ["Observation/o1"]
    assert server.asked("DiagnosticReport")["patient"] == ["p1"]


async def test_without_such_a_parameter_all_of_the_persons_reports_are_asked_for() -> None:
    server = FhirServer([patient(), REPORT, observation("o1"), VACCINATION], declared(EVERYTHING))
    await answer(server, Section.IMMUNISATIONS, policy=POLICY)
    assert "result" not in server.asked("DiagnosticReport")
    assert server.asked("DiagnosticReport")["patient"] == ["p1"]


@pytest.mark.parametrize("down", ["DiagnosticReport", "Observation"])
async def test_what_a_result_is_the_reason_for_is_left_out_where_its_holders_are_not_known(down: str) -> None:
    """Together with the results, too: a report that did not come may be one that is withheld."""
    other = of("Immunization", vaccineCode={"text": "Tetanus"}) | {"id": "2"}
    server = FhirServer([patient(), observation("o1"), VACCINATION, other], rewrite=without_includes)
    server.replies[down] = UpstreamError(Failure.UNAVAILABLE)
    for more in ((), (Section.TEST_RESULTS,)):
        part = (await answer(server, Section.IMMUNISATIONS, *more, policy=POLICY))[Section.IMMUNISATIONS]
        assert [entry.id for entry in part.entries] == ["rfl:Immunization/2"]
        assert (part.status, codes(part)) == (SourceState.PARTIAL, ["incomplete-paging"])


async def test_one_failed_search_leaves_out_everything_that_it_was_to_bring() -> None:
    """A group of one result and another result itself: both are Observations, and asked for at once."""
    other = of("Immunization", reasonReference=[{"reference": "Observation/o2"}]) | {"id": "2"}

    def without_one(kind: str, bundle: Json) -> Json:
        return {**bundle, "entry": [each for each in bundle["entry"] if each["resource"].get("id") != "o2"]}

    rows = [observation("o1"), observation("o2", code={"text": "HIV test"}), VACCINATION, other]
    server = FhirServer([patient(), *rows], rewrite=lambda k, b: without_one(k, b) if k == "Immunization" else b)
    server.replies["Observation"] = UpstreamError(Failure.UNAVAILABLE)
    assert (await answer(server, Section.IMMUNISATIONS, policy=POLICY))[Section.IMMUNISATIONS].entries == []


async def test_results_are_left_out_where_no_report_came() -> None:
    server = FhirServer([patient(), observation("o1")])
    server.replies["DiagnosticReport"] = UpstreamError(Failure.UNAVAILABLE)
    part = (await answer(server, Section.TEST_RESULTS, policy=POLICY))[Section.TEST_RESULTS]
    assert (part.status, part.entries) == (SourceState.UNAVAILABLE, [])


async def test_what_a_dropped_group_may_have_drawn_is_left_out_with_it() -> None:
    group = observation("g1", encounter={"reference": "Encounter/e1"}, hasMember=[{"reference": "Observation/o1"}])
    server = FhirServer([patient(), group, observation("o1"), observation("o2"), VISIT])
    server.replies["Encounter"] = UpstreamError(Failure.UNAVAILABLE)
    part = (await answer(server, Section.TEST_RESULTS, policy=POLICY))[Section.TEST_RESULTS]
    assert [entry.id for entry in part.entries] == ["rfl:Observation/o2"]


@pytest.mark.parametrize(
    "link",
    [
        {"basedOn": [{"reference": "ServiceRequest/1"}]},
        {"encounter": {"reference": "Encounter/e2"}},
        {"specimen": {"reference": "Specimen/s1"}},
        {"performer": [{"reference": "PractitionerRole/r1"}]},
        {"device": {"reference": f"{BASE}/Organization/t1"}},
        {"derivedFrom": [{"reference": "DocumentReference/1"}]},
    ],
)
async def test_every_kind_of_link_is_followed_without_any_include(link: Json) -> None:
    telling: list[Json] = [
        of("ServiceRequest", reasonCode=[{"text": "HIV follow-up"}]),
        of("EpisodeOfCare", patient={"reference": "Patient/p1"}, type=[{"text": "HIV care"}]),
        of("Encounter", id="e2", episodeOfCare=[{"reference": "EpisodeOfCare/1"}]),
        shared("Specimen", "s1", type={"text": "HIV serology"}),
        shared("Organization", "t1", name="GUM clinic"),
        shared("PractitionerRole", "r1", organization={"reference": "Organization/t1"}),
        of("DocumentReference", description="HIV clinic letter"),
    ]
    shown = await ids(Section.TEST_RESULTS, *telling, observation("o1", **link), rewrite=without_includes)
    assert shown == []


async def test_places_that_everything_left_out_are_looked_up() -> None:
    clinic = shared("Organization", "t1", name="GUM clinic")
    result = observation("o1", performer=[{"reference": "Organization/t1"}])

    def persons_own(kind: str, bundle: Json) -> Json:
        own = [each for each in bundle.get("entry", []) if each["resource"]["resourceType"] != "Organization"]
        return bundle if kind != "$everything" else {**bundle, "entry": own}

    shown = await ids(Section.TEST_RESULTS, clinic, result, rewrite=persons_own, asked={"everything": True})
    assert shown == []


async def test_a_long_chain_of_links_is_followed_to_its_end() -> None:
    first = observation("o0", code={"text": "HIV test"})
    chain = [observation(f"o{n}", derivedFrom=[{"reference": f"Observation/o{n - 1}"}]) for n in range(1, 20)]
    last = of("Immunization", reasonReference=[{"reference": "Observation/o19"}])
    server = FhirServer([patient(), first, *chain, last], declared(EVERYTHING | FINDS))
    assert (await answer(server, Section.IMMUNISATIONS, policy=POLICY))[Section.IMMUNISATIONS].entries == []
    assert len(server.upstream.sent) < 40


async def test_a_look_up_is_read_to_its_last_page() -> None:
    rows = [observation(f"o{n}", encounter={"reference": f"Encounter/e{n}"}) for n in range(5)]
    visits = [{**VISIT, "id": f"e{n}"} for n in range(5)]
    assert await ids(Section.TEST_RESULTS, HIV, *visits, *rows, page=1) == []


async def test_an_old_visit_is_followed_although_visits_are_asked_for() -> None:
    finds = declared(EVERYTHING | {"Encounter": ["patient", "date", "_id"]})
    old = {**VISIT, "period": {"start": "2001-01-01"}}
    server = FhirServer([patient(), HIV, old, observation("o1", encounter={"reference": "Encounter/e1"})], finds)
    server.rewrite = lambda kind, bundle: (
        bundle if kind != "Encounter" or server.asks_by_id() else {**bundle, "entry": []}
    )
    sections = (Section.TEST_RESULTS, Section.HOSPITAL_STAYS)
    asked = question(*sections, since=dict.fromkeys(sections, "2020-01-01"))
    found = await source(server).ask(asked, POLICY)
    assert found[Section.TEST_RESULTS].entries == []
    assert ["_id" in dict(sent.query) for sent in server.upstream.sent if sent.path == "Encounter"] == [False, True]


async def test_what_was_looked_up_is_no_entry_of_its_own() -> None:
    """A search that failed is not filled up by what others happen to refer to."""
    server = FhirServer([patient(), VISIT, observation("o1", encounter={"reference": "Encounter/e1"})])
    refused = [UpstreamError(Failure.UNAVAILABLE)]
    original = server.upstream.handler
    server.upstream.handler = lambda sent: refused.pop() if sent.path == "Encounter" and refused else original(sent)
    found = await answer(server, Section.TEST_RESULTS, Section.HOSPITAL_STAYS, policy=POLICY)
    assert len(found[Section.TEST_RESULTS].entries) == 1
    assert found[Section.HOSPITAL_STAYS].status is SourceState.UNAVAILABLE


@pytest.mark.parametrize("written", ["Encounter\\/e1", "Encounter/e1", f"{BASE}/Encounter/e1/_history/2"])
def test_references_are_found_however_they_are_written(written: str) -> None:
    raw = b'{"a":[{"reference" : "%s","x":{"reference":"Patient/p1"}}]}' % written.encode()
    assert mentioned([raw], (BASE,)) == {"Encounter/e1"}


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
    assert len(server.upstream.sent) == 2 + len(BY_PATIENT)
