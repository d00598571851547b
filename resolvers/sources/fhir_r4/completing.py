"""Medicines that prescriptions only refer to, and that no `_include` brought: looked up by id, once.

A medicine without its name is of little use, and not every server includes. Whether this succeeds is never told:
whether a Medication is missing or was withheld must look the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from resolvers.sources.fhir_r4.asking import Query
from resolvers.sources.fhir_r4.catch import Catch, Wanted
from resolvers.sources.fhir_r4.resources import Medication, MedicationRequest, MedicationStatement

MOST = 100  # ids in one search: a longer URL is refused by many servers
WANTED = Wanted(frozenset(), {Medication: "Medication/"}, frozenset())


def missing(catches: Iterable[Catch], bases: Sequence[str]) -> list[str]:
    """The ids of Medications of this server that are referred to and not here, in order, at most `MOST`."""
    here: set[str] = set()
    wanted: dict[str, None] = {}
    for catch in catches:
        for key, found in catch.found.items():
            resource = found.resource
            kind = resource.__class__
            if kind is Medication:
                here.add(key)
            elif kind is MedicationRequest or kind is MedicationStatement:
                target = _target(resource, bases)
                if target is not None:
                    wanted[target] = None
    return [target.partition("/")[2] for target in wanted if target not in here][:MOST]


def query(ids: Sequence[str]) -> Query:
    """The search for these Medications."""
    return Query("Medication", (("_id", ",".join(ids)), ("_count", str(len(ids)))))


def only(catch: Catch, ids: Iterable[str]) -> None:
    """Drop what was not asked for: a server that ignores `_id` sends its whole formulary."""
    wanted = {f"Medication/{each}" for each in ids}
    catch.found = {key: found for key, found in catch.found.items() if key in wanted}


def _target(resource: Any, bases: Sequence[str]) -> str | None:
    reference = resource.medication_reference
    target = reference.reference if reference is not None else None
    if target is None:
        return None
    for base in bases:
        if target.startswith(f"{base}/"):
            target = target[len(base) + 1 :]
            break
    if not target.startswith("Medication/"):
        return None
    plain = target.split("/_history/", 1)[0]
    return plain if plain.count("/") == 1 and "," not in plain else None
