"""What partners say of their fields: the section of the role matrix, and what the sensitivity gate must read.

Reads the directives of our own specification (docs/decisions/0002-partner-classification.md) from a supergraph, and
finds everything that is not covered: a field without a section is visible to nobody, and data that no gate would see
is refused. The record's own fields are classified in the role matrix and are none of a partner's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import FieldNode, SelectionSetNode, parse

from gateway.federation.features import directive_names
from gateway.federation.planner import GateNeed
from gateway.federation.supergraph import Applied, FieldDef, Supergraph, TypeDef
from gateway.gates import ENTRY
from policies.roles import RoleMatrix

SPECIFICATION = "https://specs.joinup.example/record"
DIRECTIVES = ("section", "entry", "neverSensitive")
PAGING = frozenset({"first", "last", "after", "before", "limit", "offset", "page", "skip", "take"})
WORDS = frozenset({"String"})
HARMLESS = frozenset({"ID"})
Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that is not covered: what is wrong with it, and the mend."""

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.mend}"


@dataclass(frozen=True, slots=True)
class Signed:
    """A place that a partner declares never sensitive, for the information-governance lead to read."""

    where: str
    reason: str


@dataclass(slots=True)
class Classification:
    """What partners' directives come to."""

    sections: dict[Field, str] = field(default_factory=dict)
    gates: dict[str, tuple[GateNeed, ...]] = field(default_factory=dict)
    signed: list[Signed] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def classify(supergraph: Supergraph, matrix: RoleMatrix) -> Classification:
    """Classify every field that the role matrix does not name itself."""
    return _Classifier(supergraph, matrix).classify()


