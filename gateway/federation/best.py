"""Chooses one way per leaf so that the whole plan makes the fewest requests in the fewest rounds.

Leaves that face the same choice of requests are decided together. A greedy choice gives a first
bound, then branch and bound looks for something better: a partial choice is dropped as soon as it,
with what every way of the undecided rest needs anyway, costs no less than the best whole one.

Sets of steps are bit masks: a choice is evaluated with a few operations on integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import NamedTuple

from gateway.federation.step import Step
from gateway.federation.walk import Leaf

REQUEST = 1_000_000  # one more request
ROUND = 1_000_100  # one more round: costs more than a request saved by it
HOP = 1_000  # one more part of some request
_FINE_LOOKS = 300  # partial choices looked at for any gain; after that only for a request or a round less
_MAX_LOOKS = 1_500  # after that the best found so far stands


class _Load(NamedTuple):
    """What a choice brings: requests (by subgraph and round), fetching steps, plain steps, rounds."""

    requests: int = 0
    fetches: int = 0
    moves: int = 0
    rounds: int = 0

    def plus(self, other: _Load) -> _Load:
        return _Load(
            self.requests | other.requests,
            self.fetches | other.fetches,
            self.moves | other.moves,
            max(self.rounds, other.rounds),
        )

    @property
    def cost(self) -> int:
        return self.cost_with(self)

    def cost_with(self, other: _Load) -> int:
        """What both cost together."""
        return (
            (self.requests | other.requests).bit_count() * REQUEST
            + max(self.rounds, other.rounds) * ROUND
            + (self.fetches | other.fetches).bit_count() * HOP
            + (self.moves | other.moves).bit_count()
        )


_NOTHING = _Load()


class _Option(NamedTuple):
    """One way for a group of leaves: which of the ways of each, and what it brings."""

    way: int
    load: _Load


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Leaves that are decided together: their places among all leaves, with their ways, and their options."""

    members: list[tuple[int, Leaf, list[Step]]]
    options: list[_Option]

    def least(self) -> _Load:
        """What every option brings."""
        loads = [option.load for option in self.options]
        return _Load(
            reduce(and_, (load.requests for load in loads)),
            reduce(and_, (load.fetches for load in loads)),
            reduce(and_, (load.moves for load in loads)),
            min(load.rounds for load in loads),
        )


def choose(leaves: Sequence[Leaf]) -> list[Step]:
    """One step per leaf, in the order of the leaves."""
    groups = sorted(_groups(leaves), key=lambda group: len(group.options))
    found: dict[int, Step] = {}
    for group, option in zip(groups, _Search(groups).run(), strict=True):
        found.update((place, leaf.end(ways[option.way])) for place, leaf, ways in group.members)
    return [found[place] for place in range(len(leaves))]


def cost_of(ends: Sequence[Step]) -> int:
    """What a choice costs as a whole."""
    loads = _Loads()
    return reduce(_Load.plus, (loads.of(end) for end in ends), _NOTHING).cost


def _groups(leaves: Sequence[Leaf]) -> list[_Group]:
    """Leaves whose alternatives need the same fetching steps, alternative by alternative, go together."""
    loads = _Loads()
    gathered: dict[tuple[int, ...], list[tuple[int, Leaf, list[Step]]]] = {}
    brought: dict[tuple[int, ...], list[list[_Load]]] = {}
    weighed: dict[int, tuple[tuple[int, ...], list[Step]]] = {}
    for place, leaf in enumerate(leaves):
        known = weighed.get(id(leaf.ways))
        if known is None:
            by_fetches: dict[int, tuple[Step, _Load]] = {}
            for step in leaf.ways:
                load = loads.of(step)
                by_fetches.setdefault(load.fetches, (step, load))
            signature = tuple(sorted(by_fetches))
            known = weighed[id(leaf.ways)] = (signature, [by_fetches[mask][0] for mask in signature])
            brought.setdefault(signature, []).append([by_fetches[mask][1] for mask in signature])
        signature, ways = known
        gathered.setdefault(signature, []).append((place, leaf, ways))
    groups = []
    for signature, members in gathered.items():
        together = [reduce(_Load.plus, alike) for alike in zip(*brought[signature], strict=True)]
        groups.append(_Group(members, _undominated([_Option(*each) for each in enumerate(together)])))
    return groups


