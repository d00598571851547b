"""Turns the chosen steps into units: what is asked where, of whom, and after what.

Needs are obtained where they are at hand first: if the unit from which a place was entered can answer
a needed field itself, it is asked there, so that what waits for it need not wait for the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.federation.context_sources import Source
from gateway.federation.fetch import Naming, OutSel, Place, Unit, both
from gateway.federation.fetch_contexts import Contexts, context_values, needed, with_contexts
from gateway.federation.fetch_needs import merge_needs, needs_clash
from gateway.federation.graph import Edge, Move, Node
from gateway.federation.paths import PathFinder
from gateway.federation.plan import ContextSource, Key, Need, NeedOn, OnTypes, Path
from gateway.federation.selection import Conditions, FieldSel, Sel, show
from gateway.federation.step import Step
from gateway.federation.supergraph import Supergraph
from gateway.federation.walk import PlanningError, Walk

Units = dict[int, Unit]
Tree = dict[int, list[Step]]


class FetchBuilder:
    """Builds the units of one plan."""

    def __init__(self, supergraph: Supergraph, finder: PathFinder, walk: Walk) -> None:
        self.supergraph = supergraph
        self.finder = finder
        self.walk = walk
        self.naming = Naming()
        self.units: list[Unit] = []
        self._by_key: dict[object, Unit] = {}
        self._typed_at: dict[Path, Place] = {}
        self._followed: dict[int, Place] = {}

    def name_client_fields(self, selection: Iterable[Sel], keys: tuple[str, ...] = ()) -> None:
        """Reserve the client's response keys."""
        for item in selection:
            if isinstance(item, FieldSel):
                self.naming.take(keys, item.key, item.name, item.args)
                self.name_client_fields(item.sel or (), (*keys, item.key))
            else:
                self.name_client_fields(item.sel, keys)

    def add_root(self, ends: Sequence[Step], mutation: int | None = None) -> None:
        """Add the chosen steps of an operation (of one field, if it is a mutation)."""
        tree = _tree(ends)
        for entry in tree.get(-1, []):
            self._follow(entry, self._root_place(entry, mutation), tree)

    def _root_place(self, entry: Step, mutation: int | None = None) -> Place:
        node = entry.node
        key = ("root", node.subgraph, mutation)
        unit = self._by_key.get(key)
        if unit is None:
            unit = self._unit(node, (), is_root=True)
            unit.mutation = mutation
            unit.reason = f"{self._owner(node)} answers fields of {node.type}"
            self._by_key[key] = unit
        return Place(unit, unit.out, node, (), is_unit_root=True)

    def _unit(self, node: Node, path: Path, *, is_root: bool) -> Unit:
        unit = Unit(len(self.units), node.subgraph, node.type, path, is_root, OutSel(node))
        self.units.append(unit)
        return unit

    def _follow(self, step: Step, place: Place, tree: Tree) -> None:
        self._followed[step.id] = place
        for child in tree.get(step.id, []):
            self._client_step(child, place, tree)

    def _client_step(self, step: Step, place: Place, tree: Tree) -> None:
        move, sel = step.edge.move, step.sel
        if move is Move.FIELD and sel is not None:
            args = sel.args
            if not step.edge.plain:
                place = self._requires_place(step, place, both(place.total, sel.conditions))
                args = with_contexts(sel, step.edge, place.unit.contexts)
            elif sel.sel is None and sel.name != "__typename":
                place = self._earliest(step, place, tree)
            added = place.out.add(
                sel.name,
                sel.key,
                args,
                sel.variables,
                both(place.pending, sel.conditions),
                None if sel.sel is None else step.node,
            )
            if sel.sel is not None:
                below = place.below(added, step.node, sel.conditions)
                if self.supergraph.types[step.node.type].is_abstract:
                    below.out.add("__typename", "__typename")
                self._follow(step, below, tree)
        elif move is Move.TYPE:
            self._follow(step, self._type_place(step, place), tree)
        elif move is Move.REENTRY and sel is not None:
            self._follow(step, self._reentry_place(step, sel, place), tree)
        else:
            demands = _demands(step, place.total, tree)
            self._follow(step, self._hop_place(step, place, demands), tree)

    def _earliest(self, step: Step, place: Place, tree: Tree) -> Place:
        """Where a leaf of the client's can be asked first, of no more objects than it is meant for."""
        for outer in _outers(place):
            if outer.path == place.path and self._can_answer(outer.node, step, tree):
                return outer
        return place

    def _type_place(self, step: Step, place: Place) -> Place:
        place.out.add("__typename", "__typename", conditions=place.pending)
        return place.on(step.edge.name, step.node)

    def _reentry_place(self, step: Step, sel: FieldSel, place: Place) -> Place:
        added = place.out.add(
            sel.name, sel.key, sel.args, sel.variables, both(place.pending, sel.conditions), step.node
        )
        assert added.sub is not None
        added.sub.add("__typename", "__typename")
        path = (*place.path, Key(sel.key))
        key = ("reentry", step.node.subgraph, path, place.unit.id)
        unit = self._by_key.get(key)
        if unit is None:
            unit = self._by_key[key] = self._unit(step.node, path, is_root=True)
            unit.reason = f"{sel.name} returns {step.node.type}, and {self._owner(step.node)} answers its fields"
        unit.wait_for({place.unit.id: place.unit})
        total = both(place.total, sel.conditions)
        return Place(unit, unit.out, step.node, path, total, total, is_unit_root=True)

    def _hop_place(self, step: Step, place: Place, demands: Sequence[Conditions]) -> Place:
        """Enter another subgraph by a key, or this one anew for objects of one type."""
        edge, path, start = step.edge, place.path, step.parent
        assert start is not None
        providers: Units = {}
        ends: Sequence[Step] = step.needs
        requires = edge.requires
        types = self._types(place.node)
        if edge.move is Move.TRUE_TYPE:
            path = (*path, OnTypes(frozenset({edge.name})))
            types = frozenset({edge.name})
            requires, key_ends = self._reentry_key(start, place)
            ends = (*ends, *key_ends)
        for demand in demands:
            providers |= self._obtain(ends, start, place, demand)
        self._know_type(place)
        node = step.node
        typed_by = {**place.typed_by, **providers} if edge.move is Move.TRUE_TYPE else place.typed_by
        abstract = self.supergraph.types[node.type].is_abstract
        typename = node.type if abstract else None
        unit = self._entity_unit(node, path, types, typename, requires, providers, place, demands)
        unit.reason = unit.reason or self._reason(edge, requires)
        outer = self._true_typed(place, edge) if edge.move is Move.TRUE_TYPE else place
        return Place(unit, unit.out, node, path, place.total, place.total, outer, True, typed_by)

    def _owner(self, node: Node) -> str:
        return self.supergraph.subgraphs[node.subgraph].name

    def _reason(self, edge: Edge, requires: Sequence[Sel]) -> str:
        owner = self._owner(edge.tail)
        if edge.move is Move.TRUE_TYPE:
            return f"{edge.head.type} is an interface object in {owner}: only {edge.name} is meant"
        return f"{edge.tail.type} enters {owner} by its key {{ {show(tuple(requires))} }}"

    def _true_typed(self, place: Place, edge: Edge) -> Place:
        """The place where the true type was learnt: other things of that type can be asked there too."""
        learnt = self._typed_at.get(place.path)
        known = learnt.node.type_edges(edge.name) if learnt is not None else []
        if learnt is None or not known or known[0].move is not Move.TYPE:
            return place
        inner = learnt.on(edge.name, known[0].tail)
        inner.outer = learnt.outer
        return inner

    def _requires_place(self, step: Step, place: Place, demand: Conditions) -> Place:
        """Enter this subgraph again with what a field's @requires and @fromContext name."""
        node = step.edge.head
        assert step.parent is not None
        key, key_ends = self._reentry_key(step.parent, place)
        providers = self._obtain((*key_ends, *step.needs), step.parent, place, demand)
        contexts = self._contexts(step, demand, providers)
        self._know_type(place)
        typename = node.type if node.interface_object else None
        requires = (*key, *step.edge.requires)
        unit = self._entity_unit(
            node, place.path, self._types(node), typename, requires, providers, place, (demand,), contexts
        )
        unit.contexts = unit.contexts or context_values(unit, step.edge, contexts)
        unit.reason = unit.reason or needed(step.edge)
        outer = place.outer if place.is_unit_root and place.outer is not None else place
        total = place.total
        return Place(unit, unit.out, node, place.path, total, total, outer, True, place.typed_by)

    def _contexts(self, step: Step, demand: Conditions, providers: Units) -> Contexts:
        """Have the values of contextual arguments asked above; what answers them joins the providers."""
        found = []
        for taken in step.taken or ():
            sources = []
            for source in taken.sources:
                place = self._followed.get(source.start.id) or self._root_place(source.start)
                providers |= self._obtain(source.ends, source.start, place, demand)
                sources.append(self._context_source(source, place, providers))
            found.append((taken.use.argument.type, tuple(sources)))
        return tuple(found)

    def _context_source(self, source: Source, place: Place, providers: Units) -> ContextSource:
        if source.types is not None and not place.node.interface_object:
            place.out.add("__typename", "__typename", conditions=place.pending)
            providers[place.unit.id] = place.unit
        needs = self._needs(source.selection, place.keys)
        return ContextSource(place.path, source.types, needs)

    def _reentry_key(self, at: Step, place: Place) -> tuple[tuple[Sel, ...], list[Step]]:
        found = self.finder.reenter(place.node)
        if found is None:
            raise PlanningError(
                f"{place.node.type} has no resolvable @key by which {place.node.subgraph} can be entered again",
                place.keys,
            )
        key, chains = found
        return key, [self.walk.extend(at, chain) for chain in chains]

    def _entity_unit(
        self,
        node: Node,
        path: Path,
        types: frozenset[str],
        typename: str | None,
        requires: tuple[Sel, ...],
        providers: Units,
        place: Place,
        demands: Sequence[Conditions],
        contexts: Contexts = (),
    ) -> Unit:
        providers = {**providers, **place.typed_by}
        needs = self._needs(requires, place.keys)
        plain = tuple(demands) == (place.total,)
        identity = (node.subgraph, path, node.type, types, typename, frozenset(providers), contexts)
        variant: object = "" if plain else (tuple(demands), needs)
        unit = self._by_key.get((identity, variant))
        if unit is not None and needs_clash(unit.needs, needs):
            variant = (variant, needs)
            unit = self._by_key.get((identity, variant))
        if unit is None:
            unit = self._by_key[(identity, variant)] = self._unit(node, path, is_root=False)
            unit.types, unit.typename = types, typename
        unit.needs = merge_needs(unit.needs, needs)
        unit.wait_for(providers)
        return unit

    def _types(self, node: Node) -> frozenset[str]:
        """The `__typename`s that objects at a node can have in the response tree."""
        possible = frozenset(self.supergraph.possible[node.type])
        return possible | {node.type} if node.interface_object else possible

    def _know_type(self, place: Place) -> None:
        """Have `__typename` in the tree where objects are about to be sent as representations."""
        abstract = self.supergraph.types[place.node.type].is_abstract
        if place.is_unit_root and (place.node.interface_object or not abstract):
            return
        place.out.add("__typename", "__typename", conditions=place.pending)

    def _needs(self, selection: Iterable[Sel], keys: tuple[str, ...]) -> tuple[Need | NeedOn, ...]:
        needs: list[Need | NeedOn] = []
        for item in selection:
            if isinstance(item, FieldSel):
                key = self.naming.key_for(keys, item.name, item.args)
                if item.name != "__typename" or keys:
                    needs.append(Need(item.name, key, self._needs(item.sel or (), (*keys, key))))
            else:
                needs.append(NeedOn(frozenset({item.type}), self._needs(item.sel, keys)))
        return merge_needs((), needs)

    def _obtain(self, ends: Sequence[Step], start: Step, place: Place, demand: Conditions) -> Units:
        """Put needed steps, which go out from the place's own step, where they can be answered; the
        units that answer them."""
        providers: Units = {}
        tree = _tree(ends, start)
        for child in tree.get(start.id, []):
            providers |= self._need_step(child, place, tree, demand)
        return providers

    def _need_step(self, step: Step, place: Place, tree: Tree, demand: Conditions) -> Units:
        move, sel = step.edge.move, step.sel
        if move is Move.FIELD and sel is not None and step.edge.plain:
            return self._need_field(step, sel, place, tree, demand)
        if move is Move.FIELD and sel is not None:
            place = self._requires_place(step, place, both(place.total, demand))
            return self._put_need(step, sel, place, tree, demand)
        if move is Move.TYPE:
            onward = self._type_place(step, place)
        else:
            onward = self._hop_place(step, place, (both(place.total, demand),))
        providers: Units = {}
        for child in tree.get(step.id, []):
            providers |= self._need_step(child, onward, tree, demand)
        return providers

    def _need_field(self, step: Step, sel: FieldSel, place: Place, tree: Tree, demand: Conditions) -> Units:
        plain = _is_plain(step, tree)
        for outer in _outers(place) if sel.name != "__typename" else ():
            edge = self._same_edge(outer.node, step)
            if edge is not None and edge.tail is step.node and self.finder.is_free(edge):
                return self._put_need(step, sel, outer, tree, demand)
            if plain and self._can_answer(outer.node, step, tree):
                return self._hoist(step, sel, outer, tree, demand)
        return self._put_need(step, sel, place, tree, demand)

    def _put_need(self, step: Step, sel: FieldSel, place: Place, tree: Tree, demand: Conditions) -> Units:
        conditions = place.missing(demand)
        key = self.naming.key_for(place.keys, sel.name, sel.args)
        children = tree.get(step.id, [])
        if sel.name == "__typename":
            self._typed_at[place.path] = place
        added = place.out.add(sel.name, key, sel.args, sel.variables, conditions, step.node if children else None)
        if not children:
            return {place.unit.id: place.unit}
        below = place.below(added, step.node, demand)
        providers: Units = {}
        for child in children:
            providers |= self._need_step(child, below, tree, demand)
        return providers

    def _can_answer(self, node: Node, step: Step, tree: Tree) -> bool:
        edge = self._same_edge(node, step)
        if edge is None or not self.finder.is_free(edge):
            return False
        return all(self._can_answer(edge.tail, child, tree) for child in tree.get(step.id, []))

    def _same_edge(self, node: Node, step: Step) -> Edge | None:
        if step.edge.move is Move.TYPE:
            return next((e for e in node.type_edges(step.edge.name) if e.move is Move.TYPE), None)
        return next((e for e in node.field_edges(step.edge.name) if e.move is Move.FIELD), None)

    def _hoist(self, step: Step, sel: FieldSel, place: Place, tree: Tree, demand: Conditions) -> Units:
        """Ask a needed field, with all below it, in the unit from which the place was entered."""
        key = self.naming.key_for(place.keys, sel.name, sel.args)
        self._copy(step, place, tree, place.missing(demand), key)
        return {place.unit.id: place.unit}

    def _copy(self, step: Step, place: Place, tree: Tree, conditions: Conditions, key: str) -> None:
        edge = self._same_edge(place.node, step)
        assert edge is not None
        children = tree.get(step.id, [])
        if step.sel is None:
            place.out.add("__typename", "__typename", conditions=place.pending)
            below = place.on(edge.name, edge.tail)
        else:
            sel = step.sel
            added = place.out.add(sel.name, key, sel.args, sel.variables, conditions, edge.tail if children else None)
            if not children:
                return
            below = place.below(added, edge.tail, conditions)
        for child in children:
            inner = child.sel
            child_key = self.naming.key_for(below.keys, inner.name, inner.args) if inner else ""
            self._copy(child, below, tree, (), child_key)


