"""Measured values: as numbers, and in words that keep the precision of the source."""

from __future__ import annotations

import math

from resolvers.record.values import Quantity
from resolvers.sources.fhir_r4.datatypes import Interval, Measure, Ratio
from resolvers.sources.fhir_r4.parts import Valued
from resolvers.sources.fhir_r4.reading import Reading, words
from resolvers.sources.fhir_r4.resources import Observation

COMPARATORS = frozenset({"<", "<=", ">=", ">"})


def measured(source: Measure, reading: Reading, where: str) -> tuple[str | None, Quantity | None]:
    """A Quantity in words ('< 7.0 mmol/L') and as a number; neither where there is no number, which is noted."""
    written = bytes(source.value)
    number = _number(written)
    if number is None:
        if written:
            reading.invalid(f"{where}.value")
        return None, None
    unit = source.unit or source.code
    words = f"{written.decode()} {unit}" if unit else written.decode()
    if source.comparator is None:
        return words, Quantity(value=number, comparator=None, unit=unit)
    comparator = source.comparator if source.comparator in COMPARATORS else None
    return f"{source.comparator} {words}", Quantity(value=number, comparator=comparator, unit=unit)


def amount(source: Measure | None) -> str | None:
    """A Quantity in words; None where there is no number."""
    if source is None:
        return None
    written = bytes(source.value)
    if _number(written) is None:
        return None
    return " ".join(part for part in (source.comparator, written.decode(), source.unit or source.code) if part)


def value(source: Observation | Valued, reading: Reading, where: str) -> str | None:
    """A value[x] in words, of whichever kind but Quantity."""
    if source.value_codeable_concept is not None:
        return words(source.value_codeable_concept)
    if source.value_string is not None:
        return source.value_string
    if source.value_boolean is not None:
        return "yes" if source.value_boolean else "no"
    if source.value_integer is not None:
        return str(source.value_integer)
    return _rarer(source, reading, where)


def between(low: Measure | None, high: Measure | None) -> str | None:
    """A range in words: '3.5 mmol/L - 5.3 mmol/L', 'up to 5 mg/L'."""
    below, above = amount(low), amount(high)
    if below and above:
        return f"{below} - {above}"
    if below:
        return f"from {below}"
    return f"up to {above}" if above else None


def _rarer(source: Observation | Valued, reading: Reading, where: str) -> str | None:
    if source.value_range is not None:
        return _interval(source.value_range)
    if source.value_ratio is not None:
        return _ratio(source.value_ratio)
    if source.value_time is not None:
        return source.value_time
    if source.value_date_time is not None:
        return reading.date(source.value_date_time, f"{where}.valueDateTime")
    period = reading.period(source.value_period, f"{where}.valuePeriod")
    return " to ".join(part for part in (period.start, period.end) if part) or None if period is not None else None


def _interval(source: Interval) -> str | None:
    return between(source.low, source.high)


def _ratio(source: Ratio) -> str | None:
    parts = [part for part in (amount(source.numerator), amount(source.denominator)) if part]
    return " / ".join(parts) or None


def _number(written: bytes) -> float | None:
    """The number that JSON wrote; None for anything else, and for one that no float holds."""
    try:
        number = float(written)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
