"""A practice's appointments: GP Connect Appointment Management, "Retrieve a patient's appointments".

Two steps: find the practice's own id of the person, then search that person's appointments between two days. The
national rules refuse days in the past; the answer says so with the warning `future-only`.
"""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import msgspec

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.sources.fhir.bundles import Part, local, take_apart
from resolvers.sources.fhir.concepts import FhirReference
from resolvers.sources.fhir.dates import whole_day
from resolvers.sources.gp_connect.calls import (
    FIND_PATIENT,
    NHS_NUMBER,
    PATIENT_APPOINTMENTS,
    READ_LOCATION,
    Line,
)
from resolvers.sources.gp_connect.envelope import MISFILED, matching, wrong_patient
from resolvers.sources.gp_connect.lists import warn
from resolvers.sources.gp_connect.parameters import uk_today
from resolvers.sources.gp_connect.token import OTHER_READ
from resolvers.sources.source import Ask, Fetched
from resolvers.sources.upstream import Failure, Reply, UpstreamError

SECTION = Section.APPOINTMENTS
MOST_LOCATIONS = 64  # far more than a practice has: below the bound no place costs another its look-up
FUTURE_ONLY = "The practice gives appointments from today on; earlier ones are not here."


class _Participant(msgspec.Struct, gc=False):
    actor: FhirReference | None = None


class _Peek(msgspec.Struct):
    participant: list[_Participant] = []


_PEEK = msgspec.json.Decoder(_Peek)


async def fetch_appointments(line: Line, ask: Ask) -> Fetched:
    """The raw appointments and their places. Raises UpstreamError when nothing came."""
    found = take_apart((await _find(line, ask)).body)
    people = [part for part in found.parts if part.kind == "Patient"]
    own = matching(people, ask.subject.nhs_number)
    if own is None and people:
        return wrong_patient(frozenset({SECTION}))
    if own is None or not own.id:
        raise UpstreamError(Failure.REFUSED, "the practice does not give this record")
    first, last = _days(line, ask)
    reply = await line.get(
        ask,
        PATIENT_APPOINTMENTS,
        f"Patient/{own.id}/Appointment",
        (("start", f"ge{first}"), ("start", f"le{last}")),
    )
    answer = take_apart(reply.body)
    fetched = Fetched(as_of=ask.now)
    if answer.unreadable or answer.next is not None:
        fetched.partial.add(SECTION)
    if first >= uk_today(ask.now):
        warn(fetched, SECTION, "future-only", FUTURE_ONLY)
    booked = [part for part in answer.parts if part.kind == "Appointment"]
    sent = [part for part in answer.parts if part.kind in ("Location", "Practitioner", "Organization")]
    places = await _locations(line, ask, booked, {part.key for part in sent})
    fetched.items = [_item(part, own.id) for part in booked]
    fetched.items += [Item(key=part.key, raw=part.raw) for part in [*sent, *places]]
    return fetched


async def _find(line: Line, ask: Ask) -> Reply:
    query = (("identifier", f"{NHS_NUMBER}|{ask.subject.nhs_number}"),)
    return await line.get(ask, FIND_PATIENT, "Patient", query)


def _days(line: Line, ask: Ask) -> tuple[str, str]:
    """The first and the last day to ask for, both whole days in London."""
    today = date.fromisoformat(uk_today(ask.now))
    earliest = today - timedelta(days=line.settings.past_appointment_days)
    since = whole_day(ask.since.get(SECTION))
    first = max(earliest, min(today, date.fromisoformat(since))) if since is not None else earliest
    return first.isoformat(), (today + timedelta(days=line.settings.appointment_days)).isoformat()


def _actors(part: Part) -> list[str]:
    try:
        participants = _PEEK.decode(part.raw).participant
    except (ValueError, RecursionError):
        return []
    return [key for p in participants if p.actor is not None and (key := local(p.actor.reference)) is not None]


def _item(part: Part, patient_id: str) -> Item:
    """An appointment in which another patient, and not this one, takes part is somebody else's."""
    patients = {key for key in _actors(part) if key.startswith("Patient/")}
    mark = MISFILED if patients and f"Patient/{patient_id}" not in patients else ""
    return Item(key=f"{part.key}{mark}", raw=part.raw)


async def _locations(line: Line, ask: Ask, booked: list[Part], sent: set[str]) -> list[Part]:
    """The places of the appointments, as far as they come within half of the time left: a place may matter to
    policy, and is what a person asks for first; but no appointment waits for it to the end."""
    keys = {key for part in booked for key in _actors(part) if key.startswith("Location/")}
    wanted = sorted(keys - sent)[:MOST_LOCATIONS]
    now = asyncio.get_running_loop().time()
    deadline = now + max(0.0, ask.deadline - now) / 2
    found = await asyncio.gather(*(_location(line, ask, key, deadline) for key in wanted))
    return [part for part in found if part is not None]


async def _location(line: Line, ask: Ask, key: str, deadline: float) -> Part | None:
    try:
        reply = await line.get(ask, READ_LOCATION, key, scope=OTHER_READ, deadline=deadline)
    except UpstreamError:
        return None
    return Part("Location", key.removeprefix("Location/"), reply.body)
