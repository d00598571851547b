"""Who may see what: role × section × field, as an information-governance lead reads and signs it (roles.toml).

Default deny, twice: a field that no section lists is visible to nobody, and a role that the file does not know sees
nothing. Sections are allowed by name; single fields are then taken away. Nothing widens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any, Final

from policies.decision import Decision, Show, Withhold
from policies.files import PolicyFile, PolicyFileError, PolicyFiles

Field = tuple[str, str]
"""A field of the API schema: (type, field), by their GraphQL names."""

FILE: Final = "roles.toml"
COMMON: Final = "common"
EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class Role:
    """One role's lines in the file."""

    name: str
    title: str
    sections: frozenset[str]
    without: frozenset[Field]
    purposes: frozenset[str]
    may_introspect: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a role does or does not see a field. `line` is where the file says so, None where it says nothing."""

    role: str
    field: str
    section: str | None
    decision: Decision
    visible_to: tuple[str, ...]
    file: str
    line: int | None
    text: str


class Scope:
    """What one role may see. Decisions are worked out beforehand; asking is one look-up."""

    def __init__(self, role: Role | None, name: str, sections: Mapping[Field, str]) -> None:
        self.role = name
        self._role = role
        self._sections = sections
        self._decisions = {field: _decide(role, name, field, section) for field, section in sections.items()}
        self.may_introspect = role is not None and role.may_introspect
        self.may_search = self._allows("search")
        self.may_change_opt_outs = self._allows("opt_outs")
        self.may_know_restricted = self._allows("restricted")

    def decide(self, type_name: str, field_name: str) -> Decision:
        """Whether the role sees this field; the rule names the line of the file that says so."""
        found = self._decisions.get((type_name, field_name))
        return found or Withhold("roles/unclassified")

    def may_act_for(self, purpose: str) -> Decision:
        """Whether the role may ask for this purpose (HL7 v3-ActReason code)."""
        if self._role is not None and purpose in self._role.purposes:
            return Show(f"roles/{self.role}/purposes")
        return Withhold(f"roles/{self.role}/purposes")

    def sections(self) -> dict[str, tuple[str, ...]]:
        """The sections that the role may see, each with its visible fields as Type.field; '*' where all are."""
        visible: dict[str, list[str]] = defaultdict(list)
        hidden: set[str] = set()
        for (type_name, field_name), section in sorted(self._sections.items()):
            if isinstance(self._decisions[type_name, field_name], Show):
                visible[section].append(f"{type_name}.{field_name}")
            else:
                hidden.add(section)
        return {
            section: tuple(fields) if section in hidden else (EVERYTHING,)
            for section, fields in sorted(visible.items())
            if section != COMMON
        }

    def _allows(self, section: str) -> bool:
        return self._role is not None and section in self._role.sections


def _decide(role: Role | None, name: str, field: Field, section: str) -> Decision:
    if role is None:
        return Withhold("roles/unknown-role")
    if field in role.without:
        return Withhold(f"roles/{name}/without/{field[0]}.{field[1]}")
    if section == COMMON or section in role.sections:
        return Show(f"roles/{name}/{section}")
    return Withhold(f"roles/{name}/no-{section.replace('_', '-')}")


@dataclass(frozen=True, slots=True)
class RoleMatrix:
    """The whole file."""

    by_name: Mapping[str, Role]
    fields: Mapping[Field, str]
    sections: frozenset[str]
    file: PolicyFile
    _scopes: dict[str, Scope] = dataclass_field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, files: PolicyFiles | None = None) -> RoleMatrix:
        """Read roles.toml. Raises PolicyFileError."""
        file = (files or PolicyFiles()).get(FILE)
        data = file.toml()
        file.only(data, ("role", "section"))
        sections = data.get("section", {})
        fields: dict[Field, str] = {}
        for name, entry in sections.items():
            _add_section(file, name, entry, fields)
        roles = {name: _read_role(file, name, entry, sections, fields) for name, entry in data.get("role", {}).items()}
        return cls(roles, fields, frozenset(sections), file)

    @property
    def roles(self) -> frozenset[str]:
        """The closed table of role names."""
        return frozenset(self.by_name)

    def scope(self, role: str) -> Scope:
        """What this role may see; an unknown role sees nothing."""
        if role not in self.by_name:
            return Scope(None, role, self.fields)
        if role not in self._scopes:
            self._scopes[role] = Scope(self.by_name[role], role, self.fields)
        return self._scopes[role]

    def unclassified(self, schema_fields: Iterable[Field]) -> list[Field]:
        """The fields of a schema that no section lists, and so nobody sees. A release has none."""
        return sorted({field for field in schema_fields if field not in self.fields})

    def unknown(self, schema_fields: Iterable[Field]) -> list[Field]:
        """The fields that the file lists and the schema does not have: left over, or misspelt."""
        return sorted(self.fields.keys() - set(schema_fields))

    def with_fields(self, classified: Mapping[Field, str]) -> RoleMatrix:
        """This matrix with a partner's fields besides. What the file says of a field stands; a section must be in it.
        Raises PolicyFileError."""
        for field, section in classified.items():
            if section not in self.sections:
                mend = f"Name one of {', '.join(sorted(self.sections))}, or add [section.{section}] to {FILE}."
                raise PolicyFileError("classification", ".".join(field), f"unknown section '{section}'", mend)
        return replace(self, fields={**classified, **self.fields}, _scopes={})

    def explain(self, role: str, type_name: str, field_name: str) -> Explanation:
        """The rule for one role and field, where it stands, and who sees the field."""
        field = (type_name, field_name)
        section = self.fields.get(field)
        decision = self.scope(role).decide(type_name, field_name)
        visible_to = tuple(
            sorted(name for name in self.by_name if isinstance(self.scope(name).decide(type_name, field_name), Show))
        )
        words, text = self._reason(role, field, section)
        line = self.file.line(*words) if words else None
        return Explanation(role, f"{type_name}.{field_name}", section, decision, visible_to, FILE, line, text)

    def _reason(self, role: str, field: Field, section: str | None) -> tuple[tuple[str, ...], str]:
        known = self.by_name.get(role)
        written = f"{field[0]}.{field[1]}"
        if section is None:
            return (), f"No section lists {written}: a field is visible to nobody until it is classified."
        if known is None:
            return (), f"The role '{role}' is not in the table: an unknown role sees nothing."
        if field in known.without:
            return (f"[role.{role}]", f'"{written}"'), f"{known.title}: {written} is taken out of '{section}'."
        if section == COMMON:
            return (f"[section.{COMMON}",), f"{written} belongs to what every role sees."
        if section in known.sections:
            return (f"[role.{role}]", "sections", f'"{section}"'), f"{known.title}: sees '{section}'."
        return (f"[role.{role}]", "sections"), f"{known.title}: '{section}' is not among the sections."


def _add_section(file: PolicyFile, name: str, entry: Any, fields: dict[Field, str]) -> None:
    place = f"[section.{name}]"
    if not isinstance(entry, dict):
        raise file.error(file.at(place), "a section is a table", f"Write {place} and its keys below it.")
    file.only(entry, ("says", "fields"), place)
    for type_name, names in entry.get("fields", {}).items():
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise file.error(file.at(place, type_name), "fields are a list of names", 'Write Type = ["field", ...].')
        for field_name in names:
            other = fields.setdefault((type_name, field_name), name)
            if other != name:
                wrong = f"{type_name}.{field_name} stands in '{other}', too"
                raise file.error(file.at(f"[section.{name}", type_name), wrong, "Leave it in one section.")


def _read_role(
    file: PolicyFile, name: str, entry: Any, sections: Mapping[str, Any], fields: Mapping[Field, str]
) -> Role:
    place = f"[role.{name}]"
    if not isinstance(entry, dict):
        raise file.error(file.at(place), "a role is a table", f"Write {place} and its keys below it.")
    file.only(entry, ("title", "why", "purposes", "introspection", "sections", "without"), place)
    for key in ("purposes", "sections"):
        if not isinstance(entry.get(key), list) or not all(isinstance(one, str) for one in entry[key]):
            raise file.error(file.at(place, key), f"'{key}' is missing or no list", 'Write a list such as ["one"].')
    for section in entry["sections"]:
        if section not in sections or section == COMMON:
            mend = f"Use one of {', '.join(sorted(one for one in sections if one != COMMON))}."
            raise file.error(file.at(place, f'"{section}"'), f"unknown section '{section}'", mend)
    without = []
    for written in entry.get("without", []):
        type_name, _, field_name = str(written).partition(".")
        if (type_name, field_name) not in fields:
            mend = "Write Type.field as a section lists it."
            raise file.error(file.at(place, f'"{written}"'), f"'{written}' is in no section", mend)
        without.append((type_name, field_name))
    if not isinstance(entry.get("introspection"), bool):
        raise file.error(file.at(place, "introspection"), "introspection is true or false", "Give one of them.")
    return Role(
        name,
        str(entry.get("title", name)),
        frozenset(entry["sections"]),
        frozenset(without),
        frozenset(entry["purposes"]),
        entry["introspection"],
    )
