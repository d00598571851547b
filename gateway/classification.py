"""What partners say of their fields: the section of the role matrix, and what the sensitivity gate must read.

Reads the directives of our own specification (docs/decisions/0002-partner-classification.md) from a supergraph, and
finds everything that is not covered: a field without a section is visible to nobody, and data that no gate would see
is refused. What the record's own subgraph answers is classified in the role matrix and is none of a partner's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.entries import PATIENT_TYPE, Entries
from gateway.federation.features import directive_names
from gateway.federation.planner import GateNeed
from gateway.federation.supergraph import Applied, FieldDef, Supergraph, TypeDef
from gateway.gates import ENTRY
from gateway.telling import telling_enums, tells
from policies.bundle import Policies

SPECIFICATION = "https://specs.joinup.example/record"
DIRECTIVES = ("section", "entry", "neverSensitive")
PAGING = frozenset({"first", "last", "after", "before", "limit", "offset", "page", "skip", "take"})
NUMBER_TYPE = "NHSNumber"
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


def classify(supergraph: Supergraph, policies: Policies, record: str) -> Classification:
    """Classify every field that the subgraph `record` does not answer itself."""
    return _Classifier(supergraph, policies, record).classify()


class _Classifier:
    def __init__(self, supergraph: Supergraph, policies: Policies, record: str) -> None:
        self._types = {
            name: definition
            for name, definition in supergraph.types.items()
            if definition.kind in ("object", "interface") and name in supergraph.api_schema.type_map
        }
        self._supergraph = supergraph
        self._matrix = policies.roles
        self._judge = policies.sensitivity.judge
        self._telling = telling_enums(supergraph, self._judge)
        self._record = supergraph.by_name[record]
        self._names = directive_names(supergraph.sdl, SPECIFICATION, DIRECTIVES)
        declared = {name: found for name, one in self._types.items() if (found := self._entry(one)) is not None}
        self._declared = declared
        self._entries = Entries(supergraph, declared, self._telling)
        self._result = Classification()

    def classify(self) -> Classification:
        for name in sorted(self._types):
            definition = self._types[name]
            for one in sorted(definition.fields.values(), key=lambda each: each.name):
                self._taken(definition, one)
                if self._is_foreign(name, one.name):
                    self._field(definition, one)
        self._unread()
        for name in sorted(self._declared):
            self._gate(name)
        return self._result

    def _is_foreign(self, type_name: str, field_name: str) -> bool:
        return not self._supergraph.resolves(type_name, field_name, self._record) and (
            self._types[type_name].kind == "object" or self._record not in self._types[type_name].joins
        )

    def _taken(self, owner: TypeDef, definition: FieldDef) -> None:
        """A partner may not answer in the record's place: what it sent would pass no adapter and no sift."""
        for join in (definition.joins or {}).values():
            if join.override == self._record or join.override == self._supergraph.subgraphs[self._record].name:
                self._fault(
                    f"{owner.name}.{definition.name}",
                    "takes a field of the record over, which only the record may answer",
                    "take @override out, and give the field a name of its own",
                )

    def _field(self, owner: TypeDef, definition: FieldDef) -> None:
        where = f"{owner.name}.{definition.name}"
        section = self._argument(definition.directives, "section", "name")
        section = section or self._argument(owner.directives, "section", "name")
        section = self._matrix.fields.get((owner.name, definition.name), section)
        if section is None:
            self._fault(where, "has no section, so nobody may see it", 'add @section(name: "...") to it or to its type')
        elif section not in self._matrix.sections:
            known = ", ".join(sorted(self._matrix.sections))
            self._fault(where, f"is in section {section!r}, which roles.toml does not have", f"name one of {known}")
        else:
            self._result.sections[owner.name, definition.name] = section
        if self._supergraph.root_kind(owner.name) in ("mutation", "subscription"):
            self._fault(
                where, "changes or streams data, but the joined record is for reading", "offer it outside the graph"
            )
        self._name(owner, definition, where)
        self._number(owner, definition, where)
        self._withheld_is_null(definition, where)
        reason = self._reason(owner, definition)
        if reason is not None:
            self._result.signed.append(Signed(where, reason))
            return
        if self._supergraph.is_composite(definition.base):
            self._composite(owner, definition, where)
        else:
            self._leaf(owner, definition, where)

    def _leaf(self, owner: TypeDef, definition: FieldDef, where: str) -> None:
        kind = self._supergraph.types.get(definition.base)
        enum = kind is not None and kind.kind == "enum" and definition.base not in self._telling
        harmless = enum or definition.base in ("ID", NUMBER_TYPE)
        if not harmless and not self._is_judged(owner.name):
            self._fault(
                where,
                "is data outside any @entry type, so no gate reads it",
                "move it into an @entry type, or say @neverSensitive(reason:) why it cannot tell of a sensitive matter",
            )

    def _composite(self, owner: TypeDef, definition: FieldDef, where: str) -> None:
        base = definition.base
        shared = base != PATIENT_TYPE and self._record in self._supergraph.types[base].joins
        if shared and not self._is_judged(owner.name):
            self._fault(
                where,
                f"returns the record's {base} outside any @entry type, so no gate reads its words",
                "move it into an @entry type and name its words there, or say @neverSensitive(reason:)",
            )
        if self._holds_entries(definition):
            self._paging(owner, definition, where)

    def _paging(self, owner: TypeDef, definition: FieldDef, where: str) -> None:
        paging = sorted(one.name for one in definition.arguments if one.name in PAGING or one.type.strip("!") == "Int")
        if paging:
            self._fault(
                where,
                f"pages over entries ({', '.join(paging)}) before the gate has seen them, which tells how many there are",
                "return the whole list, or say @neverSensitive(reason:)",
            )
        holder = owner if self._is_entry_list(definition) else self._types[definition.base]
        for other in holder.fields.values():
            counted = other.base == "Int" or other.name == "pageInfo"
            if counted and self._is_foreign(holder.name, other.name) and self._reason(holder, other) is None:
                self._fault(
                    f"{holder.name}.{other.name}",
                    f"stands beside the entries of {definition.name} and may count withheld ones",
                    "leave it out, or say @neverSensitive(reason:) why it cannot",
                )

    def _is_entry_list(self, definition: FieldDef) -> bool:
        return definition.is_list and any(
            one in self._entries.sets for one in self._supergraph.possible.get(definition.base, ())
        )

    def _holds_entries(self, definition: FieldDef) -> bool:
        """A list of entries, or a page's type that holds one."""
        if self._is_entry_list(definition):
            return True
        base = self._types.get(definition.base)
        if base is None or definition.is_list or base.name in self._entries.types or base.name == PATIENT_TYPE:
            return False
        return any(self._is_entry_list(one) or self._is_edge_list(one) for one in base.fields.values())

    def _is_edge_list(self, definition: FieldDef) -> bool:
        base = self._types.get(definition.base)
        return (
            definition.is_list
            and base is not None
            and any(one.base in self._entries.sets for one in base.fields.values())
        )

    def _name(self, owner: TypeDef, definition: FieldDef, where: str) -> None:
        named = next((one for one in (definition.name, owner.name) if tells(self._judge, one)), None)
        if named is not None and self._reason(owner, definition) is None:
            self._fault(
                where,
                f"is named after a sensitive matter ({named}), so that it tells of it whatever is left out",
                "give it a name that any entry could have, or say @neverSensitive(reason:)",
            )

    def _number(self, owner: TypeDef, definition: FieldDef, where: str) -> None:
        if definition.base == NUMBER_TYPE and owner.name != PATIENT_TYPE:
            self._fault(
                where,
                "names a person by number, past the gate that withholds people who have opted out",
                "return Patient instead",
            )

    def _withheld_is_null(self, definition: FieldDef, where: str) -> None:
        base = definition.base
        guarded = base == PATIENT_TYPE or any(o in self._entries.sets for o in self._supergraph.possible.get(base, ()))
        if guarded and not definition.is_list and definition.type.endswith("!"):
            self._fault(
                where,
                f"is never null, but a withheld {base} is: that would take the object around it away",
                "make it nullable",
            )

    def _unread(self) -> None:
        for fault in self._entries.faults:
            self._fault(fault.type, f"its @entry cannot be read: {fault.why}", "name fields that come with the entry")
        for (type_name, field_name), entry in sorted(self._entries.unread.items()):
            definition = self._types[type_name]
            if self._reason(definition, definition.fields[field_name]) is None:
                self._fault(
                    f"{type_name}.{field_name}",
                    f"holds words that the gate of its entry {entry} does not read",
                    "name it in text or codings of the entry's @entry, or say @neverSensitive(reason:)",
                )
        for name in sorted(self._entries.without_patient):
            self._fault(
                name,
                "is an @entry that a query can come to without its Patient, whose opt-out would not be asked about",
                "return it below Patient only",
            )

    def _gate(self, name: str) -> None:
        if not self._declared[name]:
            self._fault(name, "is an @entry, but names nothing to read", "give codings, text or labels")
            return
        for one in self._supergraph.possible[name]:
            needs = GateNeed(ENTRY, " ".join(self._declared[name]))
            self._result.gates[one] = (*self._result.gates.get(one, ()), needs)

    def _is_judged(self, type_name: str) -> bool:
        return type_name in self._entries.types or type_name in self._entries.below

    def _entry(self, definition: TypeDef) -> tuple[str, ...] | None:
        for directive in definition.directives:
            if directive.name == self._names["entry"]:
                lists = [directive.arguments.get(key) or () for key in ("codings", "text", "labels")]
                return tuple(str(one) for each in lists if isinstance(each, list | tuple) for one in each)
        return None

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
