"""Whether every query of the API schema can be answered by the subgraphs.

The API schema is walked from its roots; at each type the set of query-graph nodes that one may have
arrived at is kept. Every field must lead on from at least one of them, over the same paths that the planner
uses. A type is not walked again when it was already walked from a subset of the same nodes.

Rules of their own: a shared mutation field runs in one subgraph only, so one of its subgraphs alone must
do; and subgraphs that share a field must be able to return the same object types for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from gateway.federation.chains import Chain, tail
from gateway.federation.composition.errors import Place, Problems
from gateway.federation.contexts_above import ContextsAbove, Had
from gateway.federation.graph import Graph, Node
from gateway.federation.graph_build import build_graph
from gateway.federation.paths import PathFinder, SearchLimitError
from gateway.federation.selection import FieldSel, typename_sel
from gateway.federation.supergraph import RootKind, Supergraph

_MAX_ERRORS = 50
_MAX_LABELS = 5  # up to here every combination of @override labels is checked
_BELOW = (FieldSel("__below", "__below"),)  # stands for a selection that overlaps with nothing
_KINDS: tuple[RootKind, ...] = ("query", "mutation", "subscription")


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """How the walk came to a type: a field or a type condition, below an earlier step."""

    above: _Step | None
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    type: GraphQLNamedType
    nodes: tuple[Node, ...]
    step: _Step | None
    contexts: Had = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A field of the API as it is asked for. Leaves of equal `likeness` are had at the same nodes or at none."""

    name: str
    field: GraphQLField
    returns: GraphQLNamedType
    sel: FieldSel
    likeness: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    coordinate: str
    message: str


def check_satisfiability(
    supergraph: Supergraph,
    problems: Problems,
    places: Callable[[str], Sequence[Place]] = lambda coordinate: (),
) -> None:
    """Report every API field that some way to its type cannot be continued to.

    `places` says where the subgraphs define a coordinate ("Type.field").
    """
    graph = build_graph(supergraph)
    seen: dict[str, _Fault] = {}
    for flags in _flag_sets(sorted(graph.labels)):
        for fault in _Check(supergraph, graph, flags, problems).run():
            seen.setdefault(fault.coordinate, fault)
        if len(seen) >= _MAX_ERRORS:
            break
    for fault in list(seen.values())[:_MAX_ERRORS]:
        problems.error(fault.code, fault.message, places(fault.coordinate))


def _flag_sets(labels: Sequence[str]) -> Iterator[frozenset[str]]:
    """Which labels are active: all combinations of a few, else none, all, each alone and each missing."""
    if len(labels) <= _MAX_LABELS:
        for choice in product((False, True), repeat=len(labels)):
            yield frozenset(label for label, on in zip(labels, choice, strict=True) if on)
        return
    everything = frozenset(labels)
    yield frozenset()
    yield everything
    for label in labels:
        yield frozenset({label})
        yield everything - {label}


