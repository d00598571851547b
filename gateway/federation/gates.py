"""Gates: policy over fetched data, before any of it enters the response tree.

What a gate does not admit is replaced by `WITHHELD`. A gate that fails, or answers for the wrong number of
values, admits nothing; nor is an object admitted of which something that its gate reads is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

import structlog

from gateway.federation.plan import GatePoint, Key
from gateway.federation.representations import select
from gateway.federation.tree import WITHHELD, Place, places
from gateway.federation.unread import is_unread

log = structlog.get_logger(__name__)

UNREAD: Mapping[str, Any] = {}
"""Stands for an object that cannot be judged; compared by identity."""


class Gate(Protocol):
    """Decides for a batch of objects of the types it guards; each has every field that the gate reads."""

    async def admit(self, values: Sequence[Mapping[str, Any]], context: Any) -> Sequence[bool]:
        """One verdict per value, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of fetched data: whether any object was replaced, whether one of them because something of it is lost
    that its gate reads, and the names of gates that could not decide."""

    withheld: bool
    unread: bool
    failed: Sequence[str]


def _depth(point: GatePoint) -> int:
    return sum(1 for segment in point.path if isinstance(segment, Key))


def in_order(points: Iterable[GatePoint]) -> list[list[GatePoint]]:
    """Points in batches that may be decided together: outer objects first, one gate at a time."""
    ordered = sorted(points, key=lambda point: (_depth(point), point.gate))
    return [list(group) for _, group in groupby(ordered, key=lambda point: (_depth(point), point.gate))]


async def withhold(
    data: Any, batches: Sequence[Sequence[GatePoint]], gates: Mapping[str, Gate], context: Any
) -> Judged:
    """Replace in `data` all objects that their gates do not admit. `data` is a list of roots: the fetched data alone, or
    the entities of a fetch."""
    withheld, unread, failed = False, False, []
    for batch in batches:
        values: list[Mapping[str, Any]] = []
        stands: list[Place] = []
        for point in batch:
            for value, place in _guarded(data, point):
                if value is None or value is UNREAD:
                    _replace(place)
                    withheld = True
                    unread = unread or value is UNREAD
                else:
                    values.append(value)
                    stands.append(place)
        if not values:
            continue
        verdicts, error = await _verdicts(batch[0].gate, gates.get(batch[0].gate), values, context)
        if error and batch[0].gate not in failed:
            failed.append(batch[0].gate)
        for place, admitted in zip(stands, verdicts, strict=True):
            if admitted is not True:
                _replace(place)
                withheld = True
    return Judged(withheld, unread, failed)


def _guarded(data: Any, point: GatePoint) -> Iterable[tuple[Mapping[str, Any] | None, Place]]:
    """What the gate is to read of each object at the point; None for one whose type cannot be told, `UNREAD` for one of
    which something is lost."""
    only = next(iter(point.types)) if len(point.types) == 1 else None
    for item, _path, place in places(data, point.path):
        typename = item.get("__typename", only)
        assert place is not None, "the data is a list of roots"
        if typename.__class__ is not str:
            yield None, place
        elif typename in point.types and is_unread(item, point.needs, typename):
            yield UNREAD, place
        elif typename in point.types:
            yield select(item, point.needs, typename, strict=False), place


async def _verdicts(
    name: str, gate: Gate | None, values: list[Mapping[str, Any]], context: Any
) -> tuple[Sequence[bool], bool]:
    nothing = [False] * len(values)
    if gate is None:
        log.error("unknown gate", gate=name)
        return nothing, True
    try:
        verdicts = await gate.admit(values, context)
        if len(verdicts) == len(values):
            return verdicts, False
        log.error("gate gave a wrong number of verdicts", gate=name)
    except Exception as error:
        log.error("gate failed", gate=name, error=type(error).__name__)
    return nothing, True


def _replace(place: Place) -> None:
    container, key = place
    container[key] = WITHHELD
