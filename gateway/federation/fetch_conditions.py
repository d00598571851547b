"""When a unit is asked: disjunctions of conjunctions of @skip/@include variables; () means always."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.federation.fetch import Unit
from gateway.federation.selection import Conditions

Disjunction = tuple[Conditions, ...]


def unit_conditions(unit: Unit) -> Disjunction:
    """When a unit has anything to ask: () for always, else any one of the conjunctions."""
    found: set[Conditions] = set()
    for item in unit.out.tops():
        if not item.conditions:
            return ()
        found.add(item.conditions)
    return _least(found)


def any_of(given: Iterable[Disjunction]) -> Disjunction:
    """When any of several is asked."""
    given = list(given)
    if not all(given):
        return ()
    return _least({conjunction for disjunction in given for conjunction in disjunction})


def _least(found: set[Conditions]) -> Disjunction:
    """A disjunction without the conjunctions that others imply."""
    least = [cs for cs in found if not any(set(other) < set(cs) for other in found)]
    return tuple(sorted(least, key=_sort_key))


def _sort_key(conditions: Conditions) -> list[tuple[str, bool]]:
    return [(c.variable, c.value) for c in conditions]