class _Classifier:
    def __init__(self, supergraph: Supergraph, matrix: RoleMatrix) -> None:
        self._types = {
            name: definition
            for name, definition in supergraph.types.items()
            if definition.kind in ("object", "interface") and name in supergraph.api_schema.type_map
        }
        self._supergraph = supergraph
        self._names = directive_names(supergraph.sdl, SPECIFICATION, DIRECTIVES)
        pairs = [(name, one) for name, definition in self._types.items() for one in definition.fields]
        self._foreign = set(matrix.unclassified(pairs))
        self._entries = {name: found for name, t in self._types.items() if (found := self._entry(t)) is not None}
        self._below = self._reached_from_entries()
        self._result = Classification()

    def classify(self) -> Classification:
        for type_name, field_name in sorted(self._foreign):
            self._field(self._types[type_name], self._types[type_name].fields[field_name])
        for name, found in sorted(self._entries.items()):
            self._gate(name, found)
        return self._result

    def _field(self, owner: TypeDef, definition: FieldDef) -> None:
        where = f"{owner.name}.{definition.name}"
        section = self._argument(definition.directives, "section", "name")
        section = section or self._argument(owner.directives, "section", "name")
        if section is None:
            self._fault(where, "has no section, so nobody may see it", 'add @section(name: "...") to it or to its type')
        else:
            self._result.sections[owner.name, definition.name] = section
        reason = self._reason(owner, definition)
        if reason is not None:
            self._result.signed.append(Signed(where, reason))
            return
        if not self._supergraph.is_composite(definition.base):
            self._leaf(owner, definition, where)
        elif definition.is_list and definition.base in self._entries:
            self._paging(owner, definition, where)

    def _leaf(self, owner: TypeDef, definition: FieldDef, where: str) -> None:
        if definition.base in HARMLESS:
            return
        if owner.name not in self._entries and owner.name not in self._below:
            self._fault(
                where,
                "is data outside any @entry type, so no gate reads it",
                "move it into an @entry type, or say @neverSensitive(reason:) why it cannot tell of a sensitive matter",
            )
        elif definition.base in WORDS and not self._is_read(owner.name, definition.name):
            self._fault(
                where,
                "holds words that its entry's gate does not read",
                "name it in text or codings of the entry's @entry, or say @neverSensitive(reason:)",
            )

    def _paging(self, owner: TypeDef, definition: FieldDef, where: str) -> None:
        paging = sorted(argument.name for argument in definition.arguments if argument.name in PAGING)
        if paging:
            self._fault(
                where,
                f"pages over entries ({', '.join(paging)}) before the gate has seen them, which tells how many there are",
                "return the whole list, or say @neverSensitive(reason:)",
            )
        for other in owner.fields.values():
            counted = other.base == "Int" or other.name == "pageInfo"
            if counted and (owner.name, other.name) in self._foreign and self._reason(owner, other) is None:
                self._fault(
                    f"{owner.name}.{other.name}",
                    f"stands beside the entries of {definition.name} and may count withheld ones",
                    "leave it out, or say @neverSensitive(reason:) why it cannot",
                )

    def _gate(self, name: str, sets: tuple[str, ...]) -> None:
        if not sets:
            self._fault(name, "is an @entry, but names nothing to read", "give codings, text or labels")
            return
        definition = self._types[name]
        concrete = self._supergraph.possible[name] if definition.kind == "interface" else (name,)
        for one in concrete:
            self._result.gates[one] = (*self._result.gates.get(one, ()), GateNeed(ENTRY, " ".join(sets)))

    def _entry(self, definition: TypeDef) -> tuple[str, ...] | None:
        for directive in definition.directives:
            if directive.name == self._names["entry"]:
                lists = [directive.arguments.get(key) or () for key in ("codings", "text", "labels")]
                return tuple(str(one) for each in lists if isinstance(each, list | tuple) for one in each)
        return None

    def _reached_from_entries(self) -> set[str]:
        """Value types that hang below an entry and nowhere else above it: they are judged with it."""
        reached: set[str] = set()
        waiting = list(self._entries)
        while waiting:
            for definition in self._types[waiting.pop()].fields.values():
                base = definition.base
                if base in self._types and base not in reached and base not in self._entries:
                    reached.add(base)
                    waiting.append(base)
        return reached - {owner for owner in reached if self._is_reached_otherwise(owner, reached)}

    def _is_reached_otherwise(self, name: str, reached: set[str]) -> bool:
        return any(
            definition.base == name and owner.name not in self._entries and owner.name not in reached
            for owner in self._types.values()
            for definition in owner.fields.values()
        )

    def _is_read(self, type_name: str, field_name: str) -> bool:
        """Whether every entry above this type reads the field."""
        above = [name for name in self._entries if name == type_name or type_name in self._types_below(name)]
        return bool(above) and all(
            (type_name, field_name) in set(self._read_fields(name, self._entries[name])) for name in above
        )

    def _types_below(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            for definition in self._types[waiting.pop()].fields.values():
                if definition.base in self._below and definition.base not in found:
                    found.add(definition.base)
                    waiting.append(definition.base)
        return found

    def _read_fields(self, type_name: str, sets: tuple[str, ...]) -> Iterator[Field]:
        for one in sets:
            document = parse(f"{{ {one} }}", no_location=True)
            for operation in document.definitions:
                yield from self._selected(type_name, getattr(operation, "selection_set", None))

    def _selected(self, type_name: str, selection: SelectionSetNode | None) -> Iterator[Field]:
        for node in selection.selections if selection is not None else ():
            if isinstance(node, FieldNode) and type_name in self._types:
                yield type_name, node.name.value
                definition = self._types[type_name].fields.get(node.name.value)
                if definition is not None:
                    yield from self._selected(definition.base, node.selection_set)

    def _reason(self, owner: TypeDef, definition: FieldDef) -> str | None:
        own = self._argument(definition.directives, "neverSensitive", "reason")
        return own or self._argument(owner.directives, "neverSensitive", "reason")

    def _argument(self, directives: tuple[Applied, ...], directive: str, argument: str) -> str | None:
        wanted = self._names[directive]
        values: Mapping[str, object] = next((d.arguments for d in directives if d.name == wanted), {})
        value = values.get(argument)
        return value.strip() or None if isinstance(value, str) else None

    def _fault(self, where: str, what: str, mend: str) -> None:
        self._result.faults.append(Fault(where, what, mend))
