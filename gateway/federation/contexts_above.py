"""Which contextual values are to be had on the way to a place, for the satisfiability check.

A way is told by the names of the uses (context and selection) whose value the nearest object that sets the context
can give. Setting a context anew takes away what an object further up gave.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.federation.chains import Chain
from gateway.federation.contexts import ContextUse
from gateway.federation.graph import Graph, Node
from gateway.federation.paths import PathFinder, SearchLimitError

Had = frozenset[str]


class ContextsAbove:
    """The uses of one graph, looked at with one finder."""

    def __init__(self, graph: Graph, finder: PathFinder) -> None:
        self._supergraph = graph.supergraph
        self._finder = finder
        self._uses: dict[str, ContextUse] = {}
        self._fields: set[str] = set()
        for edge in graph.edges:
            if edge.contexts:
                self._fields.add(edge.name)
                self._uses.update((use.name, use) for use in edge.contexts)
        self._known: dict[tuple[int, str, str], bool] = {}

    def takes(self, field_name: str) -> bool:
        """Whether some field of this name takes arguments from a context."""
        return field_name in self._fields

    def allows(self, chain: Chain, had: Had) -> bool:
        """Whether the last step of a way has what it takes from above."""
        return all(use.name in had for use in chain[-1].edge.contexts)

    def below(self, type_name: str, nodes: Sequence[Node], had: Had) -> Had:
        """What is to be had below an object of some type, which stands at one of the nodes."""
        if not self._uses:
            return had
        set_here = {name for name, use in self._uses.items() if type_name in use.selections}
        if not set_here or self._supergraph.root_kind(type_name) == "mutation":
            return had
        return (had - set_here) | {
            name for name in set_here if any(self._gives(node, type_name, self._uses[name]) for node in nodes)
        }

    def _gives(self, node: Node, type_name: str, use: ContextUse) -> bool:
        memo = (node.id, type_name, use.name)
        if memo not in self._known:
            selection = use.at(node.type, frozenset({type_name}), self._supergraph.possible[node.type])
            self._finder.reset()
            try:
                self._known[memo] = self._finder.obtain(node, selection) is not None
            except SearchLimitError:
                self._known[memo] = False
        return self._known[memo]
