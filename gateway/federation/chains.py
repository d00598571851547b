"""Chains of hops: the steps of a way through the query graph, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.federation.graph import Edge, Move, Node
from gateway.federation.selection import FieldSel

HOP = 1000  # cost of a move that needs a request; a plain move costs 1


@dataclass(frozen=True, slots=True, eq=False)
class Hop:
    """One edge followed: `sel` is the field asked for, `needs` the chains, from the edge's head, that
    obtain what the edge requires; `cost` includes theirs. `ident` is equal for hops that do the same at the same
    place."""

    edge: Edge
    sel: FieldSel | None
    needs: tuple[Chain, ...]
    cost: int
    ident: tuple[int, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ident", (self.edge.id, self.sel.ident if self.sel else ""))


Chain = tuple[Hop, ...]


def chain_cost(chain: Chain) -> int:
    """What a chain costs on its own."""
    return sum(hop.cost for hop in chain)


def tail(node: Node, chain: Chain) -> Node:
    """Where a chain from `node` ends."""
    return chain[-1].edge.tail if chain else node


def make_hop(edge: Edge, sel: FieldSel | None, needs: tuple[Chain, ...]) -> Hop:
    """Follow an edge; a field that needs nothing first and a type condition cost next to nothing."""
    cheap = edge.move is Move.TYPE or (edge.move is Move.FIELD and edge.plain)
    return Hop(edge, sel, needs, (1 if cheap else HOP) + needs_cost(needs))


def needs_cost(needs: tuple[Chain, ...]) -> int:
    """Cost of several chains from one place, shared beginnings counted once."""
    if len(needs) == 1:
        return chain_cost(needs[0])
    costs: dict[tuple[tuple[int, str], ...], int] = {}
    for chain in needs:
        prefix: tuple[tuple[int, str], ...] = ()
        for hop in chain:
            prefix = (*prefix, hop.ident)
            costs[prefix] = hop.cost
    return sum(costs.values())


def cheapest_per_subgraph(chains: list[Chain], start: Node) -> list[Chain]:
    """The cheapest of several chains from `start`, for each subgraph in which they end."""
    best: dict[str, tuple[int, list[Chain]]] = {}
    for chain in chains:
        subgraph, cost = tail(start, chain).subgraph, chain_cost(chain)
        known = best.get(subgraph)
        if known is None or cost < known[0]:
            best[subgraph] = (cost, [chain])
        elif cost == known[0]:
            known[1].append(chain)
    return [chain for subgraph in sorted(best) for chain in best[subgraph][1]]
