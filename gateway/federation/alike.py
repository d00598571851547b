"""Which fields of a type are answered alike, so that a way to one of them is a way to all.

Most fields of a type come from a few subgraphs without any condition. What is found out for one of them
by a search over entity hops holds for every other field that the same nodes answer.
"""

from __future__ import annotations

from gateway.federation.graph import Graph, Move
from gateway.federation.selection import field_names


class Alike:
    """Numbers the likenesses of fields in one graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._heads: dict[tuple[str, str], list[int]] = {}
        self._special: set[tuple[str, str]] = set()
        self._onward: dict[str, set[str]] = {}
        self._numbers: dict[object, int] = {}
        self._known: dict[tuple[str, str], int | None] = {}
        names: set[str] = set()
        for edge in graph.edges:
            if edge.move is Move.KEY:
                names.update(field_names(edge.requires))
                self._onward.setdefault(edge.head.type, set()).add(edge.tail.type)
            elif edge.move in (Move.FIELD, Move.REENTRY):
                at = (edge.head.type, edge.name)
                self._heads.setdefault(at, []).append(edge.head.id)
                if edge.move is Move.REENTRY or edge.flag is not None or not edge.plain:
                    self._special.add(at)
        self.key_names = frozenset(names)
        """Names of the fields that keys consist of."""

    def number(self, type_name: str, field_name: str) -> int | None:
        """Equal for fields of a type that the same nodes answer; None for a field that is like no other:
        part of a key, or somewhere under a condition."""
        at = (type_name, field_name)
        if at not in self._known:
            self._known[at] = self._number(type_name, field_name)
        return self._known[at]

    def _number(self, type_name: str, field_name: str) -> int | None:
        if field_name in self.key_names:
            return None
        answered = []
        for name in self._entered_from(type_name):
            if (name, field_name) in self._special:
                return None
            answered.append((name, tuple(self._heads.get((name, field_name), ()))))
        likeness = (self._graph.resolvers(type_name, field_name), tuple(answered))
        return self._numbers.setdefault(likeness, len(self._numbers))

    def _entered_from(self, type_name: str) -> list[str]:
        """The types of the nodes to which entity hops can lead from a type, itself included."""
        found, pending = {type_name}, [type_name]
        while pending:
            further = self._onward.get(pending.pop(), set()) - found
            found |= further
            pending += further
        return sorted(found)
