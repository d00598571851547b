"""Finds ways through the query graph: shared by the planner and by composition's satisfiability check.

Four questions are answered here, all from a node and never from a request:

- `advance(node, target)`: every cheapest way to a field or to the objects of a type, directly or over
  entity hops, at most one cost per subgraph reached. An empty answer means it cannot be reached.
- `satisfy(node, edge)`: how what an edge requires is obtained at a node (recursively: its own keys,
  its own @requires), or None.
- `obtain(node, selection)`: how something else than an edge's requirement is obtained at a node, or None.
- `why_not(node, target)`: for a target without a way, one reason per subgraph that might have served it.

A field that takes arguments from a context is answered with its edge's `contexts`: whether objects that set them
stand above, and their values can be obtained there, only those know who know the way. Requirements begin at a node,
with nothing above it, and never go through such a field.

A satisfiability check keeps the set of nodes it may be at, and for each API field replaces it by the
`tail` of every chain that `advance` returns for each of them; an empty set is an error with `why_not`.
Answers are memoised for the finder's lifetime: keep one finder per graph and set of override flags.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.federation.alike import Alike
from gateway.federation.chains import (
    Chain,
    Hop,
    cheapest_per_subgraph,
    make_hop,
    tail,
)
from gateway.federation.choice import cheapest
from gateway.federation.graph import Edge, Graph, Move, Node
from gateway.federation.selection import FieldSel, Sel, TypeSel, field_names, overlap

_MAX_TRIES = 500_000  # entity edges tried by one finder between two resets; past it the search is refused
_MAX_MEMO = 50_000  # searches remembered; operations can name ever new arguments


class SearchLimitError(RuntimeError):
    """The supergraph offers so many ways that the search was stopped."""


Target = FieldSel | str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one subgraph does not lead to a target."""

    subgraph: str
    reason: str


_Found = tuple[tuple[Chain, Edge, tuple[Chain, ...]], ...]
_Set = frozenset[str]
_NONE: _Set = frozenset()
_CONTEXT = (-1, -1)  # in place of an edge: what is sought is a context's value


