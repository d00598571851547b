"""Walks a normalised selection and gathers, leaf by leaf, every way to it worth considering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.federation.chains import HOP, Chain, Hop
from gateway.federation.graph import Edge, Move, Node
from gateway.federation.paths import PathFinder, Refusal, Target
from gateway.federation.selection import FieldSel, Sel, TypeSel, typename_sel
from gateway.federation.step import Path, Step
from gateway.federation.supergraph import RootKind
from gateway.federation.ways import Kept, Way, Ways

_MAX_ALTERNATIVES = 16  # per leaf; further ones cost more than all of these


class PlanningError(Exception):
    """An operation that cannot be planned. `refusals` says, subgraph by subgraph, why not."""

    def __init__(self, message: str, path: tuple[str, ...] = (), refusals: Sequence[Refusal] = ()) -> None:
        super().__init__(message)
        self.path = path
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A leaf of the selection: the ends of the ways to it, cheapest first. With `beside`, the ways are those to
    another leaf of the same object, and this field is asked for wherever that one is."""

    ways: list[Step]
    beside: FieldSel | None = None

    def end(self, way: Step) -> Step:
        """Where this leaf is had if that way is gone."""
        return way if self.beside is None else way.beside(self.beside)


class Walk:
    """One walk over one operation."""

    def __init__(self, finder: PathFinder) -> None:
        self.finder = finder
        self.graph = finder.graph
        self.count = 0
        self.entries: dict[int, Step] = {}
        self.ways = Ways(finder)

    def start(self, kind: RootKind) -> list[Path]:
        """A path per subgraph that has fields of the root type."""
        return [Path(step, None) for step in self.roots(kind)]

    def roots(self, kind: RootKind) -> list[Step]:
        """The step into each subgraph that has fields of the root type."""
        return [self._entry(edge) for edge in self.graph.entries.get(kind, ())]

    def _entry(self, edge: Edge) -> Step:
        if edge.id not in self.entries:
            self.entries[edge.id] = Step(self, None, Hop(edge, None, (), HOP))
        return self.entries[edge.id]

    def step(self, parent: Step, hop: Hop) -> Step:
        """The step that makes this hop from there, made once."""
        found = parent.following.get(hop.ident)
        if found is None:
            found = parent.following[hop.ident] = Step(self, parent, hop)
        return found

    def extend(self, parent: Step, chain: Chain) -> Step:
        """The step at the end of a chain."""
        for hop in chain:
            parent = self.step(parent, hop)
        return parent

    def leaves(self, selection: Sequence[Sel], paths: Sequence[Path], at: tuple[str, ...] = ()) -> list[Leaf]:
        """Alternatives for every leaf of a selection. Raises PlanningError where there is none."""
        found: list[Leaf] = []
        alike: dict[object, list[Step]] = {}
        types = sorted({path.step.node.type for path in paths})
        for item in selection:
            if isinstance(item, TypeSel):
                onward = self._type(item.type, paths)
                found.extend(self.leaves(item.sel, onward, at) if onward else [self._typename_only(paths, at)])
                continue
            if item.sel is not None:
                found.extend(self.leaves(item.sel, self._field(item, paths, at), (*at, item.key)))
                continue
            likeness = self._likeness(types, item)
            known = alike.get(likeness)
            if known is not None:
                found.append(Leaf(known, item))
                continue
            ways = _cheapest([path.step for path in self._field(item, paths, at)])
            found.append(Leaf(ways))
            if likeness is not None:
                alike[likeness] = ways
        return found

    def _likeness(self, types: Sequence[str], sel: FieldSel) -> object:
        """Equal for leaves that are answered alike on objects of all these types; None for any other."""
        numbers = tuple(self.finder.alike.number(name, sel.name) for name in types)
        return None if None in numbers else numbers

    def _field(self, sel: FieldSel, paths: Sequence[Path], at: tuple[str, ...]) -> list[Path]:
        best = Kept()
        for path in paths:
            found = self._onward(best, path, self.ways.near(path.step.node, sel))
            if not found or not (sel.is_leaf or self.finder.local(path.step.node, sel)):
                self._onward(best, path, self.ways.far(path.step.node, sel))
        reached = _common_members(best.paths())
        if sel.sel is not None:
            reached = self._answering_alone(sel, reached)
        if not reached:
            raise self._unreachable(sel, paths, at)
        return reached

    def _onward(self, best: Kept, path: Path, ways: Sequence[Way]) -> bool:
        """Consider the ways on from a path; False if there is none, or none whose values from above can be had."""
        found = False
        for way in ways:
            if way.chain[-1].edge.contexts or best.wants(way.subgraph, path.step.total + way.cost):
                found |= best.add(self._path(path, way.chain))
            else:
                found = True
        return found

    def _path(self, path: Path, chain: Chain) -> Path:
        """A path further on. An entity hop forgets the union; a union field begins a new one."""
        step = self.extend(path.step, chain)
        if chain[-1].edge.move is Move.TYPE:
            narrowed = path.members if len(chain) == 1 else None
            return Path(step, narrowed and frozenset({step.node.type}))
        members = step.node.members
        if members is None and step.sel is not None and self._returns_union(step):
            members = frozenset({step.node.type})  # a subgraph may know only one member, as a plain type
        return Path(step, members)

    def _returns_union(self, step: Step) -> bool:
        types = self.graph.supergraph.types
        given = types[step.edge.head.type].fields.get(step.edge.name)
        return given is not None and given.base in types and types[given.base].kind == "union"

    def _type(self, type_name: str, paths: Sequence[Path]) -> list[Path]:
        best = Kept()
        for path in paths:
            node = path.step.node
            if node.type == type_name:
                best.add(path)
                continue
            if path.members is not None and type_name not in path.members:
                continue
            self._onward(best, path, self.ways.near(node, type_name))
            self._onward(best, path, self.ways.far(node, type_name))
        return best.paths()

    def _typename_only(self, paths: Sequence[Path], at: tuple[str, ...]) -> Leaf:
        """A member that no path can serve still shows that the object is there."""
        sel = typename_sel()
        steps = [self.step(p.step, hop) for p in paths for hop in self.finder.direct(p.step.node, sel)]
        if not steps:
            raise self._unreachable(sel, paths, at)
        return Leaf(_cheapest(steps))

    def _answering_alone(self, sel: FieldSel, paths: list[Path]) -> list[Path]:
        """A shared field that returns an interface, asked with several fragments, is served by one path:
        two subgraphs may return different objects for it, so the interface's own fields are not mixed."""
        types = self.graph.supergraph.types
        last = next((p.step for p in paths if p.step.edge.move is Move.FIELD), None)
        if last is None or sum(isinstance(item, TypeSel) for item in sel.sel or ()) < 2:
            return paths
        returned = types[last.node.type]
        if returned.kind != "interface" or len(self._answerers(last.edge.head.type, sel.name)) < 2:
            return paths
        names = frozenset(returned.fields)
        return [p for p in paths if all(self._answers(p, item, names) for item in sel.sel or ())]

    def _answerers(self, type_name: str, field_name: str) -> frozenset[str]:
        return self.graph.resolvers(type_name, field_name)

    def _answers(self, path: Path, item: Sel, names: frozenset[str]) -> bool:
        if isinstance(item, FieldSel):
            return self._has(path.step.node, item, names)
        node = path.step.node
        if node.type != item.type:
            if path.members is not None and item.type not in path.members:
                return True
            hops = self.finder.direct(node, item.type)
            if not hops:
                return bool(self.finder.direct(node, typename_sel()))
            node = hops[0].edge.tail
        return all(isinstance(inner, TypeSel) or self._has(node, inner, names) for inner in item.sel)

    def _has(self, node: Node, sel: FieldSel, names: frozenset[str]) -> bool:
        if self.finder.direct(node, sel):
            return True
        return sel.name not in names and bool(self.finder.indirect(node, sel))

    def _unreachable(self, target: Target, paths: Sequence[Path], at: tuple[str, ...]) -> PlanningError:
        name = target.name if isinstance(target, FieldSel) else target
        where = ".".join(at) or "the root"
        refusals = [r for path in paths for r in self.finder.why_not(path.step.node, target)]
        unique = list(dict.fromkeys(refusals))
        return PlanningError(f"no subgraph can be reached that answers {name} at {where}", at, unique)


def _common_members(paths: list[Path]) -> list[Path]:
    """If several subgraphs may answer a union field, only what all of them can return is asked for."""
    if any(path.members is None for path in paths) or len({p.step.node.subgraph for p in paths}) < 2:
        return paths
    common = frozenset.intersection(*(path.members for path in paths if path.members is not None))
    return [Path(path.step, common) for path in paths] if common else []


def _cheapest(steps: list[Step]) -> list[Step]:
    unique = list(dict.fromkeys(steps))
    return sorted(unique, key=lambda step: step.total)[:_MAX_ALTERNATIVES]
