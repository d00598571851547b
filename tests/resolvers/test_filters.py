"""The filters of the sections: what is asked for is there, and nothing goes missing because nobody knows better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.allergies import Allergy, AllergyStatus
from resolvers.record.appointments import Appointment, AppointmentStatus
from resolvers.record.results import TestResult as Result
from resolvers.record.stays import HospitalStay, StayKind
from resolvers.record.values import Entry, Organisation
from resolvers.sources.source import Ask, Coverage, Fetched, ReadNotes, Source
from tests.resolvers.kit import NUMBER, ask, context

ENTRIES: dict[Section, list[Any]] = {
    Section.ALLERGIES: [
        Allergy(id="active", date="2026-01-01", status=AllergyStatus.ACTIVE),  # type: ignore[arg-type]
        Allergy(id="resolved", date="2026-01-01", status=AllergyStatus.RESOLVED),  # type: ignore[arg-type]
        Allergy(id="unsaid", date="2026-01-01"),  # type: ignore[arg-type]
    ],
    Section.APPOINTMENTS: [
        Appointment(id=name, date=start or "2026-11-20", start=start, status=status)  # type: ignore[arg-type]
        for name, start, status in (
            ("yesterday", "2026-11-21T23:00:00Z", AppointmentStatus.FULFILLED),
            ("just-over", "2026-11-22T09:59:00+01:00", AppointmentStatus.ARRIVED),
            ("soon", "2026-11-22T10:01:00+01:00", AppointmentStatus.BOOKED),
            ("some-time-today", "2026-11-22", None),
            ("waiting", None, AppointmentStatus.WAITLIST),
        )
    ],
    Section.TEST_RESULTS: [
        Result(id="blood", date="2026-01-01", categories=["laboratory"]),  # type: ignore[arg-type]
        Result(id="pulse", date="2026-01-01", categories=["vital-signs"]),  # type: ignore[arg-type]
        Result(id="unsaid", date="2026-01-01"),  # type: ignore[arg-type]
    ],
    Section.HOSPITAL_STAYS: [
        HospitalStay(id="ward", date="2026-01-01", kind=StayKind.INPATIENT),  # type: ignore[arg-type]
        HospitalStay(id="door", date="2026-01-01", kind=StayKind.EMERGENCY),  # type: ignore[arg-type]
        HospitalStay(id="unsaid", date="2026-01-01"),  # type: ignore[arg-type]
    ],
}


@dataclass
class Hospital:
    """Holds the entries above."""

    @property
    def gives(self) -> frozenset[Section]:
        return frozenset(ENTRIES)

    async def fetch(self, ask: Ask) -> Fetched:
        return Fetched(as_of=ask.now)

    def read(self, kept: Sequence[Item], ask: Ask, notes: ReadNotes) -> dict[Section, list[Entry]]:
        return {section: list(ENTRIES[section]) for section in ask.sections}


async def left(field: str) -> set[str]:
    """The ids that a section with these arguments shows; its count is theirs, too."""
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ section: {field} {{ totalCount finding nodes {{ id }} }} }} }}'
    hospital = Source("a", Organisation(ods_code="A"), Hospital(), Coverage(everybody=True))
    response = await ask(query, context(hospital))
    assert response.data is not None
    section = response.data["patient"]["section"]
    ids = {node["id"] for node in section["nodes"]}
    assert (section["totalCount"], section["finding"]) == (len(ids), "RECORDED")
    return ids


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("allergies(status: [ACTIVE])", {"active", "unsaid"}),
        ("allergies(status: [RESOLVED, INACTIVE])", {"resolved", "unsaid"}),
        ("allergies(status: [ACTIVE, RESOLVED])", {"active", "resolved", "unsaid"}),
        ("appointments(when: PAST)", {"yesterday", "just-over"}),
        ("appointments(when: FUTURE)", {"soon", "some-time-today", "waiting"}),
        ("appointments(status: [BOOKED])", {"soon", "some-time-today"}),
        ("appointments(when: FUTURE, status: [WAITLIST])", {"waiting", "some-time-today"}),
        ('testResults(category: "laboratory")', {"blood", "unsaid"}),
        ("hospitalStays(kind: [EMERGENCY])", {"door", "unsaid"}),
    ],
)
async def test_a_filter_leaves_what_fits_or_may_fit(field: str, expected: set[str]) -> None:
    assert await left(field) == expected


async def test_a_filter_does_not_change_what_the_section_says_of_itself() -> None:
    """That nothing fits the filter does not mean that nothing is recorded."""
    assert await left('testResults(category: "imaging")') == {"unsaid"}
    assert await left('hospitalStays(kind: [OUTPATIENT], since: "2026-06-01")') == set()
