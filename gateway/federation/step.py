"""Steps of a walk: moves from the operation's root on, each made once.

The same move from the same step is one object, so alternatives share their beginnings and their cost can be
counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.federation.chains import HOP, Hop, make_hop
from gateway.federation.context_sources import Taken, seat, take
from gateway.federation.graph import Edge, Node
from gateway.federation.selection import FieldSel

if TYPE_CHECKING:
    from gateway.federation.walk import Walk


class Step:
    """One move on the way from the root, to `node`, asking for `sel` if it asks for a field; `is_fetch` if it needs
    a request of its own; `total` is the cost from the root to here. `taken` are the arguments that come from objects
    above, None if one of them cannot be had and the step cannot be made."""

    __slots__ = (
        "_needs",
        "edge",
        "following",
        "hop",
        "id",
        "is_fetch",
        "level",
        "node",
        "parent",
        "sel",
        "taken",
        "total",
        "walk",
    )

    def __init__(self, walk: Walk, parent: Step | None, hop: Hop) -> None:
        self.walk = walk
        self.parent = parent
        self.hop = hop
        self.edge: Edge = hop.edge
        self.node: Node = hop.edge.tail
        self.sel: FieldSel | None = hop.sel
        self.id = walk.count
        walk.count += 1
        self.is_fetch = hop.cost >= HOP
        self.total: int = hop.cost + (parent.total if parent else 0)
        self.following: dict[tuple[int, str], Step] = {}
        self._needs: tuple[Step, ...] | None = None
        self.level: int = -1
        self.taken: tuple[Taken, ...] | None = ()
        if self.edge.contexts and parent is not None:
            self.taken = take(walk, parent, self.edge.contexts)
            self.total += sum(source.cost for taken in self.taken or () for source in taken.sources)

    @property
    def needs(self) -> tuple[Step, ...]:
        """Ends of the chains that obtain what this step's edge requires."""
        if self._needs is None:
            if self.parent is None or not self.hop.needs:
                self._needs = ()
            else:
                self._needs = tuple(self.walk.extend(self.parent, chain) for chain in self.hop.needs)
        return self._needs

    @property
    def awaited(self) -> tuple[Step, ...]:
        """Steps that must have been answered before this one's request can be made."""
        if not self.taken or self.parent is None:
            return self.needs
        ends = (end for taken in self.taken for source in taken.sources for end in source.ends)
        return (*self.needs, seat(self.parent), *ends)

    def beside(self, sel: FieldSel) -> Step:
        """The step to a field that the object asked by this one answers alike."""
        assert self.parent is not None
        edge = self.parent.node.field_edges(sel.name)[0]
        return self.walk.step(self.parent, make_hop(edge, sel, ()))

    def __str__(self) -> str:
        above = f"{self.parent} " if self.parent else ""
        return f"{above}-{self.edge.move.value} {self.sel or self.edge.name}-> {self.node}"


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Where the walk may be: a step, and below a union the members that all candidates can return."""

    step: Step
    members: frozenset[str] | None
