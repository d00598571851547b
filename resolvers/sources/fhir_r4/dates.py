"""FHIR dates: checked, and kept as the source wrote them, however partial."""

from __future__ import annotations

import re
from datetime import date, datetime

_SHAPE = re.compile(
    r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d+)?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?)?)?"
)


def is_fhir_date(value: str) -> bool:
    """Whether `value` is a FHIR date, dateTime or instant (R4 datatypes, section 2.24.0.1), and a day that exists.

    A time without a zone is accepted, as several systems send it: it is still readable without doubt about the day.
    """
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return _by_shape(value)
    if len(value) == 10:
        return (value[4] == "-" and value[7] == "-") or _by_shape(value)
    if len(value) < 20 or value[10] != "T" or value[16] != ":" or "," in value:
        return _by_shape(value)
    return value[-1] == "Z" or value[-3] == ":" or _by_shape(value)


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