def _outers(place: Place) -> list[Place]:
    """Places for the same objects, the earliest first."""
    found: list[Place] = []
    outer = place.outer
    while outer is not None:
        found.append(outer)
        outer = outer.outer
    return found[::-1]


def _tree(ends: Iterable[Step], root: Step | None = None) -> Tree:
    """Children of each step on the way from `root` (None: from the operation's root, under -1)."""
    tree: Tree = {}
    seen: set[int] = set()
    for end in ends:
        step: Step | None = end
        while step is not None and step is not root and step.id not in seen:
            seen.add(step.id)
            parent = step.parent
            tree.setdefault(parent.id if parent else -1, []).append(step)
            step = parent
    return tree


def _is_plain(step: Step, tree: Tree) -> bool:
    """Whether a needed step and all below it are fields and types of one subgraph."""
    if step.is_fetch or step.edge.move not in (Move.FIELD, Move.TYPE):
        return False
    return all(_is_plain(child, tree) for child in tree.get(step.id, []))


def _demands(step: Step, total: Conditions, tree: Tree) -> list[Conditions]:
    """The conditions under which a hop is wanted; one of them is enough."""
    found: set[Conditions] = set()
    for child in tree.get(step.id, []):
        if child.sel is not None:
            found.add(both(total, child.sel.conditions))
        else:
            found.update(_demands(child, total, tree))
    if total in found or not found:
        return [total]
    return sorted(found, key=lambda cs: [(c.variable, c.value) for c in cs])
