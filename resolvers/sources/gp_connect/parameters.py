"""The body of `$gpc.getstructuredrecord`: which clinical areas, and since when.

GP Connect Access Record: Structured 1.2 to 1.6, "Retrieve a patient's structured record". Areas that an older
practice system does not know come back as NOT_IMPLEMENTED and leave the others whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from policies.sections import Section
from resolvers.sources.fhir.dates import whole_day
from resolvers.sources.gp_connect.calls import NHS_NUMBER
from resolvers.sources.source import Ask

LONDON = ZoneInfo("Europe/London")
Parameter = dict[str, object]

AREA_OF_SECTION: Mapping[Section, tuple[str, ...]] = {
    Section.ALLERGIES: ("includeAllergies",),
    Section.MEDICATIONS: ("includeMedication",),
    Section.CONDITIONS: ("includeProblems",),
    Section.TEST_RESULTS: ("includeInvestigations", "includeUncategorisedData"),
    Section.IMMUNISATIONS: ("includeImmunisations",),
    Section.CONSULTATIONS: ("includeConsultations",),
}
STRUCTURED = frozenset(AREA_OF_SECTION)
PERIODS = {
    "includeInvestigations": "investigationSearchPeriod",
    "includeConsultations": "consultationSearchPeriod",
}
"""The periods that may be asked for beside problems and consultations, which are always asked for. A practice must refuse
`medicationSearchFromDate` and `uncategorisedDataSearchPeriod` beside them ("Not permitted parameter combinations")."""
SECTION_OF_AREA = {area: section for section, areas in AREA_OF_SECTION.items() for area in areas}


def uk_today(now: str) -> str:
    """The calendar day in London at this instant: what a practice means by 'today'."""
    return datetime.fromisoformat(now).astimezone(LONDON).date().isoformat()


def request_body(ask: Ask, sections: Iterable[Section]) -> bytes:
    """The Parameters resource for these sections."""
    asked = sorted(sections, key=list(Section).index)
    parameters: list[Parameter] = [
        {
            "name": "patientNHSNumber",
            "valueIdentifier": {"system": NHS_NUMBER, "value": ask.subject.nhs_number},
        }
    ]
    for section in asked:
        parameters += [_area(area, _from_day(ask, section)) for area in AREA_OF_SECTION[section]]
    return msgspec.json.encode({"resourceType": "Parameters", "parameter": parameters})


def _from_day(ask: Ask, section: Section) -> str | None:
    """The first day worth sending: a whole day that is not in the future, else the practice refuses the request."""
    day = whole_day(ask.since.get(section))
    return min(day, uk_today(ask.now)) if day is not None else None


def _area(name: str, since: str | None) -> Parameter:
    parts = _parts(name, since)
    return {"name": name, "part": parts} if parts else {"name": name}


def _parts(name: str, since: str | None) -> list[Parameter]:
    if name == "includeAllergies":
        return [{"name": "includeResolvedAllergies", "valueBoolean": True}]
    if name == "includeMedication":
        return [{"name": "includePrescriptionIssues", "valueBoolean": True}]
    period = PERIODS.get(name)
    if period is None or since is None:
        return []
    return [{"name": period, "valuePeriod": {"start": since}}]
