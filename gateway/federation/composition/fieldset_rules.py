"""@key, @requires, @provides: their selections exist, and select what each directive may select.

Source: federation specification; rule names follow the error codes.
"""

from __future__ import annotations

from gateway.federation.composition.errors import Problems
from gateway.federation.composition.facts import Facts
from gateway.federation.composition.model import Applied, FieldDef, TypeDef
from gateway.federation.composition.selections import (
    Chosen,
    FieldSeen,
    Narrowed,
    Selection,
    SelectionError,
    check_selection,
    parse_selection,
)
from gateway.federation.composition.typerefs import named_type
from gateway.federation.composition.values import EnumName
from gateway.federation.links import Version
from gateway.federation.subgraph import Subgraph

INTERFACE_KEYS_SINCE = Version(2, 3)


def check_field_sets(subgraph: Subgraph, facts: Facts, problems: Problems) -> None:
    """Report every faulty selection of the subgraph."""
    checker = _Checker(subgraph, facts, problems)
    for type_ in subgraph.types.values():
        for key in type_.all_fed("key"):
            checker.key(type_, key)
    for type_ in subgraph.types.values():
        for field in type_.fields.values():
            for applied in field.all_fed("requires"):
                checker.requires(type_, field, applied)
    for type_ in subgraph.types.values():
        for field in type_.fields.values():
            for applied in field.all_fed("provides"):
                checker.provides(type_, field, applied)


class _Fault(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Checker:
    def __init__(self, subgraph: Subgraph, facts: Facts, problems: Problems) -> None:
        self.subgraph = subgraph
        self.facts = facts
        self.problems = problems

    def key(self, type_: TypeDef, applied: Applied) -> None:
        version = self.subgraph.federation
        if type_.kind == "Interface" and (version is None or version < INTERFACE_KEYS_SINCE):
            self._error(
                "KEY_UNSUPPORTED_ON_INTERFACE",
                f'@key is on interface "{type_.name}", which federation supports since v2.3',
                applied,
            )
        self._check("key", f'type "{type_.name}"', type_, applied)

    def requires(self, type_: TypeDef, field: FieldDef, applied: Applied) -> None:
        self._refuse_interface("requires", type_, field, applied)
        self._check("requires", f'field "{field.coordinate}"', type_, applied)

    def provides(self, type_: TypeDef, field: FieldDef, applied: Applied) -> None:
        if self.facts.is_external(field):
            self._error(
                "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
                f'"{field.coordinate}" has both @provides and @external',
                applied,
            )
            return
        target = self.facts.target(field)
        if target is None:
            self._error(
                "PROVIDES_ON_NON_OBJECT_FIELD",
                f'@provides on "{field.coordinate}": "{field.type}" has no fields',
                applied,
            )
            return
        self._refuse_interface("provides", type_, field, applied)
        self._check("provides", f'field "{field.coordinate}"', target, applied)

    def _refuse_interface(self, name: str, type_: TypeDef, field: FieldDef, applied: Applied) -> None:
        if type_.kind == "Interface":
            self._error(
                f"{name.upper()}_UNSUPPORTED_ON_INTERFACE",
                f'@{name} is on "{field.coordinate}", a field of an interface',
                applied,
            )

    def _check(self, name: str, where: str, parent: TypeDef, applied: Applied) -> None:
        text = applied.args.get("fields")
        head = f"@{name} on {where}"
        if not isinstance(text, str) or isinstance(text, EnumName):
            self._error(f"{name.upper()}_INVALID_FIELDS_TYPE", f"{head}: fields must be a string", applied)
            return
        try:
            selection = parse_selection(text)
            check_selection(
                self.subgraph.types,
                self.subgraph.possible_types,
                parent,
                selection,
                lambda directive: directive in self.subgraph.directives,
                _refuse_abstract(self.subgraph) if name == "key" else None,
            )
        except SelectionError as error:
            self._error(f"{name.upper()}_INVALID_FIELDS", f'{head}, fields "{text}": {error}', applied)
            return
        except _Fault as fault:
            self._error(fault.code, f'{head}, fields "{text}": {fault.message}', applied)
            return
        self._check_contents(name, head, parent, selection, applied, False)

    def _check_contents(
        self, name: str, head: str, parent: TypeDef, selection: Selection, applied: Applied, outside: bool
    ) -> None:
        """`outside`: a field further up is external, so that everything below comes from elsewhere."""
        for item in selection:
            if item.directives:
                self._error(
                    f"{name.upper()}_DIRECTIVE_IN_FIELDS_ARG",
                    f'{head}: directive "@{item.directives[0]}" inside the selection',
                    applied,
                )
            if isinstance(item, Narrowed):
                inner = self.subgraph.types.get(item.condition) if item.condition else parent
                if inner is not None:
                    self._check_contents(name, head, inner, item.inner, applied, outside)
            elif item.name in parent.fields:
                self._check_field(name, head, parent, item, applied, outside)
            elif name != "key" and not outside:
                self._error(
                    f"{name.upper()}_FIELDS_MISSING_EXTERNAL",
                    f'{head}: "{parent.name}.{item.name}" is resolved by this subgraph itself',
                    applied,
                )

    def _check_field(
        self, name: str, head: str, parent: TypeDef, item: Chosen, applied: Applied, outside: bool
    ) -> None:
        field = parent.fields[item.name]
        external = self.facts.is_external(field)
        if name != "requires" and field.args:
            self._error(f"{name.upper()}_FIELDS_HAS_ARGS", f'{head}: "{field.coordinate}" has arguments', applied)
        if not external and not item.inner and name != "key" and not outside:
            why = "is a key field of an extension, which is" if self.facts.is_fake_external(field) else "is"
            self._error(
                f"{name.upper()}_FIELDS_MISSING_EXTERNAL",
                f'{head}: "{field.coordinate}" {why} resolved by this subgraph itself',
                applied,
            )
        if item.inner:
            target = self.subgraph.types.get(named_type(field.type))
            below = outside or external or self._external_in_implementer(parent, item.name)
            if target is not None:
                self._check_contents(name, head, target, item.inner, applied, below)

    def _external_in_implementer(self, parent: TypeDef, name: str) -> bool:
        if parent.kind != "Interface":
            return False
        return any(
            name in type_.fields and self.facts.is_external(type_.fields[name])
            for type_ in self.subgraph.implementers(parent.name)
        )

    def _error(self, code: str, message: str, applied: Applied) -> None:
        self.problems.error(code, message, [(self.subgraph.name, applied.node)])


def _refuse_abstract(subgraph: Subgraph) -> FieldSeen:
    def seen(parent: TypeDef, field: FieldDef, item: Chosen) -> None:
        target = subgraph.types.get(named_type(field.type))
        if target is not None and target.kind in ("Interface", "Union"):
            raise _Fault(
                "KEY_FIELDS_SELECT_INVALID_TYPE",
                f'"{field.coordinate}" is of kind {target.kind}, which a key cannot select',
            )

    return seen