def _undominated(options: list[_Option]) -> list[_Option]:
    """Options without those that fetch all that another one fetches, and more, and not earlier."""
    kept: list[_Option] = []
    for option in sorted(options, key=lambda o: o.load.cost):
        mine = option.load
        for other in kept:
            load = other.load
            if load.fetches & ~mine.fetches == 0 and load.rounds <= mine.rounds:
                break
        else:
            kept.append(option)
    return kept


class _Loads:
    """What a step brings with it: its ancestors and all that they require."""

    def __init__(self) -> None:
        self._known: dict[Step, _Load] = {}
        self._requests: dict[object, int] = {}
        self._fetches = self._moves = 0

    def of(self, step: Step) -> _Load:
        known = self._known.get(step)
        if known is not None:
            return known
        requests = fetches = moves = rounds = 0
        if step.is_fetch:
            rounds = level(step)
            # requests to one subgraph in one round are one request, but for root fetches
            request = (step.node.subgraph, rounds, step.parent is None)
            requests = 1 << self._requests.setdefault(request, len(self._requests))
            self._fetches += 1
            fetches = 1 << self._fetches
        else:
            self._moves += 1
            moves = 1 << self._moves
        for other in (step.parent, *step.awaited) if step.parent else step.awaited:
            load = self._known.get(other) or self.of(other)
            requests |= load.requests
            fetches |= load.fetches
            moves |= load.moves
            if load.rounds > rounds:
                rounds = load.rounds
        known = self._known[step] = _Load(requests, fetches, moves, rounds)
        return known


def level(step: Step) -> int:
    """In which round, from 1, the request that a step belongs to can be made."""
    if step.level < 0:
        above = level(step.parent) if step.parent else 0
        if step.is_fetch:
            # what is needed is mostly at hand where the request above started from
            above = max((level(need) for need in step.awaited), default=above) + 1
        step.level = above
    return step.level


class _Search:
    def __init__(self, groups: list[_Group]) -> None:
        self.groups = groups
        self.rest = [_NOTHING]
        for group in reversed(groups):
            self.rest.append(self.rest[-1].plus(group.least()))
        self.rest.reverse()
        self.best: list[_Option] = []
        self.bound = 0
        self.looks = 0

    def run(self) -> list[_Option]:
        """The best option of each group."""
        total = _NOTHING
        for index, group in enumerate(self.groups):
            base = total.plus(self.rest[index + 1])
            costs = [base.cost_with(option.load) for option in group.options]
            option = group.options[costs.index(min(costs))]
            total = total.plus(option.load)
            self.best.append(option)
        self.bound = total.cost
        self._explore(0, [], _NOTHING)
        return self.best

    def _explore(self, depth: int, chosen: list[_Option], total: _Load) -> None:
        self.looks += 1
        while depth < len(self.groups) and len(self.groups[depth].options) == 1:
            chosen.append(self.groups[depth].options[0])
            total = total.plus(chosen[-1].load)
            depth += 1
        gain = self.bound - total.cost_with(self.rest[depth])
        if gain <= (0 if self.looks <= _FINE_LOOKS else REQUEST // 2) or self.looks > _MAX_LOOKS:
            return
        if depth == len(self.groups):
            self.best, self.bound = list(chosen), total.cost
            return
        kept = len(chosen)
        for option in self._ranked(depth, total):
            chosen.append(option)
            self._explore(depth + 1, chosen, total.plus(option.load))
            del chosen[kept:]

    def _ranked(self, depth: int, total: _Load) -> list[_Option]:
        """Options, cheapest first; only the first if it needs no further fetching step."""
        ranked = sorted(self.groups[depth].options, key=lambda option: total.cost_with(option.load))
        return ranked[:1] if ranked[0].load.fetches & ~total.fetches == 0 else ranked
