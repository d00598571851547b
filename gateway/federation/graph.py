"""The query graph: a node per type and subgraph, an edge per way of getting from one to the next.

Besides `(type, subgraph)` there are *views* (a node as a @provides makes it richer: it has the edges of
its base node and some more) and *union tails* (a union as one field in one subgraph returns it).
Nodes and edges are numbered in a fixed order, so everything found in the graph is deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gateway.federation.contexts import ContextUse
from gateway.federation.selection import Sel
from gateway.federation.supergraph import RootKind, Supergraph


class Move(Enum):
    """What following an edge means."""

    ENTRY = "entry"  # start a root fetch in a subgraph
    FIELD = "field"  # ask for a field
    TYPE = "type"  # go on with the objects of one type
    KEY = "key"  # fetch the same entity from another subgraph
    TRUE_TYPE = "true type"  # in an @interfaceObject: learn the type elsewhere, go on with one of them
    REENTRY = "re-entry"  # a field that returns the root type: start a new root fetch below it


@dataclass(slots=True, eq=False)
class Node:
    """A type in a subgraph. `members` are the union members that this position can return."""

    id: int
    type: str
    subgraph: str
    interface_object: bool = False
    members: frozenset[str] | None = None
    base: Node | None = None
    label: str = ""
    fields: dict[str, list[Edge]] = field(default_factory=dict)
    types: dict[str, list[Edge]] = field(default_factory=dict)
    keys: list[Edge] = field(default_factory=list)
    own_keys: list[tuple[Sel, ...]] = field(default_factory=list)

    def field_edges(self, name: str) -> list[Edge]:
        """Edges that answer a field here; a view's own come before its base's."""
        found = self.fields.get(name)
        if found is None and self.base is not None:
            return self.base.field_edges(name)
        return found or []

    def type_edges(self, name: str) -> list[Edge]:
        """Edges to the objects of one type."""
        found = self.types.get(name)
        if found is None and self.base is not None:
            return self.base.type_edges(name)
        return found or []

    def key_edges(self) -> list[Edge]:
        """Entity edges to other subgraphs."""
        return self.keys if self.base is None else self.base.key_edges()

    def reentry_keys(self) -> list[tuple[Sel, ...]]:
        """Resolvable keys by which this subgraph can be entered at this type."""
        return self.own_keys if self.base is None else self.base.reentry_keys()

    def __str__(self) -> str:
        return f"{self.type}/{self.subgraph}{self.label}"


@dataclass(slots=True, eq=False)
class Edge:
    """A move from `head` to `tail`. `name` is the field or type; `requires` what must be known first, `contexts`
    what must be known of objects above.

    `flag` with `flag_set`: usable only when the @override label is (not) active for the request.
    """

    id: int
    move: Move
    head: Node
    tail: Node
    name: str
    requires: tuple[Sel, ...] = ()
    flag: str | None = None
    flag_set: bool = True
    key: str = ""
    contexts: tuple[ContextUse, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether nothing has to be known before the edge can be followed."""
        return not self.requires and not self.contexts

    def __str__(self) -> str:
        return f"{self.head} -{self.move.value} {self.name or self.key}-> {self.tail}"


class Graph:
    """Nodes and edges of one supergraph; built by `graph_build.build_graph`, then never changed."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.entries: dict[RootKind, list[Edge]] = {}
        self.labels: frozenset[str] = frozenset()
        self._plain: dict[tuple[str, str], Node] = {}
        self._heads: dict[tuple[str, str], list[Node]] = {}
        self._over: dict[str, tuple[str, ...]] = {}
        self._resolvers: dict[tuple[str, str], frozenset[str]] = {}

    def node(self, type_name: str, subgraph: str) -> Node:
        """The plain node of a type in a subgraph, made when first asked for."""
        found = self._plain.get((type_name, subgraph))
        if found is None:
            definition = self.supergraph.types.get(type_name)
            is_object = definition is not None and definition.is_interface_object(subgraph)
            found = self._plain[(type_name, subgraph)] = self.add_node(type_name, subgraph, is_object)
        return found

    def find(self, type_name: str, subgraph: str) -> Node | None:
        """The plain node of a type in a subgraph, if the graph has it."""
        return self._plain.get((type_name, subgraph))

    def add_node(self, type_name: str, subgraph: str, interface_object: bool = False) -> Node:
        """A further node of a type in a subgraph."""
        node = Node(len(self.nodes), type_name, subgraph, interface_object)
        self.nodes.append(node)
        return node

    def add_view(self, base: Node, label: str) -> Node:
        """A node that can do what its base can, and more."""
        node = self.add_node(base.type, base.subgraph, base.interface_object)
        node.base, node.label, node.members = base, label, base.members
        return node

    def add_edge(
        self,
        move: Move,
        head: Node,
        tail: Node,
        name: str,
        requires: tuple[Sel, ...] = (),
        key: str = "",
        flag: tuple[str, bool] | None = None,
        contexts: tuple[ContextUse, ...] = (),
    ) -> Edge:
        """Add an edge and file it where its head will look for it."""
        edge = Edge(len(self.edges), move, head, tail, name, requires, key=key, contexts=contexts)
        if flag is not None:
            edge.flag, edge.flag_set = flag
        self.edges.append(edge)
        if move in (Move.FIELD, Move.REENTRY):
            head.fields.setdefault(name, []).append(edge)
            if head.base is None:
                self._heads.setdefault((head.type, name), []).append(head)
        elif move in (Move.TYPE, Move.TRUE_TYPE):
            head.types.setdefault(name, []).append(edge)
        elif move is Move.KEY:
            head.keys.append(edge)
        return edge

    def resolvers(self, type_name: str, field_name: str) -> frozenset[str]:
        """Subgraphs in which some node of the type, or an @interfaceObject over it, answers the field."""
        found = self._resolvers.get((type_name, field_name))
        if found is None:
            names = (type_name, *self._interface_objects(type_name))
            heads = [head for name in names for head in self._heads.get((name, field_name), ())]
            found = frozenset(head.subgraph for head in heads if head.type == type_name or head.interface_object)
            self._resolvers[(type_name, field_name)] = found
        return found

    def _interface_objects(self, type_name: str) -> tuple[str, ...]:
        """Interfaces of a type that some subgraph knows as an object only."""
        found = self._over.get(type_name)
        if found is None:
            types = self.supergraph.types
            interfaces = {name for given in types[type_name].implements.values() for name in given}
            found = self._over[type_name] = tuple(
                name for name in sorted(interfaces) if any(join.interface_object for join in types[name].joins.values())
            )
        return found

    def __str__(self) -> str:
        return "\n".join(str(edge) for edge in self.edges)
