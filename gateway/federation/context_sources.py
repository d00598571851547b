"""Where on the way to a field the values of its contextual arguments are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.federation.chains import Chain, needs_cost
from gateway.federation.contexts import ContextUse
from gateway.federation.graph import Move
from gateway.federation.selection import Sel

if TYPE_CHECKING:
    from gateway.federation.step import Step
    from gateway.federation.walk import Walk


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One object above: the value is selected from `start` on and stands at `ends`. `types` are the types of
    the object that set the context, None if all that it may have do."""

    start: Step
    types: frozenset[str] | None
    selection: tuple[Sel, ...]
    ends: tuple[Step, ...]
    cost: int


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """One argument and its sources, the nearest first."""

    use: ContextUse
    sources: tuple[Source, ...]


def take(walk: Walk, step: Step, uses: tuple[ContextUse, ...]) -> tuple[Taken, ...] | None:
    """The sources for a field of the object at a step; None if some argument cannot have its value."""
    above = list(_above(step))
    found = []
    for use in uses:
        sources = _sources(walk, above, use)
        if sources is None:
            return None
        found.append(Taken(use, sources))
    return tuple(found)


def seat(step: Step) -> Step:
    """The step that led to the object at a step, before any hop to another subgraph."""
    while step.edge.move is Move.KEY and step.parent is not None:
        step = step.parent
    return step


def _sources(walk: Walk, above: list[list[Step]], use: ContextUse) -> tuple[Source, ...] | None:
    found: list[Source] = []
    for position in above:
        possible = _possible(walk, position)
        setting = frozenset(possible & use.selections.keys())
        if not setting or walk.graph.supergraph.root_kind(position[0].node.type) == "mutation":
            continue
        source = _best(walk, position, use, possible, setting)
        if source is None:
            return None
        found.append(source)
        if setting == possible:
            return tuple(found)
    return None


def _above(step: Step) -> Iterator[list[Step]]:
    """The steps that stand at each object above, the nearest object first, and of each the first step first."""
    at: list[Step] = []
    own = True
    climbing: Step | None = step
    while climbing is not None:
        at.insert(0, climbing)
        if climbing.edge.move in (Move.ENTRY, Move.FIELD, Move.REENTRY):
            if not own:
                yield at
            own, at = False, []
        climbing = climbing.parent


def _possible(walk: Walk, position: list[Step]) -> frozenset[str]:
    """The types that an object can have after all that the steps at it say."""
    possible = walk.graph.supergraph.possible
    return frozenset.intersection(
        *(frozenset({s.edge.name} if s.edge.move is Move.TRUE_TYPE else possible[s.node.type]) for s in position)
    )


def _best(
    walk: Walk, position: list[Step], use: ContextUse, possible: frozenset[str], setting: frozenset[str]
) -> Source | None:
    best: tuple[int, Step, tuple[Sel, ...], tuple[Chain, ...]] | None = None
    for start in (*position, *_other_roots(walk, position)):
        selection = use.at(start.node.type, setting, walk.graph.supergraph.possible[start.node.type])
        chains = walk.finder.obtain(start.node, selection)
        if chains is not None and (best is None or needs_cost(chains) < best[0]):
            best = (needs_cost(chains), start, selection, chains)
    if best is None:
        return None
    cost, start, selection, chains = best
    types = None if setting == possible else setting
    return Source(start, types, selection, tuple(walk.extend(start, chain) for chain in chains), cost)


def _other_roots(walk: Walk, position: list[Step]) -> list[Step]:
    """A query's root can be asked in every subgraph."""
    entry = position[0]
    if entry.edge.move is not Move.ENTRY:
        return []
    return [step for step in walk.roots("query") if step.node.type == entry.node.type and step is not entry]
