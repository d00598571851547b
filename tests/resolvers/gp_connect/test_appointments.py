"""A practice's appointments: found through the person's own id, from today on."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from policies.sections import Section
from resolvers.record.appointments import Appointment, AppointmentStatus
from resolvers.record.status import SourceState
from resolvers.sources.source import SectionAnswer
from resolvers.sources.upstream import Failure, Reply, UpstreamError
from tests.resolvers.gp_connect.practice import POLICY, SETTINGS, asking, bundle, outcome, patient, practice
from tests.resolvers.recorded import Answer, Recorded, Sent, always, ok
from tests.shared_data import shared_data

SECTION = Section.APPOINTMENTS


def searchset(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def booking(id_: str, patient_id: str = "p", **more: Any) -> dict[str, Any]:
    actors = [{"actor": {"reference": f"Patient/{patient_id}"}}, {"actor": {"reference": "Location/1"}}]
    value = {"resourceType": "Appointment", "id": id_, "status": "booked", "participant": actors}
    return value | {"start": "2026-12-01T10:20:00+00:00", "end": "2026-12-01T10:30:00+00:00"} | more


def diary(*bookings: dict[str, Any], place: Answer | None = None, person: Any = None) -> Recorded:
    location = place or ok({"resourceType": "Location", "id": "1", "name": "Main Surgery"})

    def handler(request: Sent) -> Answer:
        if request.path == "Patient":
            return ok(searchset(*([patient()] if person is None else person)))
        return location if request.path.startswith("Location/") else ok(searchset(*bookings))

    return Recorded(handler)


async def told(upstream: Recorded, **more: Any) -> SectionAnswer:
    source = practice(appointments=upstream, **more)
    return (await source.ask(asking(SECTION), POLICY))[SECTION]


async def test_the_person_is_found_first_and_then_their_appointments() -> None:
    upstream = diary(booking("1"))
    await told(upstream)
    find, search, place = upstream.sent
    assert (find.path, find.query) == ("Patient", (("identifier", "https://fhir.nhs.uk/Id/nhs-number|9990000018"),))
    assert search.path == "Patient/p/Appointment"
    assert search.query == (("start", "ge2026-11-22"), ("start", "le2027-11-22"))
    interactions = [each.headers["Ssp-InteractionID"].rpartition(":")[2] for each in (find, search, place)]
    assert interactions == ["patient-1", "patient_appointments-1", "location-1"]
    assert len({each.headers["Ssp-TraceID"] for each in upstream.sent}) == 3


async def test_an_appointment_is_read() -> None:
    body = shared_data("gpconnect-stu3/spec/retrieve_patients_appts_response_example.json").read_text()
    sent = [entry["resource"] for entry in json.loads(body.replace('"Patient/2"', '"Patient/p"'))["entry"]]
    answer = await told(diary(*sent))
    assert len(answer.entries) == 2
    entry = answer.entries[0]
    assert isinstance(entry, Appointment)
    assert entry.id == "gp1:Appointment/148"
    assert (entry.status, entry.channel) == (AppointmentStatus.BOOKED, "In-person")
    assert entry.date == entry.start == "2017-08-21T10:20:00+01:00"
    assert entry.service is not None
    assert entry.service.text == "General GP Appointment"
    assert (entry.location, entry.with_roles) == ("Main Surgery", ["General Medical Practitioner"])
    assert entry.description == "GP Connect Appointment description 148\nTest Appointment Comment 148"


async def test_future_only_is_said() -> None:
    answer = await told(diary())
    assert answer.status is SourceState.EMPTY
    assert [warning.code for warning in answer.warnings] == ["future-only"]


async def test_past_days_are_asked_for_only_where_allowed() -> None:
    upstream = diary()
    await told(upstream, settings=dataclasses.replace(SETTINGS, past_appointment_days=30))
    assert upstream.sent[1].query[0] == ("start", "ge2026-10-23")


async def test_a_place_that_does_not_answer_costs_only_itself() -> None:
    answer = await told(diary(booking("1"), place=UpstreamError(Failure.TIMED_OUT)))
    [entry] = answer.entries
    assert isinstance(entry, Appointment)
    assert (entry.location, answer.status) == (None, SourceState.ANSWERED)


async def test_an_appointment_at_a_sensitive_place_leaves_no_trace() -> None:
    clinic = ok({"resourceType": "Location", "id": "1", "name": "Genitourinary medicine clinic"})
    answer = await told(diary(booking("1"), place=clinic))
    assert (answer.entries, answer.status) == ([], SourceState.EMPTY)


async def test_an_unknown_person_reads_as_a_refusal() -> None:
    assert (await told(diary(person=[]))).status is SourceState.REFUSED


async def test_another_person_found_is_a_fault() -> None:
    answer = await told(diary(booking("1"), person=[patient("9990000026")]))
    assert (answer.status, answer.entries) == (SourceState.UNAVAILABLE, [])
    assert [warning.code for warning in answer.warnings] == ["wrong-patient"]


async def test_a_booking_of_somebody_else_is_dropped() -> None:
    answer = await told(diary(booking("1"), booking("2", "q")))
    assert [entry.id for entry in answer.entries] == ["gp1:Appointment/1"]
    assert "wrong-patient" in {warning.code for warning in answer.warnings}


@pytest.mark.parametrize("broken", [ok(outcome("ACCESS_DENIED"), 403), Reply(500, b"")])
async def test_one_end_point_failing_leaves_the_other_whole(broken: Reply) -> None:
    source = practice(always(bundle()), Recorded(lambda _: broken))
    answer = await source.ask(asking(Section.ALLERGIES, SECTION), POLICY)
    assert answer[Section.ALLERGIES].status is SourceState.EMPTY
    assert answer[SECTION].status in (SourceState.REFUSED, SourceState.UNAVAILABLE)


async def test_no_appointments_are_fetched_unless_asked_for() -> None:
    upstream = diary(booking("1"))
    await practice(always(bundle()), upstream).ask(asking(Section.ALLERGIES), POLICY)
    assert upstream.sent == []
