"""FHIR dates: checked, and kept as the source wrote them, however partial."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TypeGuard

from resolvers.record.values import PartialDateTime

_SHAPE = re.compile(
    r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d+)?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?)?)?)?"
)


def is_fhir_date(value: str) -> TypeGuard[PartialDateTime]:
    """Whether `value` is a FHIR date, dateTime or instant (R4 datatypes, section 2.24.0.1), and a day that exists.

    Times that ISO 8601 allows and FHIR does not (without a zone, with a zone of four digits) are accepted, as several
    systems send them: they can be read without doubt.
    """
    try:
        datetime.fromisoformat(value)
        return value[7] == "-" and (len(value) == 10 or value[10] == "T")
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