class PathFinder:
    """Path search in one graph with one set of active @override labels.

    With `strict`, a subgraph on the way to which something is required is not entered for other objects
    below that requirement either, and a field moved by an @override label answers no requirement. Other
    composers search so; what composes strictly composes everywhere.
    """

    def __init__(self, graph: Graph, flags: frozenset[str] = frozenset(), *, strict: bool = False) -> None:
        self.graph = graph
        self.flags = flags
        self.strict = strict
        self._active: set[tuple[int, int]] = set()
        self._satisfied: dict[object, tuple[Chain, ...] | None] = {}
        self._found: dict[object, _Found] = {}
        self._local: dict[tuple[int, FieldSel], bool] = {}
        self._tries = 0
        self.alike = Alike(graph)
        self._into: dict[tuple[int, _Set], list[Edge]] = {}

    def reset(self) -> None:
        """Allow a new plan its full budget of tries, and forget what belonged to the last one."""
        self._tries = 0
        self._local.clear()
        if len(self._found) > _MAX_MEMO:
            self._found.clear()

    def advance(self, node: Node, target: Target) -> list[Chain]:
        """Every way from `node` to a field or to the objects of a type."""
        direct: list[Chain] = [(hop,) for hop in self.direct(node, target)]
        if isinstance(target, FieldSel) and target.is_leaf and any(not chain[-1].edge.contexts for chain in direct):
            return direct
        return direct + self.indirect(node, target)

    def direct(self, node: Node, target: Target) -> list[Hop]:
        """Ways without leaving the subgraph (but for what an edge's @requires needs)."""
        sel, edges = _edges(node, target)
        hops = []
        for edge in edges:
            if edge.contexts and (self._active or self.reenter(node) is None):
                continue
            needs = self.satisfy(node, edge)
            if needs is not None:
                hops.append(make_hop(edge, sel, needs))
        return hops

    def indirect(
        self, node: Node, target: Target, seen: _Set = _NONE, keys: frozenset[int] = frozenset()
    ) -> list[Chain]:
        """Ways over at least one entity hop, cheapest per subgraph reached.

        `seen` are subgraphs and `keys` key selections that an enclosing search has used up.
        """
        place = (node.id, seen, keys, frozenset(self._active))
        if not isinstance(target, FieldSel):
            ways = self._ways((place, "on", target), node, target, seen, keys)
            return [(*chain, make_hop(edge, None, needs)) for chain, edge, needs in ways]
        name = target.name
        likeness = self.alike.number(node.type, name)
        if likeness is not None:
            ways = self._ways((place, likeness), node, target, seen, keys)
            return [(*chain, make_hop(edge.head.fields[name][0], target, ())) for chain, edge, _ in ways]
        detail = ""
        if name in self.alike.key_names:
            detail = target.args + (f"{target}" if target.sel else "")
        ways = self._ways((place, name, detail), node, target, seen, keys)
        return [(*chain, make_hop(edge, target, needs)) for chain, edge, needs in ways]

    def _ways(self, memo: object, node: Node, target: Target, seen: _Set, keys: frozenset[int]) -> _Found:
        found = self._found.get(memo)
        if found is None:
            found = self._found[memo] = self._search(node, target, seen, keys)
        return found

    def satisfy(
        self, node: Node, edge: Edge, seen: _Set = _NONE, keys: frozenset[int] = frozenset()
    ) -> tuple[Chain, ...] | None:
        """Chains from `node` that obtain what `edge` requires; None if they cannot be had."""
        if edge.flag is not None and not self._usable(edge, bool(self._active)):
            return None
        if not edge.requires:
            return ()
        local = (node.id, edge.id)
        if local in self._satisfied:
            return self._satisfied[local]
        chains = self._locally(node, edge.requires)
        if chains is not None:
            self._satisfied[local] = chains
            return chains
        if local in self._active:
            return None
        memo = (node.id, edge.id, seen, keys, frozenset(self._active))
        if memo not in self._satisfied:
            self._active.add(local)
            try:
                self._satisfied[memo] = self._obtain(node, edge.requires, seen, keys)
            finally:
                self._active.discard(local)
        return self._satisfied[memo]

    def obtain(self, node: Node, selection: tuple[Sel, ...]) -> tuple[Chain, ...] | None:
        """Chains from `node` that obtain a selection; None if it cannot be had. Remembered by identity."""
        memo = ("context", node.id, selection)
        if memo not in self._satisfied:
            self._active.add(_CONTEXT)
            try:
                chains = self._locally(node, selection)
                self._satisfied[memo] = self._obtain(node, selection, _NONE, frozenset()) if chains is None else chains
            finally:
                self._active.discard(_CONTEXT)
        return self._satisfied[memo]

    def local(self, node: Node, sel: FieldSel) -> bool:
        """Whether a field with everything below it is answered at `node` with no condition and no choice.

        Unions never count as local: which members may be asked depends on the other ways there are.
        """
        memo = (node.id, sel)
        known = self._local.get(memo)
        if known is None:
            known = self._local[memo] = self._is_local(node, sel)
        return known

    def reenter(self, node: Node) -> tuple[tuple[Sel, ...], tuple[Chain, ...]] | None:
        """A key by which this node's subgraph can be entered again, and how it is read at the node."""
        for key in sorted(node.reentry_keys(), key=lambda k: len(list(field_names(k)))):
            chains = self._locally(node, key)
            if chains is not None:
                return key, chains
        return None

    def why_not(self, node: Node, target: Target) -> list[Refusal]:
        """Reasons why a target cannot be reached from `node`, one per way that might have led there."""
        what = f"field {node.type}.{target.name}" if isinstance(target, FieldSel) else f"type {target}"
        reasons = [Refusal(node.subgraph, self._absent(node, target, what))]
        for edge in node.key_edges():
            if isinstance(target, FieldSel) and all(end.contexts for end in edge.tail.field_edges(target.name)):
                reason = self._absent(edge.tail, target, what)
            elif self.satisfy(node, edge) is None:
                reason = f"its key {{ {edge.key} }} cannot be obtained from {node.subgraph}"
            else:
                reason = f"{what} cannot be reached after entering by {{ {edge.key} }}"
            reasons.append(Refusal(edge.tail.subgraph, reason))
        entered = {refusal.subgraph for refusal in reasons}
        for subgraph in self.graph.supergraph.types[node.type].joins:
            if subgraph not in entered:
                reasons.append(Refusal(subgraph, f"{node.type} has no resolvable @key there"))
        return reasons

    def _absent(self, node: Node, target: Target, what: str) -> str:
        if isinstance(target, FieldSel):
            join = self.graph.supergraph.field_join(node.type, target.name, node.subgraph)
            if join is not None and join.context_arguments:
                return f"{what} takes arguments there from a context that nothing above it sets or can give"
            if join is not None and (join.external or join.used_overridden):
                return f"{what} is only named there (external or overridden), not resolved"
        return f"{what} is not resolved there"

    def _search(self, node: Node, target: Target, seen: _Set, keys: frozenset[int]) -> _Found:
        best: dict[str, tuple[int, list[tuple[Chain, Edge, tuple[Chain, ...]]]]] = {}
        visited: set[int] = set()
        resolvers = self.graph.resolvers(node.type, target.name) if isinstance(target, FieldSel) else _NONE
        count = 0
        queue: list[tuple[int, int, Node, Chain, _Set, frozenset[int]]] = [(0, 0, node, (), seen, keys)]
        while queue:
            cost, _, at, chain, seen_here, keys_here = heapq.heappop(queue)
            if at.id in visited:
                continue
            visited.add(at.id)
            for edge in self._edges_into(at, resolvers):
                if not self._may_try(node, at, edge, target, seen_here, keys_here):
                    continue
                now_seen = seen_here | {edge.tail.subgraph}
                needs = self.satisfy(at, edge, now_seen, keys_here)
                if needs is None:
                    continue
                hop = make_hop(edge, None, needs)
                further = (*chain, hop)
                hops = self.direct(edge.tail, target)
                for last in hops:
                    _note(best, cost + hop.cost + last.cost, further, last)
                if all(last.edge.contexts for last in hops):
                    count += 1
                    next_keys = keys_here | {id(edge.requires)}
                    heapq.heappush(queue, (cost + hop.cost, count, edge.tail, further, now_seen, next_keys))
        return tuple(way for subgraph in sorted(best) for way in best[subgraph][1])

    def _edges_into(self, at: Node, subgraphs: _Set) -> list[Edge]:
        """The entity edges that lead into some subgraphs (none given: into any)."""
        if not subgraphs:
            return at.key_edges()
        found = self._into.get((at.id, subgraphs))
        if found is None:
            found = [edge for edge in at.key_edges() if edge.tail.subgraph in subgraphs]
            self._into[(at.id, subgraphs)] = found
        return found

    def _may_try(
        self,
        source: Node,
        at: Node,
        edge: Edge,
        target: Target,
        seen: _Set,
        keys: frozenset[int],
    ) -> bool:
        self._tries += 1
        if self._tries > _MAX_TRIES:
            raise SearchLimitError("too many ways through the supergraph: the search was stopped")
        subgraph = edge.tail.subgraph
        if subgraph in seen or subgraph == source.subgraph or id(edge.requires) in keys:
            return False
        if not isinstance(target, FieldSel):
            return True
        if not _depends(edge.requires, target):
            return True
        # a key may name part of what is sought, as long as that part is at hand already
        return target.sel is not None and self._locally(at, edge.requires) is not None

    def _locally(self, node: Node, selection: Sequence[Sel]) -> tuple[Chain, ...] | None:
        """Chains for a selection that the node itself answers, without conditions; else None."""
        chains: list[Chain] = []
        for item in selection:
            if isinstance(item, TypeSel):
                edges = [] if node.type == item.type else node.type_edges(item.type)
                start: Chain = tuple(Hop(edge, None, (), 1) for edge in edges[:1])
                if not start and node.type != item.type:
                    return None
                inner = item.sel
            else:
                edges = node.field_edges(item.name)
                start = tuple(Hop(edge, item, (), 1) for edge in edges[:1])
                if not start:
                    return None
                inner = item.sel or ()
            if start and (start[0].edge.move not in (Move.FIELD, Move.TYPE) or not self.is_free(start[0].edge)):
                return None
            below = self._locally(tail(node, start), inner)
            if below is None:
                return None
            chains.extend([(*start, *chain) for chain in below] or [start])
        return tuple(chains)

    def is_free(self, edge: Edge) -> bool:
        """Whether an edge can be followed without any need, under the active labels."""
        return edge.plain and (edge.flag is None or self._usable(edge, True))

    def _usable(self, edge: Edge, required: bool) -> bool:
        """Whether an edge with an @override label may be taken; strictly, never for a requirement."""
        return (edge.flag in self.flags) is edge.flag_set and not (self.strict and required)

    def _is_local(self, node: Node, sel: FieldSel) -> bool:
        edges = node.field_edges(sel.name)
        if len(edges) != 1 or edges[0].move is not Move.FIELD or not self.is_free(edges[0]):
            return False
        return all(self._item_is_local(edges[0].tail, item) for item in sel.sel or ())

    def _item_is_local(self, node: Node, item: Sel) -> bool:
        if node.members is not None:
            return False
        if isinstance(item, FieldSel):
            return self.local(node, item)
        if node.type != item.type:
            edges = node.type_edges(item.type)
            if not edges or edges[0].move is not Move.TYPE:
                return False
            node = edges[0].tail
        return all(self._item_is_local(node, inner) for inner in item.sel)

    def _obtain(
        self, node: Node, selection: Sequence[Sel], seen: _Set, keys: frozenset[int]
    ) -> tuple[Chain, ...] | None:
        alternatives: list[list[Chain]] = []
        if not self._collect([((), node)], selection, seen, keys, alternatives):
            return None
        return cheapest(alternatives)

    def _collect(
        self,
        starts: list[tuple[Chain, Node]],
        selection: Sequence[Sel],
        seen: _Set,
        keys: frozenset[int],
        into: list[list[Chain]],
    ) -> bool:
        """Alternatives for each leaf of a required selection; False if some leaf has none."""
        for item in selection:
            reached: list[Chain] = []
            target: Target = item if isinstance(item, FieldSel) else item.type
            vacuous = isinstance(item, TypeSel)
            for chain, at in starts:
                if isinstance(item, TypeSel) and at.type == item.type:
                    reached.append(chain)
                    continue
                hops = self.direct(at, target)
                reached.extend((*chain, hop) for hop in hops)
                if not (hops and isinstance(item, FieldSel) and item.is_leaf):
                    reached.extend((*chain, *way) for way in self.indirect(at, target, seen, keys))
                vacuous = vacuous and not at.interface_object
            if not reached:
                if vacuous:
                    continue
                return False
            reached = cheapest_per_subgraph(reached, starts[0][1])
            if isinstance(item, FieldSel) and item.sel is None:
                into.append(reached)
                continue
            below = [(chain, tail(starts[0][1], chain)) for chain in reached]
            free = (
                isinstance(item, FieldSel) and not self.strict
            )  # below a field other objects begin: nothing is used up
            if not self._collect(below, item.sel or (), _NONE if free else seen, frozenset() if free else keys, into):
                return False
        return True


def _edges(node: Node, target: Target) -> tuple[FieldSel | None, list[Edge]]:
    if isinstance(target, FieldSel):
        return target, node.field_edges(target.name)
    return None, node.type_edges(target)


def _note(
    best: dict[str, tuple[int, list[tuple[Chain, Edge, tuple[Chain, ...]]]]],
    cost: int,
    chain: Chain,
    last: Hop,
) -> None:
    subgraph = last.edge.tail.subgraph
    known = best.get(subgraph)
    way = (chain, last.edge, last.needs)
    if known is None or cost < known[0]:
        best[subgraph] = (cost, [way])
    elif cost == known[0]:
        known[1].append(way)


def _depends(requires: Sequence[Sel], target: FieldSel) -> bool:
    """Whether obtaining `requires` would itself need the target."""
    for item in requires:
        if isinstance(item, TypeSel):
            if _depends(item.sel, target):
                return True
        elif item.name == target.name and item.args == target.args and overlap(item.sel, target.sel):
            return True
    return False
