"""Chooses one way per leaf so that the whole plan makes the fewest requests in the fewest rounds.

Leaves that face the same choice of requests are decided together. A greedy choice gives a first
bound, then branch and bound looks for something better: a partial choice is dropped as soon as it
costs no less than the best whole one (adding a way never makes a choice cheaper).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.federation.walk import Leaf, Step

REQUEST = 1_000_000
ROUND = 1_000_100
HOP = 1_000
_MAX_CHOICES = 20_000  # partial choices looked at; after that the best found so far stands


@dataclass(frozen=True, slots=True, eq=False)
class _Option:
    """One way for a group of leaves: its requests, and its plain moves."""

    leaves: tuple[Step, ...]
    fetches: frozenset[Step]
    moves: frozenset[Step]


def choose(leaves: Sequence[Leaf]) -> list[Step]:
    """One step per leaf, in the order of the leaves."""
    groups = _groups(leaves)
    order = sorted(range(len(groups)), key=lambda i: len(groups[i].options))
    search = _Search([groups[i].options for i in order])
    picked = dict(zip(order, search.run(), strict=True))
    found: dict[int, Step] = {}
    for index, group in enumerate(groups):
        option = picked[index]
        for place, step in zip(group.places, option.leaves, strict=True):
            found[place] = step
    return [found[i] for i in range(len(leaves))]


@dataclass(slots=True)
class _Group:
    places: list[int]
    options: list[_Option]


def _groups(leaves: Sequence[Leaf]) -> list[_Group]:
    """Leaves whose alternatives need the same requests, alternative by alternative, go together."""
    closures = _Closures()
    gathered: dict[tuple[frozenset[int], ...], list[tuple[int, list[Step]]]] = {}
    for place, leaf in enumerate(leaves):
        ways: dict[frozenset[int], Step] = {}
        for step in leaf:
            ways.setdefault(frozenset(s.id for s in closures.fetches(step)), step)
        signature = tuple(sorted(ways, key=sorted))
        gathered.setdefault(signature, []).append((place, [ways[key] for key in signature]))
    groups = []
    for members in gathered.values():
        options = []
        for choice in zip(*(steps for _, steps in members), strict=True):
            moves = frozenset(move for step in choice for move in closures.moves(step))
            options.append(_Option(choice, closures.fetches(choice[0]), moves))
        groups.append(_Group([place for place, _ in members], options))
    return groups


class _Closures:
    """What a step brings with it: its ancestors and all that they require."""

    def __init__(self) -> None:
        self._fetches: dict[Step, frozenset[Step]] = {}
        self._moves: dict[Step, frozenset[Step]] = {}

    def fetches(self, step: Step) -> frozenset[Step]:
        return self._get(step, self._fetches, want=True)

    def moves(self, step: Step) -> frozenset[Step]:
        return self._get(step, self._moves, want=False)

    def _get(self, step: Step, memo: dict[Step, frozenset[Step]], *, want: bool) -> frozenset[Step]:
        known = memo.get(step)
        if known is None:
            found = {step} if step.is_fetch is want else set()
            for other in (*((step.parent,) if step.parent else ()), *step.needs):
                found |= self._get(other, memo, want=want)
            known = memo[step] = frozenset(found)
        return known


def level(step: Step) -> int:
    """In which round, from 1, the request that a step belongs to can be made."""
    if step.level < 0:
        above = level(step.parent) if step.parent else 0
        if step.is_fetch:
            # what it needs is mostly at hand where the request above it started from
            above = max([_ready(step), *(level(need) for need in step.needs)], default=0) + 1
        step.level = above
    return step.level


def _ready(step: Step) -> int:
    return level(step.parent) if step.parent and not step.needs else 0


class _Search:
    def __init__(self, groups: list[list[_Option]]) -> None:
        self.groups = groups
        self.best: list[_Option] = []
        self.bound = -1
        self.looked = 0

    def run(self) -> list[_Option]:
        self._greedy()
        if any(len(options) > 1 for options in self.groups):
            self._explore(0, [], _Sum())
        return self.best

    def _greedy(self) -> None:
        total = _Sum()
        for options in self.groups:
            if len(options) == 1:
                total = total.plus(options[0])
                self.best.append(options[0])
                continue
            sums = [total.plus(option) for option in options]
            index = min(range(len(options)), key=lambda i: sums[i].cost)
            total = sums[index]
            self.best.append(options[index])
        self.bound = total.cost

    def _explore(self, depth: int, chosen: list[_Option], total: _Sum) -> None:
        self.looked += 1
        if total.cost >= self.bound or self.looked > _MAX_CHOICES:
            return
        if depth == len(self.groups):
            self.best, self.bound = list(chosen), total.cost
            return
        options = self.groups[depth]
        sums = [total.plus(option) for option in options]
        for index in sorted(range(len(options)), key=lambda i: sums[i].cost):
            chosen.append(options[index])
            self._explore(depth + 1, chosen, sums[index])
            chosen.pop()


class _Sum:
    """The cost of several options together: requests at one time to one subgraph are one request."""

    __slots__ = ("cost", "depth", "fetches", "moves", "requests")

    def __init__(self) -> None:
        self.fetches: frozenset[Step] = frozenset()
        self.moves: frozenset[Step] = frozenset()
        self.requests: frozenset[tuple[str, int, bool]] = frozenset()
        self.depth = 0
        self.cost = 0

    def plus(self, option: _Option) -> _Sum:
        new = _Sum()
        fresh = option.fetches - self.fetches
        new.fetches, new.moves = self.fetches | fresh, self.moves | option.moves
        new.requests = self.requests | {(s.node.subgraph, level(s), s.parent is None) for s in fresh}
        new.depth = max([self.depth, *(level(s) for s in fresh)])
        new.cost = len(new.requests) * REQUEST + new.depth * ROUND + len(new.fetches) * HOP + len(new.moves)
        return new
