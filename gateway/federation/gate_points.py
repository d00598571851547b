"""Puts into every fetch what the gates of the fetched types must read, and says where they stand.

A gate's fields are asked for in the very fetch that brings an object into the response, under private
keys, so that nothing of the object is merged before its gate has seen them. A subgraph that cannot
answer them itself is refused: an object without its gate's fields would have to be withheld always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.federation.fetch import OutSel, Unit
from gateway.federation.graph import Move, Node
from gateway.federation.normalise import normalise_fields
from gateway.federation.plan import GatePoint, Key, Need, NeedOn, OnTypes, Path
from gateway.federation.selection import FieldSel, Sel
from gateway.federation.supergraph import Supergraph
from gateway.federation.walk import PlanningError

_PRIVATE = "__g_"


@dataclass(frozen=True, slots=True)
class GateNeed:
    """The gate of one object type: its name, and the field set below the type that it reads."""

    gate: str
    fields: str


GateNeeds = Mapping[str, tuple[GateNeed, ...]]
"""Object type name -> its gates."""


class GatePlacer:
    """Places the gates of one plan. Raises PlanningError where a gate's fields cannot be had."""

    def __init__(self, supergraph: Supergraph, gates: GateNeeds) -> None:
        self.supergraph = supergraph
        self.gates = gates
        self._selections: dict[tuple[str, str], tuple[Sel, ...]] = {}

    def place(self, units: Iterable[Unit]) -> None:
        """Guard every object that a unit brings; a unit's own entities were guarded when they came."""
        for unit in units:
            self._below(unit, unit.out, ())

    def _below(self, unit: Unit, out: OutSel, path: Path) -> None:
        for item in list(out.fields.values()):
            if item.sub is not None:
                inside = (*path, Key(item.key))
                self._below(unit, item.sub, inside)
                self._guard(unit, item.sub, inside)
        for name, inner in list(out.types.items()):
            same = name == out.type
            self._below(unit, inner, path if same else (*path, OnTypes(frozenset({name}))))

    def _guard(self, unit: Unit, out: OutSel, path: Path) -> None:
        for name in self.supergraph.possible[out.type]:
            for need in self.gates.get(name, ()):
                at = self._position(out, name)
                if at is not None:
                    self._add(unit, at, name, need, path, loose=out.node.interface_object)

    def _position(self, out: OutSel, name: str) -> OutSel | None:
        """Where objects of the type are asked here; None if this subgraph cannot return any."""
        node = out.node
        if node.interface_object:
            out.add("__typename", "__typename")
            return out
        if node.type == name:
            return out
        edges = [edge for edge in node.type_edges(name) if edge.move is Move.TYPE]
        if not edges:
            return None
        out.add("__typename", "__typename")
        return out.on(name, edges[0].tail)

    def _add(self, unit: Unit, out: OutSel, name: str, need: GateNeed, path: Path, *, loose: bool) -> None:
        selection = self._selection(out.type if loose else name, need.fields)
        needs = tuple(self._ask(out, item, path, need, top=True) for item in selection)
        types = frozenset({name, out.type}) if loose else frozenset({name})
        unit.gates[GatePoint(path, types, need.gate, needs)] = None

    def _ask(self, out: OutSel, item: Sel, path: Path, need: GateNeed, *, top: bool) -> Need | NeedOn:
        if not isinstance(item, FieldSel):
            edges = [edge for edge in out.node.type_edges(item.type) if edge.move is Move.TYPE]
            if not edges:
                return NeedOn(frozenset({item.type}), ())
            out.add("__typename", "__typename")
            inner = out.on(item.type, edges[0].tail)
            return NeedOn(
                frozenset({item.type}),
                tuple(self._ask(inner, below, path, need, top=top) for below in item.sel),
            )
        edge = next((e for e in out.node.field_edges(item.name) if e.move is Move.FIELD), None)
        if edge is None or not edge.plain or edge.flag is not None:
            raise self._missing(out.node, item, path, need)
        key = f"{_PRIVATE}{item.name}" if top and item.name != "__typename" else item.name
        added = out.add(item.name, key, item.args, item.variables, (), edge.tail if item.sel else None)
        if added.sub is None:
            return Need(item.name, key)
        sub = added.sub
        return Need(item.name, key, tuple(self._ask(sub, below, path, need, top=False) for below in item.sel or ()))

    def _selection(self, type_name: str, fields: str) -> tuple[Sel, ...]:
        known = self._selections.get((type_name, fields))
        if known is None:
            known = normalise_fields(self.supergraph, type_name, fields, None)
            self._selections[(type_name, fields)] = known
        return known

    def _missing(self, node: Node, item: FieldSel, path: Path, need: GateNeed) -> PlanningError:
        keys = tuple(segment.key for segment in path if isinstance(segment, Key))
        subgraph = self.supergraph.subgraphs[node.subgraph].name
        return PlanningError(
            f"the gate {need.gate!r} reads {node.type}.{item.name}, which subgraph {subgraph} does not answer "
            f"where it returns the object; let it resolve the field there",
            keys,
        )
