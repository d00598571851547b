"""Restricted people: an entry without anything that tells where they live, are seen or can be reached."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any

from policies.restricted import withheld_fields
from resolvers.record.values import Entry


def without_whereabouts(entry: Entry) -> Entry:
    """A copy of the entry with the withheld fields emptied; entries may be shared through the cache."""
    kind: Any = type(entry)
    emptied = _emptied(kind)
    return replace(entry, **emptied) if emptied else entry


@cache
def _emptied(kind: type) -> dict[str, Any]:
    withheld = withheld_fields(kind.__name__)
    return {
        field.name: field.default_factory() if callable(field.default_factory) else field.default
        for field in fields(kind)
        if field.name in withheld
    }
