"""The ways on from a node, and which of the paths that go them are kept."""

from __future__ import annotations

from typing import NamedTuple

from gateway.federation.chains import HOP, Chain, chain_cost
from gateway.federation.graph import Node
from gateway.federation.paths import PathFinder, Target
from gateway.federation.step import Path

_MAX_PATHS = 4  # kept per subgraph; without a limit they multiply with depth
_SLACK = 4 * HOP  # how much dearer than the cheapest a path to the same subgraph may be


class Way(NamedTuple):
    """A chain from some node, the same for all paths that stand there."""

    chain: Chain
    cost: int
    subgraph: str


class Ways:
    """What a path finder finds, remembered for one walk."""

    def __init__(self, finder: PathFinder) -> None:
        self.finder = finder
        self._direct: dict[tuple[int, Target], list[Way]] = {}
        self._indirect: dict[tuple[int, Target], list[Way]] = {}

    def near(self, node: Node, target: Target) -> list[Way]:
        """Ways without leaving the subgraph."""
        found = self._direct.get((node.id, target))
        if found is None:
            chains: list[Chain] = [(hop,) for hop in self.finder.direct(node, target)]
            found = self._direct[(node.id, target)] = _priced(chains)
        return found

    def far(self, node: Node, target: Target) -> list[Way]:
        """Ways over entity hops."""
        found = self._indirect.get((node.id, target))
        if found is None:
            found = self._indirect[(node.id, target)] = _priced(self.finder.indirect(node, target))
        return found


class Kept:
    """The cheapest paths to each subgraph. A dearer one may share its requests with the rest of the plan,
    so the cheapest alone will not do."""

    def __init__(self) -> None:
        self._found: dict[str, list[Path]] = {}

    def wants(self, subgraph: str, total: int) -> bool:
        """Whether a path of this cost to a subgraph would be kept."""
        known = self._found.get(subgraph)
        if not known:
            return True
        return total <= known[0].step.total + _SLACK and (len(known) < _MAX_PATHS or total < known[-1].step.total)

    def add(self, path: Path) -> bool:
        """Consider a path; False if a value that its last step takes from above cannot be had."""
        if path.step.taken is None:
            return False
        known = self._found.setdefault(path.step.node.subgraph, [])
        for other in known:
            if other.step is path.step:
                return True
        known.append(path)
        known.sort(key=_total)
        while len(known) > _MAX_PATHS or known[-1].step.total > known[0].step.total + _SLACK:
            known.pop()
        return True

    def paths(self) -> list[Path]:
        return [path for subgraph in sorted(self._found) for path in self._found[subgraph]]


def _priced(chains: list[Chain]) -> list[Way]:
    return [Way(chain, chain_cost(chain), chain[-1].edge.tail.subgraph) for chain in chains]


def _total(path: Path) -> int:
    return path.step.total
