"""The fetch graph's parts: units of work against one subgraph, and what each asks there.

A unit is one root selection or one `_entities` selection at one response path. Units become fetch
steps in `fetch_steps`: several units that are ready together and go to one subgraph share a request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.federation.graph import Node
from gateway.federation.plan import ContextValue, GatePoint, Key, Need, NeedOn, OnTypes, Path
from gateway.federation.selection import Conditions

KeyPath = tuple[str, ...]


@dataclass(slots=True, eq=False)
class OutField:
    """A field that a unit asks for, under its response key."""

    name: str
    key: str
    args: str
    variables: tuple[str, ...]
    conditions: Conditions
    sub: OutSel | None = None


@dataclass(slots=True, eq=False)
class OutSel:
    """What a unit asks of objects at one position; `types` holds what it asks of one type only."""

    node: Node
    fields: dict[tuple[str, Conditions], OutField] = field(default_factory=dict)
    types: dict[str, OutSel] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return self.node.type

    def add(
        self,
        name: str,
        key: str,
        args: str = "",
        variables: tuple[str, ...] = (),
        conditions: Conditions = (),
        below: Node | None = None,
    ) -> OutField:
        """The field under this key and these conditions, added if it is not yet there.

        An unconditional leaf makes conditional copies of itself needless.
        """
        found = self.fields.get((key, ()))
        if found is None or (found.sub is not None and conditions):
            found = self.fields.get((key, conditions))
        if found is None:
            if below is None and not conditions:
                for other in [at for at in self.fields if at[0] == key]:
                    del self.fields[other]
            sub = OutSel(below) if below is not None else None
            found = self.fields[(key, conditions)] = OutField(name, key, args, variables, conditions, sub)
        return found

    def on(self, type_name: str, node: Node) -> OutSel:
        """What is asked of objects of one type here."""
        if type_name not in self.types:
            self.types[type_name] = OutSel(node)
        return self.types[type_name]

    def is_empty(self) -> bool:
        """Whether nothing is asked."""
        return not self.fields and all(inner.is_empty() for inner in self.types.values())

    def absorb(self, other: OutSel) -> None:
        """Ask also what another selection on the same objects asks."""
        for item in other.fields.values():
            below = item.sub.node if item.sub is not None else None
            added = self.add(item.name, item.key, item.args, item.variables, item.conditions, below)
            if item.sub is not None and added.sub is not None:
                added.sub.absorb(item.sub)
        for name, inner in other.types.items():
            self.on(name, inner.node).absorb(inner)

    def prune(self) -> None:
        """Drop leaves from single types that are asked of all types here anyway."""
        for inner in self.types.values():
            for at, item in list(inner.fields.items()):
                wider = self.fields.get((item.key, ()))
                if wider is None or wider.sub is not None or item.sub is not None:
                    continue
                if (wider.name, wider.args) == (item.name, item.args):
                    del inner.fields[at]
            inner.prune()
        for item in self.fields.values():
            if item.sub is not None:
                item.sub.prune()

    def tops(self) -> Iterator[OutField]:
        """The fields at this position, those of single types included."""
        yield from self.fields.values()
        for inner in self.types.values():
            yield from inner.tops()


@dataclass(slots=True, eq=False)
class Unit:
    """One root or `_entities` selection. `parents` must have answered before it can be asked."""

    id: int
    subgraph: str
    type: str
    path: Path
    is_root: bool
    out: OutSel
    types: frozenset[str] = frozenset()
    typename: str | None = None
    needs: tuple[Need | NeedOn, ...] = ()
    contexts: tuple[ContextValue, ...] = ()
    parents: dict[int, Unit] = field(default_factory=dict)
    mutation: int | None = None
    reason: str = ""
    gates: dict[GatePoint, None] = field(default_factory=dict)

    def wait_for(self, units: dict[int, Unit]) -> None:
        """Note units that this one needs something from."""
        self.parents.update((i, u) for i, u in units.items() if u is not self)


@dataclass(slots=True, eq=False)
class Place:
    """A position in a unit at which selections can be put.

    `total` are all conditions on the way from the operation's root; `pending` those among them that
    nothing printed in this unit states yet. `outer` is the place, for the same objects, in the unit
    from which this unit was entered. `typed_by` are units without which the types on the path are not
    yet known in the tree.
    """

    unit: Unit
    out: OutSel
    node: Node
    path: Path
    pending: Conditions = ()
    total: Conditions = ()
    outer: Place | None = None
    is_unit_root: bool = False
    typed_by: dict[int, Unit] = field(default_factory=dict)

    @property
    def keys(self) -> KeyPath:
        """The response keys on the way here."""
        return tuple(segment.key for segment in self.path if isinstance(segment, Key))

    def below(self, added: OutField, node: Node, conditions: Conditions) -> Place:
        """The place under a field put here."""
        assert added.sub is not None
        path = (*self.path, Key(added.key))
        return Place(self.unit, added.sub, node, path, (), both(self.total, conditions))

    def on(self, type_name: str, node: Node) -> Place:
        """The place for objects of one type here."""
        path = self.path
        if self.node.type != type_name:
            path = (*path, OnTypes(frozenset({type_name})))
        out = self.out.on(type_name, node)
        return Place(self.unit, out, node, path, self.pending, self.total, None, self.is_unit_root, self.typed_by)

    def missing(self, demand: Conditions) -> Conditions:
        """The conditions that something demanded under `demand` must state here."""
        return both(self.pending, tuple(c for c in demand if c not in self.total))


def both(left: Conditions, right: Conditions) -> Conditions:
    """All of two sets of conditions, in a fixed order."""
    if not right or left == right:
        return left
    return tuple(sorted({*left, *right}, key=lambda c: (c.variable, c.value)))


class Naming:
    """Response keys: the client's, and private ones where a need clashes with them."""

    def __init__(self) -> None:
        self._taken: dict[tuple[KeyPath, str], set[tuple[str, str]]] = {}
        self._private: dict[tuple[KeyPath, str, str], str] = {}

    def take(self, keys: KeyPath, key: str, name: str, args: str) -> None:
        """Register a client's field."""
        self._taken.setdefault((keys, key), set()).add((name, args))

    def key_for(self, keys: KeyPath, name: str, args: str) -> str:
        """The key under which a needed field is asked for at a position: its name, if that is free."""
        if name == "__typename":
            return name
        taken = self._taken.setdefault((keys, name), {(name, args)})
        if taken == {(name, args)}:
            return name
        wanted = (keys, name, args)
        if wanted not in self._private:
            self._private[wanted] = f"__p{len(self._private)}_{name}"
        return self._private[wanted]
