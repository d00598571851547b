"""FHIR dates: kept exactly as written, but only when they are real.

FHIR STU3 and R4 datatypes `date`, `dateTime` and `instant`: a year, a month, a day, or a moment with an offset.
A moment without an offset is not FHIR, yet common; it is kept, since dropping it would lose the day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TypeGuard

from resolvers.record.values import PartialDateTime

_SHAPE = re.compile(
    r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d+)?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?)?)?",
    re.ASCII,
)


def is_fhir_date(value: str) -> TypeGuard[PartialDateTime]:
    """Whether `value` is a FHIR date, dateTime or instant (R4 datatypes, section 2.24.0.1), and a day that exists.

    Times that ISO 8601 allows and FHIR does not (without a zone, with a zone of four digits) are accepted, as several
    systems send them: they can be read without doubt.
    """
    try:
        datetime.fromisoformat(value)
        return value.isascii() and value[7] == "-" and (len(value) == 10 or value[10] == "T")
    except ValueError:
        return _by_shape(value)
    except IndexError:
        return False


def _by_shape(value: str) -> bool:
    match = _SHAPE.fullmatch(value)
    if match is None or match[1] == "0000":
        return False
    if match[3] is None:
        return True
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def fhir_date(text: str | None) -> PartialDateTime | None:
    """The date as written, or None where it is absent, malformed or impossible (a 31 February, an hour 25)."""
    return text if text is not None and is_fhir_date(text) else None


def whole_day(text: str | None) -> str | None:
    """The day (YYYY-MM-DD) of a FHIR date that names one, else None."""
    valid = fhir_date(text)
    return valid[:10] if valid is not None and len(valid) >= 10 else None


def instant_now() -> str:
    """This moment as a FHIR instant in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
