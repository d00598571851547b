"""FHIR dates: kept exactly as written, but only when they are real.

FHIR STU3 and R4 datatypes `date`, `dateTime` and `instant`: a year, a month, a day, or a moment with an offset.
A moment without an offset is not FHIR, yet common; it is kept, since dropping it would lose the day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from resolvers.record.values import PartialDateTime

PARTIAL = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.\d+)?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


def fhir_date(text: str | None) -> PartialDateTime | None:
    """The date as written, or None where it is absent, malformed or impossible (a 31 February, an hour 25)."""
    if text is None:
        return None
    match = PARTIAL.fullmatch(text)
    return PartialDateTime(text) if match is not None and _possible(match) else None


def _possible(match: re.Match[str]) -> bool:
    part = match.groupdict()
    try:
        date(int(part["year"]), int(part["month"] or 1), int(part["day"] or 1))
    except ValueError:
        return False
    in_time = int(part["hour"] or 0) < 24 and int(part["minute"] or 0) < 60 and int(part["second"] or 0) <= 60
    zone = part["zone"] or "Z"
    return in_time and (zone == "Z" or (int(zone[1:3]) <= 14 and int(zone[4:6]) < 60))


def whole_day(text: str | None) -> str | None:
    """The day (YYYY-MM-DD) of a FHIR date that names one, else None."""
    valid = fhir_date(text)
    return valid[:10] if valid is not None and len(valid) >= 10 else None


def instant_now() -> str:
    """This moment as a FHIR instant in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
