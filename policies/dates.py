"""Partial dates as FHIR writes them (R4 datatypes: date, dateTime), and what they may mean."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?", re.ASCII)

REMEMBERED = 16_384  # days: a lifetime of entries falls on few of them


def earliest_day(text: str | None) -> date | None:
    """The first day that a partial date may mean ("2024" is 1 January 2024); None for what is no date."""
    parts = _parts(text)
    return _day(parts[0], parts[1] or 1, parts[2] or 1) if parts else None


def latest_day(text: str | None) -> date | None:
    """The last day that a partial date may mean ("2024-02" is 29 February 2024); None for what is no date."""
    return _latest(text[:10] if text is not None and text[10:11] == "T" else text)


@lru_cache(maxsize=REMEMBERED)
def _latest(text: str | None) -> date | None:
    parts = _parts(text)
    if not parts:
        return None
    year, month, day = parts
    if day:
        return _day(year, month, day)
    month = month or 12
    return _day(year, month, monthrange(year, month)[1]) if _day(year, month, 1) else None


def _parts(text: str | None) -> tuple[int, int, int] | None:
    found = _PARTIAL.fullmatch(text.strip()) if text else None
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    return year, month, day


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
