"""Walks a normalised selection and gathers, leaf by leaf, every way to it worth considering.

Steps are interned: the same move from the same step is one object, so alternatives share their
beginnings and their cost can be counted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.federation.chains import HOP, Chain, Hop
from gateway.federation.context_sources import Taken, seat, take
from gateway.federation.graph import Edge, Move, Node
from gateway.federation.paths import PathFinder, Refusal, Target
from gateway.federation.selection import FieldSel, Sel, TypeSel, typename_sel
from gateway.federation.supergraph import RootKind

_MAX_PATHS = 4  # kept per subgraph; without a limit they multiply with depth
_SLACK = 4 * HOP  # how much dearer than the cheapest a path to the same subgraph may be
_MAX_ALTERNATIVES = 16  # per leaf; further ones cost more than all of these


class PlanningError(Exception):
    """An operation that cannot be planned. `refusals` says, subgraph by subgraph, why not."""

    def __init__(self, message: str, path: tuple[str, ...] = (), refusals: Sequence[Refusal] = ()) -> None:
        super().__init__(message)
        self.path = path
        self.refusals = tuple(refusals)


class Step:
    """One move on the way from the root; `total` is the cost from the root to here. `taken` are the arguments that
    come from objects above, None if one of them cannot be had and the step cannot be made."""

    __slots__ = ("_needs", "cost", "edge", "following", "hop", "id", "level", "parent", "taken", "total", "walk")

    def __init__(self, walk: Walk, parent: Step | None, hop: Hop) -> None:
        self.walk = walk
        self.parent = parent
        self.hop = hop
        self.edge: Edge = hop.edge
        self.id = walk.count
        walk.count += 1
        self.cost = 1 if hop.cost < HOP else HOP
        self.total: int = hop.cost + (parent.total if parent else 0)
        self.following: dict[tuple[int, str], Step] = {}
        self._needs: tuple[Step, ...] | None = None
        self.level: int = -1
        self.taken: tuple[Taken, ...] | None = ()
        if self.edge.contexts and parent is not None:
            self.taken = take(walk, parent, self.edge.contexts)
            self.total += sum(source.cost for taken in self.taken or () for source in taken.sources)

    @property
    def node(self) -> Node:
        """Where the step leads."""
        return self.edge.tail

    @property
    def sel(self) -> FieldSel | None:
        """The field the step asks for, if it asks for one."""
        return self.hop.sel

    @property
    def is_fetch(self) -> bool:
        """Whether the step needs a request of its own."""
        return self.cost == HOP

    @property
    def needs(self) -> tuple[Step, ...]:
        """Ends of the chains that obtain what this step's edge requires."""
        if self._needs is None:
            if self.parent is None:
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

    def __str__(self) -> str:
        above = f"{self.parent} " if self.parent else ""
        return f"{above}-{self.edge.move.value} {self.sel or self.edge.name}-> {self.node}"


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Where the walk may be: a step, and below a union the members that all candidates can return."""

    step: Step
    members: frozenset[str] | None


Leaf = list[Step]


class Walk:
    """One walk over one operation."""

    def __init__(self, finder: PathFinder) -> None:
        self.finder = finder
        self.graph = finder.graph
        self.count = 0
        self.entries: dict[int, Step] = {}

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
        for item in selection:
            if isinstance(item, FieldSel):
                reached = self._field(item, paths, at)
                if item.sel is None:
                    found.append(_cheapest([path.step for path in reached]))
                else:
                    found.extend(self.leaves(item.sel, reached, (*at, item.key)))
            else:
                onward = self._type(item.type, paths)
                if onward:
                    found.extend(self.leaves(item.sel, onward, at))
                else:
                    found.append(self._typename_only(paths, at))
        return found

    def _field(self, sel: FieldSel, paths: Sequence[Path], at: tuple[str, ...]) -> list[Path]:
        best = _Best()
        for path in paths:
            found = False
            for hop in self.finder.direct(path.step.node, sel):
                found |= best.add(self._path(path, (hop,)))
            if found and (sel.is_leaf or self.finder.local(path.step.node, sel)):
                continue
            for chain in self.finder.indirect(path.step.node, sel):
                best.add(self._path(path, chain))
        reached = _common_members(best.paths())
        if sel.sel is not None:
            reached = self._answering_alone(sel, reached)
        if not reached:
            raise self._unreachable(sel, paths, at)
        return reached

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
        best = _Best()
        for path in paths:
            node = path.step.node
            if node.type == type_name:
                best.add(path)
                continue
            if path.members is not None and type_name not in path.members:
                continue
            for hop in self.finder.direct(node, type_name):
                best.add(self._path(path, (hop,)))
            for chain in self.finder.indirect(node, type_name):
                best.add(self._path(path, chain))
        return best.paths()

    def _typename_only(self, paths: Sequence[Path], at: tuple[str, ...]) -> Leaf:
        """A member that no path can serve still shows that the object is there."""
        sel = typename_sel()
        steps = [self.step(p.step, hop) for p in paths for hop in self.finder.direct(p.step.node, sel)]
        if not steps:
            raise self._unreachable(sel, paths, at)
        return _cheapest(steps)

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


class _Best:
    """The cheapest paths to each subgraph. A dearer one may share its requests with the rest of the plan,
    so the cheapest alone will not do."""

    def __init__(self) -> None:
        self._found: dict[str, list[Path]] = {}

    def add(self, path: Path) -> bool:
        """Consider a path; False if a value that its last step takes from above cannot be had."""
        if path.step.taken is None:
            return False
        known = self._found.setdefault(path.step.node.subgraph, [])
        if any(other.step is path.step for other in known):
            return True
        known.append(path)
        known.sort(key=_total)
        while len(known) > _MAX_PATHS or known[-1].step.total > known[0].step.total + _SLACK:
            known.pop()
        return True

    def paths(self) -> list[Path]:
        return [path for subgraph in sorted(self._found) for path in self._found[subgraph]]


def _total(path: Path) -> int:
    return path.step.total


def _common_members(paths: list[Path]) -> list[Path]:
    """If several subgraphs may answer a union field, only what all of them can return is asked for."""
    if any(path.members is None for path in paths) or len({p.step.node.subgraph for p in paths}) < 2:
        return paths
    common = frozenset.intersection(*(path.members for path in paths if path.members is not None))
    return [Path(path.step, common) for path in paths] if common else []


def _cheapest(steps: list[Step]) -> Leaf:
    unique = list(dict.fromkeys(steps))
    return sorted(unique, key=lambda step: step.total)[:_MAX_ALTERNATIVES]
