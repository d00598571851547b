"""Strict scalars: what they take in is checked here and nowhere else."""

from __future__ import annotations

import re
from typing import Any

from nhs_number.validate import is_valid
from strawberry import scalar
from strawberry.types.scalar import ScalarDefinition

from resolvers.errors import BadUserInput
from resolvers.record.values import NHSNumber, PartialDateTime

_DATE = re.compile(
    r"(\d{4})(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])"
    r"(T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-](0\d|1[0-4]):[0-5]\d))?)?)?",
    re.ASCII,
)


def parse_nhs_number(value: Any) -> str:
    """Ten digits with a right check digit; spaces and hyphens between groups are taken out.

    Source: NHS Data Dictionary, NHS NUMBER (modulus 11). Numbers of one repeated digit pass the check but are
    never issued, and are refused.
    """
    if isinstance(value, str):
        digits = re.sub(r"[ -]", "", value)
        plain = len(digits) == 10 and digits.isascii() and digits.isdigit()
        if plain and len(set(digits)) > 1 and is_valid(digits):
            return digits
    raise BadUserInput("An NHS number has ten digits, of which the last is a check digit. This one is not valid.")


def parse_partial_date_time(value: Any) -> str:
    """A FHIR date or dateTime: 2024, 2024-05, 2024-05-17, or with time and zone."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value
    raise BadUserInput("A date is written 2024, 2024-05, 2024-05-17 or 2024-05-17T09:30:00Z.")


SCALARS: dict[object, ScalarDefinition] = {
    NHSNumber: scalar(
        name="NHSNumber",
        description="An NHS number: ten digits, the last a check digit. Spaces are allowed.",
        specified_by_url="https://www.datadictionary.nhs.uk/attributes/nhs_number.html",
        serialize=str,
        parse_value=parse_nhs_number,
    ),
    PartialDateTime: scalar(
        name="PartialDateTime",
        description="A date as exact as it is known: 2024, 2024-05, 2024-05-17, or with time and zone (FHIR dateTime).",
        specified_by_url="https://hl7.org/fhir/R4/datatypes.html#dateTime",
        serialize=str,
        parse_value=parse_partial_date_time,
    ),
}
