"""What partners' entries let the sensitivity gate read, and which data hangs below them.

An `@entry` names field sets. Here they are held against the types: every word below an entry that its own subgraph
answers has to be in one of them, since whatever the gate does not read, it cannot withhold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from graphql import FieldNode, GraphQLError, InlineFragmentNode, SelectionSetNode, parse

from gateway.federation.supergraph import FieldDef, Supergraph, TypeDef

PATIENT_TYPE = "Patient"
WORDLESS = frozenset({"ID", "Int", "Float", "Boolean", "NHSNumber", "PartialDateTime"})
"""Scalars that hold no words. Any other scalar may: who knows what a JSON or a Text carries."""


@dataclass(slots=True)
class Chosen:
    """A field set as a tree: fields by name, and what is chosen on single types."""

    fields: dict[str, Chosen] = field(default_factory=dict)
    on: dict[str, Chosen] = field(default_factory=dict)

    def below(self, supergraph: Supergraph, type_name: str, field_name: str) -> list[Chosen]:
        """All that is chosen of a field, for objects of the type."""
        found = [self.fields[field_name]] if field_name in self.fields else []
        for condition, inner in self.on.items():
            if condition == type_name or type_name in supergraph.possible.get(condition, ()):
                found += inner.below(supergraph, type_name, field_name)
        return found


@dataclass(frozen=True, slots=True)
class SetFault:
    """A field set that cannot be read: the type that has it, and why."""

    type: str
    why: str


class Entries:
    """The entries of a supergraph by object type. `sets` are their field sets; an interface's hold for its types."""

    def __init__(
        self,
        supergraph: Supergraph,
        declared: Mapping[str, tuple[str, ...]],
        telling: frozenset[str] = frozenset(),
    ) -> None:
        """`telling` are enums that are to be read like words."""
        self._supergraph = supergraph
        self._telling = telling
        self._types = supergraph.types
        self.sets = self._by_object(declared)
        self.types = frozenset(self.sets) | frozenset(declared)
        self.faults: list[SetFault] = []
        self.unread: dict[tuple[str, str], str] = {}
        self._walked: set[str] = set()
        for name in sorted(self.sets):
            self._walk_entry(name)
        self.below = self._only_below(self._walked)
        self.without_patient = self._reached_without_patient()

    def _by_object(self, declared: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, sets in declared.items():
            for one in self._supergraph.possible[name]:
                found[one] = (*found.get(one, ()), *sets)
        return found

    def _walk_entry(self, name: str) -> None:
        try:
            chosen = read_set(self.sets[name])
        except GraphQLError:
            self.faults.append(SetFault(name, "its field sets are not GraphQL"))
            return
        for subgraph in sorted(self._types[name].joins):
            self.faults += [SetFault(name, why) for why in self._impossible(name, chosen, subgraph)]
            self._walk(name, name, [chosen], subgraph, frozenset())

    def _walk(self, entry: str, name: str, chosen: list[Chosen], subgraph: str, seen: frozenset[str]) -> None:
        """Find words that nothing chooses, in the objects that this subgraph sends with the entry."""
        self._walked.add(name)
        for definition in self._types[name].fields.values():
            if not self._supergraph.resolves(name, definition.name, subgraph):
                continue
            inner = [one for each in chosen for one in each.below(self._supergraph, name, definition.name)]
            if self.is_words(definition):
                if not inner:
                    self.unread.setdefault((name, definition.name), entry)
                continue
            for type_name in self._onward(definition):
                if type_name not in seen or inner:
                    self._walk(entry, type_name, inner, subgraph, seen | {name})

    def _onward(self, definition: FieldDef) -> Iterator[str]:
        """The object types below a field that are judged with what is above them."""
        for name in self._supergraph.possible.get(definition.base, ()):
            if name != PATIENT_TYPE and name not in self.sets:
                yield name

    def _impossible(self, name: str, chosen: Chosen, subgraph: str) -> Iterator[str]:
        """What a field set names and the subgraph that sends the entry cannot answer with it."""
        definition = self._types[name]
        for field_name, inner in chosen.fields.items():
            if field_name == "__typename":
                continue
            if field_name not in definition.fields:
                yield f"{name} has no field {field_name}"
            elif definition.kind != "union" and not self._supergraph.resolves(name, field_name, subgraph):
                told = self._supergraph.subgraphs[subgraph].name
                yield f"{name}.{field_name} is not answered by {told}, which sends the entry"
            elif inner.fields or inner.on:
                base = definition.fields[field_name].base
                if base in self._types:
                    yield from self._impossible(base, inner, subgraph)
        for condition, inner in chosen.on.items():
            if condition not in self._types:
                yield f"there is no type {condition}"
            else:
                yield from self._impossible(condition, inner, subgraph)

    def is_words(self, definition: FieldDef) -> bool:
        """Whether a field holds words: a scalar that is not known to hold none, or an enum that tells of something."""
        if definition.base in self._telling:
            return True
        known = self._types.get(definition.base)
        scalar = known is None or known.kind == "scalar"
        return scalar and definition.base not in WORDLESS

    def _only_below(self, walked: set[str]) -> frozenset[str]:
        """Of the types that hang below entries, those that hang nowhere else: they are judged with the entry."""
        below = walked - set(self.sets)
        while True:
            other = {name for name in below if any(True for _ in self._holders(name, below))}
            if not other:
                return frozenset(below)
            below -= other

    def _holders(self, name: str, below: set[str]) -> Iterator[str]:
        for owner in self._types.values():
            if owner.kind != "object" or owner.name in self.sets or owner.name in below:
                continue
            if any(name in self._supergraph.possible.get(one.base, ()) for one in owner.fields.values()):
                yield owner.name

    def _reached_without_patient(self) -> frozenset[str]:
        """Entries that a query can come to without their Patient, whose opt-out would then not be asked about."""
        seen: set[str] = set()
        waiting = list(self._supergraph.roots.values())
        while waiting:
            name = waiting.pop()
            if name in seen or name == PATIENT_TYPE:
                continue
            seen.add(name)
            waiting += self._below_type(self._types[name])
        return frozenset(seen & set(self.sets))

    def _below_type(self, definition: TypeDef) -> Iterable[str]:
        for one in definition.fields.values():
            yield from self._supergraph.possible.get(one.base, ())


def read_set(sets: Iterable[str]) -> Chosen:
    whole = Chosen()
    for one in sets:
        for operation in parse(f"{{ {one} }}", no_location=True).definitions:
            _choose(whole, getattr(operation, "selection_set", None))
    return whole


def _choose(into: Chosen, selection: SelectionSetNode | None) -> None:
    for node in selection.selections if selection is not None else ():
        if isinstance(node, FieldNode):
            _choose(into.fields.setdefault(node.name.value, Chosen()), node.selection_set)
        elif isinstance(node, InlineFragmentNode) and node.type_condition is not None:
            _choose(into.on.setdefault(node.type_condition.name.value, Chosen()), node.selection_set)
        elif isinstance(node, InlineFragmentNode):
            _choose(into, node.selection_set)
