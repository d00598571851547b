"""Whereabouts that must not be told: of restricted people all of them, of everybody the telling ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec

from policies.decision import Withhold
from policies.restricted import withheld_fields
from policies.sensitivity.gate import SensitivityPolicy
from resolvers.record.values import Entry
from resolvers.sources.demographics import Person


def without_whereabouts(entry: Entry, withheld: Mapping[str, frozenset[str]]) -> Entry:
    """A copy of the entry without the fields that `withheld` names by kind of entry ('Entry' for all kinds); entries
    may be shared through the cache."""
    kind: Any = type(entry)
    emptied = _emptied(kind, withheld_fields(withheld, kind.__name__))
    return msgspec.structs.replace(entry, **emptied) if emptied else entry


def without_sensitive_places(person: Person, policy: SensitivityPolicy) -> Person:
    """A copy of the person without an address, a contact or a practice that tells of a sensitive matter: a prison, a
    refuge, a clinic. Nothing follows from what is taken out: no council is asked for a home that is not shown."""
    address, practice, home = person.address, person.practice, person.local_authority
    if address is not None and _tells(policy, [*address.lines, address.postcode]):
        address = home = None
    if practice is not None and _tells(policy, practice.name):
        practice = None
    contacts = [contact for contact in person.contacts if not _tells(policy, contact.value)]
    return replace(person, address=address, practice=practice, contacts=contacts, local_authority=home)


def _tells(policy: SensitivityPolicy, words: Any) -> bool:
    return isinstance(policy.judge({"words": words}), Withhold)


@cache
def _emptied(kind: Any, withheld: frozenset[str]) -> dict[str, Any]:
    return {
        field.name: field.default_factory() if callable(field.default_factory) else field.default
        for field in msgspec.structs.fields(kind)
        if field.name in withheld
    }
