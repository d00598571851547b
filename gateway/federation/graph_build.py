"""Builds the query graph of a supergraph."""

from __future__ import annotations

from gateway.federation.contexts import context_uses
from gateway.federation.graph import Graph, Move, Node
from gateway.federation.normalise import normalise_fields
from gateway.federation.selection import FieldSel, Sel, typename_sel
from gateway.federation.supergraph import FieldDef, FieldJoin, Supergraph, TypeDef


def build_graph(supergraph: Supergraph) -> Graph:
    """The query graph. Raises SupergraphError if a key, @requires or @provides cannot be read."""
    return _Builder(supergraph).build()


class _Builder:
    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.graph = Graph(supergraph)
        self._field_sets: dict[tuple[str, str, str, bool], tuple[Sel, ...]] = {}
        self._labels: set[str] = set()

    def build(self) -> Graph:
        composites = [t for t in self.supergraph.types.values() if t.is_composite]
        for definition in composites:
            for subgraph in definition.joins:
                self._type_edges(definition, subgraph)
        for definition in composites:
            named = _named_in(definition)
            for subgraph in definition.joins:
                self._field_edges(definition, subgraph, named[subgraph])
        for definition in composites:
            self._key_edges(definition)
            self._interface_object_edges(definition)
        self._entries()
        self._reentries(composites)
        self.graph.labels = frozenset(self._labels)
        return self.graph

    def _field_set(self, type_name: str, fields: str, subgraph: str, expand: bool = True) -> tuple[Sel, ...]:
        known = self._field_sets.get((type_name, fields, subgraph, expand))
        if known is None:
            known = normalise_fields(self.supergraph, type_name, fields, subgraph, expand=expand)
            self._field_sets[(type_name, fields, subgraph, expand)] = known
        return known

    def _type_edges(self, definition: TypeDef, subgraph: str) -> None:
        """__typename, and the moves from an abstract type to its objects."""
        node = self.graph.node(definition.name, subgraph)
        if not node.interface_object:
            self._typename(node)
        if definition.is_abstract and not node.interface_object:
            for member in self.supergraph.possible_in(definition.name, subgraph):
                self.graph.add_edge(Move.TYPE, node, self.graph.node(member, subgraph), member)
        if definition.kind == "union":
            node.members = frozenset(definition.members.get(subgraph, ()))

    def _typename(self, node: Node) -> None:
        self.graph.add_edge(Move.FIELD, node, self.graph.node("String", node.subgraph), "__typename")

    def _field_edges(self, definition: TypeDef, subgraph: str, named: list[FieldDef]) -> None:
        for given in named:
            if not self.supergraph.resolves(definition.name, given.name, subgraph):
                continue
            join = self.supergraph.field_join(definition.name, given.name, subgraph) or FieldJoin()
            head = self.graph.node(definition.name, subgraph)
            tail = self._tail(definition, given, subgraph)
            if join.provides is not None:
                provided = self._field_set(given.base, join.provides, subgraph)
                tail = self._view(tail, provided, f"+{definition.name}.{given.name}")
            requires: tuple[Sel, ...] = ()
            if join.requires is not None:
                requires = self._field_set(definition.name, join.requires, subgraph)
            flag = self._flag(definition, given, subgraph, join)
            contexts = context_uses(self.supergraph, join)
            self.graph.add_edge(Move.FIELD, head, tail, given.name, requires, join.requires or "", flag, contexts)

    def _flag(self, definition: TypeDef, given: FieldDef, subgraph: str, join: FieldJoin) -> tuple[str, bool] | None:
        flag: tuple[str, bool] | None = None
        taker = self.supergraph.overrider(definition.name, given.name, subgraph)
        if taker is not None and taker.override_label is not None:
            flag = (taker.override_label, False)
        elif join.override is not None and join.override_label is not None:
            flag = (join.override_label, True)
        if flag is not None:
            self._labels.add(flag[0])
        return flag

    def _tail(self, definition: TypeDef, given: FieldDef, subgraph: str) -> Node:
        """Where a field leads: in its own subgraph the type may be another than the merged one."""
        local = _base(self.supergraph.type_in(definition.name, given.name, subgraph))
        return self.graph.node(local, subgraph)

    def _view(self, base: Node, provided: tuple[Sel, ...], label: str) -> Node:
        """A copy of a node with the provided selection on top of what it can do anyway."""
        view = self.graph.add_view(base, label)
        for item in provided:
            if isinstance(item, FieldSel):
                self._provide(view, base, item, label)
            else:
                inner = base.type_edges(item.type)
                target = inner[0].tail if inner else self.graph.node(item.type, base.subgraph)
                self.graph.add_edge(
                    Move.TYPE, view, self._view(target, self._merged(item.type, provided), label), item.type
                )
        if self.supergraph.types[base.type].is_abstract and not base.interface_object:
            direct = tuple(item for item in provided if isinstance(item, FieldSel))
            for member in self.supergraph.possible_in(base.type, base.subgraph) if direct else ():
                if member not in view.types:
                    target = self._view(self.graph.node(member, base.subgraph), direct, label)
                    self.graph.add_edge(Move.TYPE, view, target, member)
        return view

    def _merged(self, member: str, provided: tuple[Sel, ...]) -> tuple[Sel, ...]:
        items: list[Sel] = []
        for item in provided:
            if isinstance(item, FieldSel):
                items.append(item)
            elif item.type == member:
                items.extend(item.sel)
        return tuple(items)

    def _provide(self, view: Node, base: Node, item: FieldSel, label: str) -> None:
        if item.name == "__typename":
            return
        definition = self.supergraph.types[base.type]
        known = base.field_edges(item.name)
        target = known[0].tail if known else self._tail(definition, definition.fields[item.name], base.subgraph)
        if item.sel is not None:
            target = self._view(target, item.sel, label)
        join = self.supergraph.field_join(base.type, item.name, base.subgraph) or FieldJoin()
        self.graph.add_edge(Move.FIELD, view, target, item.name, contexts=context_uses(self.supergraph, join))

    def _key_edges(self, definition: TypeDef) -> None:
        """From every other subgraph into each that can resolve the entity by a key."""
        for subgraph, join in definition.joins.items():
            tail = self.graph.node(definition.name, subgraph)
            for key in join.keys:
                if not key.resolvable:
                    continue
                requires = self._field_set(definition.name, key.fields, subgraph)
                tail.own_keys.append(requires)
                for other in definition.joins:
                    if other != subgraph:
                        head = self.graph.node(definition.name, other)
                        needs = requires
                        if head.interface_object:
                            needs = self._field_set(definition.name, key.fields, subgraph, expand=False)
                        self.graph.add_edge(Move.KEY, head, tail, definition.name, needs, key.fields)

    def _interface_object_edges(self, definition: TypeDef) -> None:
        """From implementers elsewhere to the interface object, and from it to each implementer."""
        for subgraph, join in definition.joins.items():
            if not join.interface_object:
                continue
            tail = self.graph.node(definition.name, subgraph)
            keys = [key for key in join.keys if key.resolvable]
            if not keys:
                continue
            for member in self.supergraph.possible[definition.name]:
                self.graph.add_edge(Move.TRUE_TYPE, tail, tail, member, (typename_sel(),), "__typename")
                for key in keys:
                    requires = self._field_set(definition.name, key.fields, subgraph)
                    for other in self.supergraph.types[member].joins:
                        if other != subgraph:
                            head = self.graph.node(member, other)
                            self.graph.add_edge(Move.KEY, head, tail, definition.name, requires, key.fields)

    def _entries(self) -> None:
        for kind, name in self.supergraph.roots.items():
            start = self.graph.add_node(name, "")
            self.graph.entries[kind] = [
                self.graph.add_edge(Move.ENTRY, start, self.graph.node(name, subgraph), subgraph)
                for subgraph in self.supergraph.types[name].joins
                if any(field != "__typename" for field in self.graph.node(name, subgraph).fields)
            ]

    def _reentries(self, composites: list[TypeDef]) -> None:
        for edge in list(self.graph.edges):
            if edge.move is not Move.FIELD or not edge.plain:
                continue
            if self.supergraph.root_kind(edge.tail.type) != "query":
                continue
            for entry in self.graph.entries["query"]:
                if entry.tail.subgraph != edge.tail.subgraph:
                    self.graph.add_edge(Move.REENTRY, edge.head, entry.tail, edge.name)


def _named_in(definition: TypeDef) -> dict[str, list[FieldDef]]:
    """A type's fields as each of its subgraphs names them."""
    found: dict[str, list[FieldDef]] = {subgraph: [] for subgraph in definition.joins}
    for given in definition.fields.values():
        for subgraph in definition.joins if given.joins is None else given.joins:
            if subgraph in found:
                found[subgraph].append(given)
    return found


def _base(printed: str) -> str:
    return printed.strip("[]!")