class _Check:
    def __init__(
        self,
        supergraph: Supergraph,
        graph: Graph,
        flags: frozenset[str],
        problems: Problems,
    ) -> None:
        self.supergraph = supergraph
        self.api = supergraph.api_schema
        self.graph = graph
        self.finder = PathFinder(graph, flags, strict=True)
        self.above = ContextsAbove(graph, self.finder)
        self.problems = problems
        self._tails: dict[tuple[int, str, bool], tuple[Node, ...]] = {}
        self._fields: dict[tuple[str, ...], list[_Asked]] = {}

    def run(self) -> list[_Fault]:
        faults: list[_Fault] = []
        for kind in _KINDS:
            root = self._root(kind)
            nodes = tuple(edge.tail for edge in self.graph.entries.get(kind, ()))
            if root is None or not nodes:
                continue
            if kind == "mutation":
                faults += self._mutation(root, nodes)
            else:
                faults += self._walk(_State(root, nodes, _Step(None, kind)))
        return faults

    def _root(self, kind: RootKind) -> GraphQLObjectType | None:
        return {
            "query": self.api.query_type,
            "mutation": self.api.mutation_type,
            "subscription": self.api.subscription_type,
        }[kind]

    def _mutation(self, root: GraphQLObjectType, nodes: tuple[Node, ...]) -> list[_Fault]:
        faults: list[_Fault] = []
        at = _State(root, nodes, _Step(None, "mutation"))
        for asked in self._asked(root, nodes):
            own: list[_Fault] = []
            state = self._onward_field(at, asked, own)
            if state is None:
                faults += own
                continue
            by_subgraph: dict[str, list[Node]] = {}
            for node in state.nodes:
                by_subgraph.setdefault(node.subgraph, []).append(node)
            found: list[list[_Fault]] = [
                self._walk(_State(state.type, tuple(n), state.step, state.contexts)) for n in by_subgraph.values()
            ]
            if found and all(found):
                faults += sorted(found, key=len)[0]
        return faults

    def _walk(self, start: _State) -> list[_Fault]:
        faults: list[_Fault] = []
        visits: dict[str, list[frozenset[int | str]]] = {}
        queue = deque([start])
        while queue and len(faults) < _MAX_ERRORS:
            state = queue.popleft()
            ids: frozenset[int | str] = frozenset({node.id for node in state.nodes} | state.contexts)
            before = visits.setdefault(state.type.name, [])
            if any(earlier <= ids for earlier in before):
                continue
            before.append(ids)
            queue.extend(self._onward(state, faults))
        return faults

    def _onward(self, state: _State, faults: list[_Fault]) -> Iterator[_State]:
        if isinstance(state.type, GraphQLObjectType):
            yield from self._onward_fields(state, state.type, faults)
        elif isinstance(state.type, GraphQLInterfaceType | GraphQLUnionType):
            for type_ in self.api.get_possible_types(state.type):
                onward = self._type(state, type_, faults)
                if onward is not None:
                    yield onward

    def _onward_fields(self, state: _State, type_: GraphQLObjectType, faults: list[_Fault]) -> Iterator[_State]:
        had: set[tuple[int | None, ...]] = set()
        for asked in self._asked(type_, state.nodes):
            if asked.sel.is_leaf and asked.likeness in had:
                continue
            before = len(faults)
            onward = self._onward_field(state, asked, faults)
            if onward is not None:
                yield onward
            elif len(faults) == before and None not in asked.likeness:
                had.add(asked.likeness)
        if not any(self._targets(node, typename_sel()) for node in state.nodes):
            faults.append(self._unreachable(state, "__typename", typename_sel()))

    def _asked(self, type_: GraphQLObjectType, nodes: Sequence[Node]) -> list[_Asked]:
        """The fields of a type as asked at nodes that stand for it."""
        names = tuple(sorted({node.type for node in nodes}))
        found = self._fields.get((type_.name, *names))
        if found is None:
            found = self._fields[(type_.name, *names)] = []
            for name, field in type_.fields.items():
                returns = get_named_type(field.type)
                sel = FieldSel(name, name, sel=_BELOW if is_composite_type(returns) else None)
                likeness = tuple(self.finder.alike.number(each, name) for each in names)
                found.append(_Asked(name, field, returns, sel, likeness))
        return found

    def _onward_field(self, state: _State, asked: _Asked, faults: list[_Fault]) -> _State | None:
        """On to what a field returns; None for a leaf, and where there is a fault."""
        name = asked.name
        nodes = self._all_targets(state, asked.sel)
        if not nodes:
            faults.append(self._unreachable(state, name, asked.sel, asked.field))
            return None
        if asked.sel.is_leaf:
            return None
        contexts = self.above.below(state.type.name, state.nodes, state.contexts)
        onward = _State(asked.returns, nodes, _Step(state.step, _call(name, asked.field)), contexts)
        fault = self._mismatch(state, onward, name)
        if fault is not None:
            faults.append(fault)
            return None
        return onward

    def _type(self, state: _State, type_: GraphQLObjectType, faults: list[_Fault]) -> _State | None:
        """On to one object type; None also where some node can never have objects of the type."""
        for node in state.nodes:
            if not node.interface_object and type_.name not in self._possible(node):
                return None
        nodes: dict[int, Node] = {}
        for node in state.nodes:
            if node.type == type_.name:
                nodes[node.id] = node
            else:
                nodes |= {found.id: found for found in self._targets(node, type_.name)}
        if not nodes:
            faults.append(self._unreachable(state, f"... on {type_.name}", type_.name))
            return None
        step = _Step(state.step, f"... on {type_.name}")
        return _State(type_, tuple(nodes.values()), step, state.contexts)

    def _possible(self, node: Node) -> Sequence[str]:
        return self.supergraph.possible_in(node.type, node.subgraph)

    def _all_targets(self, state: _State, target: FieldSel) -> tuple[Node, ...]:
        found = {end.id: end for node in state.nodes for end in self._targets(node, target)}
        if self.above.takes(target.name):
            ways = ((node, chain) for node in state.nodes for chain in self._chains(node, target))
            ends = (tail(node, chain) for node, chain in ways if self.above.allows(chain, state.contexts))
            found |= {end.id: end for end in ends}
        return tuple(found.values())

    def _targets(self, node: Node, target: FieldSel | str) -> tuple[Node, ...]:
        name = target if isinstance(target, str) else target.name
        memo = (node.id, name, isinstance(target, str))
        known = self._tails.get(memo)
        if known is None:
            known = self._tails[memo] = self._search(node, target)
        return known

    def _search(self, node: Node, target: FieldSel | str) -> tuple[Node, ...]:
        chains = [chain for chain in self._chains(node, target) if not chain[-1].edge.contexts]
        return tuple({end.id: end for end in (tail(node, chain) for chain in chains)}.values())

    def _chains(self, node: Node, target: FieldSel | str) -> list[Chain]:
        self.finder.reset()
        try:
            return self.finder.advance(node, target)
        except SearchLimitError:
            return []

    def _mismatch(self, state: _State, onward: _State, name: str) -> _Fault | None:
        """Subgraphs that share a field agree on at least one object type that it can return."""
        if not isinstance(onward.type, GraphQLInterfaceType | GraphQLUnionType):
            return None
        definition = self.supergraph.types[state.type.name].fields.get(name)
        if definition is None or not self._shared(state.type.name, name):
            return None
        possible = {t.name for t in self.api.get_possible_types(onward.type)}
        nodes = [node for node in onward.nodes if not node.interface_object]
        types = {node.subgraph: possible & set(self._possible(node)) for node in nodes}
        abstract = [node for node in nodes if self.supergraph.types[node.type].is_abstract]
        if len(abstract) < 2 or not any(types.values()):
            return None
        coordinate = f"{state.type.name}.{name}"
        says = "; ".join(f'"{self._name(s)}": {", ".join(sorted(t)) or "none"}' for s, t in types.items())
        if not set.intersection(*types.values()):
            message = f'Subgraphs that share "{coordinate}" have no object type for it in common ({says})'
            return _Fault("SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES", coordinate, message)
        if len({frozenset(t) for t in types.values()}) > 1:
            message = f'Subgraphs that share "{coordinate}" may return different object types ({says})'
            self.problems.hint("INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN", message)
        return None

    def _shared(self, type_name: str, name: str) -> bool:
        joins = self.supergraph.types[type_name].fields[name].joins
        if joins is None:
            return len(self.supergraph.types[type_name].joins) > 1
        return sum(not join.external and not join.used_overridden for join in joins.values()) > 1

    def _name(self, subgraph: str) -> str:
        return self.supergraph.subgraphs[subgraph].name

    def _unreachable(
        self, state: _State, what: str, target: FieldSel | str, field: GraphQLField | None = None
    ) -> _Fault:
        leaf = _call(what, field) if field is not None else what
        if not isinstance(target, FieldSel) or not target.is_leaf:
            leaf += " { ... }"
        reasons = dict.fromkeys(
            f'from "{self._name(node.subgraph)}" to "{self._name(why.subgraph)}": {why.reason}'
            if why.subgraph != node.subgraph
            else f'in "{self._name(node.subgraph)}": {why.reason}'
            for node in state.nodes
            for why in self.finder.why_not(node, target)
        )
        message = f"No subgraph can answer this query: {_query(state.step, leaf)} Reasons: {'; '.join(reasons)}"
        coordinate = f"{state.type.name}.{what}" if isinstance(target, FieldSel) else state.type.name
        return _Fault("SATISFIABILITY_ERROR", coordinate, message)


def _query(step: _Step | None, leaf: str) -> str:
    """The shortest query that leads there, on one line."""
    texts = []
    while step is not None:
        texts.append(step.text)
        step = step.above
    texts.reverse()
    if texts and texts[0] == "query":
        texts[0] = ""
    return f"{' { '.join(texts)} {{ {leaf}{' }' * len(texts)}".strip()


def _call(name: str, field: GraphQLField) -> str:
    """A field with its required arguments."""
    args = [f"{key}: ..." for key, arg in field.args.items() if is_required_argument(arg)]
    return f"{name}({', '.join(args)})" if args else name
