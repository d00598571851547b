"""A council's answer becomes entries; children's care and gaps are treated as they must be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.sections import Section
from resolvers.record.alerts import Alert, AlertStatus
from resolvers.record.plans import CarePlan
from resolvers.record.social import SocialCareEntry, SocialCareKind, SocialCareStatus
from resolvers.record.status import SourceState
from resolvers.record.team import CareTeamMember, ContactKind
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.recorded import Recorded, always
from tests.resolvers.social_care.council import ALL, answer, document, item, without

CARE = Section.SOCIAL_CARE
FLAG_TYPE = "https://fhir.interweavedigital.nhs.uk/R4/CodeSystem/Interweave-FlagType"


async def test_one_request_names_person_lists_and_requester() -> None:
    upstream = always(document())
    await answer(upstream, CARE, since={CARE: "2023-11-22"})
    [sent] = upstream.sent
    assert (sent.method, sent.path) == ("GET", "v1/people/9990000018/adult-social-care")
    lists = "services,assessments,contacts,supportReasons,equipment,flags"
    assert sent.query == (("include", lists), ("since", "2023-11-22"))
    assert sent.headers["X-Requester-Id"] == "sw%201%2F%C3%A9"
    assert sent.headers["X-Requester-Organisation"] == "E09000007"
    assert sent.headers["X-Request-ID"] == "r-1"


async def test_only_needed_lists_are_asked_for_and_shown() -> None:
    upstream = always(document(services=[item("1")], workers=[item("2", role="Social worker")]))
    told = await answer(upstream, Section.CARE_TEAM)
    assert upstream.sent[0].query == (("include", "workers"),)
    assert [entry.id for entry in told[Section.CARE_TEAM].entries] == ["camden:Worker/2"]


async def test_a_service_is_read() -> None:
    sent = item("1", end="2025-09-30", frequency="Twice a day", provider={"name": "Home Care Ltd"})
    sent |= {"team": {"name": "North"}, "updated": "2025-10-01T10:00:00Z", "recordedByRole": "Social worker"}
    sent |= {"outcomes": [{"text": "Ended"}], "description": "Help with dressing"}
    [entry] = (await answer(always(document(services=[sent])), CARE))[CARE].entries
    assert isinstance(entry, SocialCareEntry)
    assert (entry.id, entry.kind, entry.status) == ("camden:Service/1", SocialCareKind.SERVICE, SocialCareStatus.ACTIVE)
    assert (entry.date, entry.start, entry.end) == ("2025-03-01", "2025-03-01", "2025-09-30")
    assert (entry.frequency, entry.provider, entry.team) == ("Twice a day", "Home Care Ltd", "North")
    assert (entry.outcome, entry.description) == ("Ended", "Help with dressing")
    assert entry.as_of == "2025-10-01T10:00:00Z"
    assert entry.recorded_by.organisation is not None
    assert (entry.recorded_by.organisation.ods_code, entry.recorded_by.role) == ("E09000007", "Social worker")


async def test_a_flag_is_an_alert_too_under_another_id() -> None:
    told = await answer(always(document(flags=[item("1", "At risk for falls")])))
    [social], [alert] = told[CARE].entries, told[Section.ALERTS].entries
    assert isinstance(alert, Alert)
    assert alert.status is AlertStatus.ACTIVE
    assert social.id != alert.id


async def test_a_named_worker_is_in_the_care_team() -> None:
    sent = item("1", name="Test Worker", role="Social worker", telephone="020 7946 0000", team={"name": "North"})
    [entry] = (await answer(always(document(workers=[sent]))))[Section.CARE_TEAM].entries
    assert isinstance(entry, CareTeamMember)
    assert (entry.name, entry.role, entry.telephone) == ("Test Worker", "Social worker", "020 7946 0000")
    assert (entry.kind, entry.team) == (ContactKind.PROFESSIONAL, "North")


async def test_a_plan_has_goals_and_activities() -> None:
    sent = item(
        "1", title="Support plan", goals=["Stay at home"], activities=[{"description": "Visit", "status": "done"}]
    )
    [entry] = (await answer(always(document(plans=[sent]))))[Section.CARE_PLANS].entries
    assert isinstance(entry, CarePlan)
    assert entry.activities
    assert (entry.title, entry.goals, entry.activities[0].description) == ("Support plan", ["Stay at home"], "Visit")


async def test_an_empty_list_is_empty_and_an_absent_one_partial() -> None:
    assert (await answer(always(document()), CARE))[CARE].status is SourceState.EMPTY
    told = (await answer(always(without(document(services=[item("1")]), "equipment")), CARE))[CARE]
    assert (told.status, len(told.entries)) == (SourceState.PARTIAL, 1)
    assert [warning.code for warning in told.warnings] == ["not-implemented"]


async def test_a_list_that_is_not_held_is_no_gap() -> None:
    sent = without(document(notHeld=["plans"]), "plans")
    assert (await answer(always(sent)))[Section.CARE_PLANS].status is SourceState.EMPTY


CHILDRENS: list[dict[str, Any]] = [
    item("c1", clientType="child"),
    item("c2", clientType="young-carer"),
    item("c3", clientType="family"),
    without(item("c4"), "clientType"),
    item("c5", clientType=7),
    item("c6", start="1968-05-31"),
    item("c7", start="1968"),
    without(item("c8"), "start"),
    item("c9", start="soon"),
    item("c10", team={"name": "Children's social care North"}),
    item("c11", "Child protection plan"),
    item("m1", "MARAC", type={"coding": [{"system": FLAG_TYPE, "code": "MARAC"}]}),
    item("m2", "Visit", basedOn=[{"reference": "Flag/m1"}]),
    item("x y", clientType="child"),
    item("1", clientType="child"),
    item("2", "Child protection plan"),
    item("3", clientType="child"),
    without(item("c12", clientType="child", end="?"), "id"),
]


@given(st.sets(st.integers(0, len(CHILDRENS) - 1)), st.sampled_from(["services", "flags", "workers", "plans"]))
@settings(max_examples=40, deadline=None)
async def test_childrens_and_sensitive_items_leave_no_trace(chosen: set[int], name: str) -> None:
    chosen |= {
        CHILDRENS.index(each) for each in CHILDRENS if each.get("id") == "m1" and CHILDRENS.index(each) + 1 in chosen
    }
    plain = document(
        services=[item("1")], flags=[item("2")], workers=[item("3", role="r")], plans=[item("4", title="t")]
    )
    mixed = plain | {name: [*(CHILDRENS[i] for i in sorted(chosen)), *plain[name]]}
    if name != "flags":  # a link can only lead to the flag where the flag is
        mixed[name] = [each for each in mixed[name] if each.get("id") != "m2"]
    assert repr(await answer(always(mixed))) == repr(await answer(always(plain)))


@pytest.mark.parametrize("born", [None, "2010-01-01", "2009", "x"])
async def test_nobody_who_may_be_a_child_is_asked_about(born: str | None) -> None:
    upstream = always(document(services=[item("1")]))
    told = await answer(upstream, born=born)
    assert upstream.sent == []
    assert {each.status for each in told.values()} == {SourceState.NOT_ASKED}


async def test_the_eighteenth_birthday_itself_counts_as_adult() -> None:
    told = await answer(always(document(services=[item("1", start="1968-06-01")])), CARE)
    assert len(told[CARE].entries) == 1


async def test_a_bad_value_costs_its_field_and_is_told() -> None:
    sent = [item("1", status="odd", end="x", frequency=3), item("2")]
    told = (await answer(always(document(services=sent)), CARE))[CARE]
    assert len(told.entries) == 2
    entry = told.entries[0]
    assert isinstance(entry, SocialCareEntry)
    assert (entry.status, entry.end, entry.frequency) == (None, None, None)
    assert told.status is SourceState.PARTIAL
    places = sorted(warning.text.split()[3] for warning in told.warnings)
    assert places == ["Service.end", "Service.frequency", "Service.status"]


async def test_an_item_without_an_id_is_told() -> None:
    told = (await answer(always(document(services=[without(item("1"), "id"), item("2"), item("2")])), CARE))[CARE]
    assert [entry.id for entry in told.entries] == ["camden:Service/2"]
    assert told.status is SourceState.PARTIAL


async def test_items_entered_in_error_are_left_out() -> None:
    told = await answer(always(document(services=[item("1", status="entered-in-error")])), CARE)
    assert told[CARE].status is SourceState.EMPTY


async def test_another_persons_document_is_dropped() -> None:
    sent = document(services=[item("1")]) | {"person": {"nhsNumber": "9990000026"}}
    for each in (await answer(always(sent))).values():
        assert (each.status, each.entries) == (SourceState.UNAVAILABLE, [])
        assert [warning.code for warning in each.warnings] == ["wrong-patient"]


async def test_a_person_the_council_does_not_know_is_empty() -> None:
    told = await answer(always({"code": "person-not-known"}, 404))
    assert {each.status for each in told.values()} == {SourceState.EMPTY}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b"", SourceState.UNAVAILABLE),
        (404, b"<html>", SourceState.UNAVAILABLE),
        (401, b"", SourceState.REFUSED),
        (403, b"", SourceState.REFUSED),
        (429, b"", SourceState.UNAVAILABLE),
        (503, b"", SourceState.UNAVAILABLE),
        (400, b"", SourceState.UNAVAILABLE),
        (200, b"", SourceState.UNAVAILABLE),
        (200, b"[]", SourceState.UNAVAILABLE),
        (200, document() | {"version": "2"}, SourceState.UNAVAILABLE),
        (200, document(services={}), SourceState.UNAVAILABLE),
    ],
)
async def test_failures_are_never_empty(status: int, body: Any, expected: SourceState) -> None:
    told = await answer(always(body, status), *ALL)
    assert {each.status for each in told.values()} == {expected}


async def test_a_later_minor_version_is_read() -> None:
    told = await answer(always(document(services=[item("1", novelty=1)]) | {"version": "1.4"}), CARE)
    assert (told[CARE].status, len(told[CARE].entries)) == (SourceState.ANSWERED, 1)


async def test_network_failures_keep_their_kind() -> None:
    told = await answer(Recorded(lambda _: UpstreamError(Failure.TIMED_OUT)), CARE)
    assert told[CARE].status is SourceState.TIMED_OUT
