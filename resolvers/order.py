"""The one order of entries: newest first, undated last, ties by id. Cursors are positions in it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from resolvers.errors import BadUserInput
from resolvers.record.values import Entry

E = TypeVar("E", bound=Entry)
Position = tuple[str, str]


def position(entry: Entry) -> Position:
    """Where an entry stands: its date in UTC (empty where it has none) and its id."""
    return (instant(entry.date), entry.id)


def instant(date: str | None) -> str:
    """A sortable text for a FHIR date or dateTime; a zone other than UTC is converted."""
    if date is None:
        return ""
    if len(date) <= 19 or date.endswith(("Z", "+00:00")):
        return date
    try:
        return datetime.fromisoformat(date).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except ValueError:
        return date


def newest_first(entries: Iterable[E]) -> list[E]:
    """A new list in the order of the record."""
    return sorted(entries, key=position, reverse=True)


def cursor(entry: Entry) -> str:
    """An opaque text for the place of `entry`. It names a place, not an index: it stays valid, and means the same,
    whatever policy takes out around it."""
    date, id_ = position(entry)
    return base64.urlsafe_b64encode(f"{date}\n{id_}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Position:
    """The place that a cursor names. Raises BadUserInput."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        date, separator, id_ = raw.partition("\n")
    except (binascii.Error, ValueError, UnicodeError):
        separator = ""
    if not separator:
        raise BadUserInput("`after` takes a cursor that an earlier answer gave.")
    return (date, id_)
