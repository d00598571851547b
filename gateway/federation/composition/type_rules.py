"""Rules on one subgraph's types: external fields, interface keys, @interfaceObject, @shareable, auth."""

from __future__ import annotations

from gateway.federation.composition.errors import Problems
from gateway.federation.composition.facts import Facts
from gateway.federation.composition.known import AUTH_DIRECTIVES
from gateway.federation.composition.model import Element, FieldDef, TypeDef
from gateway.federation.composition.selections import SelectionError, canonical, parse_selection
from gateway.federation.composition.values import Value
from gateway.federation.subgraph import Subgraph


def check_types(subgraph: Subgraph, facts: Facts, problems: Problems) -> None:
    """Report every fault that can be seen in this subgraph alone."""
    _check_externals(subgraph, facts, problems)
    for type_ in subgraph.types.values():
        if type_.kind == "Interface":
            _check_interface_keys(subgraph, type_, problems)
        if subgraph.is_interface_object(type_) and not type_.fed("key"):
            problems.error(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f'"{type_.name}" is an @interfaceObject without a @key',
                [(subgraph.name, type_.node)],
            )
    _check_shareable(subgraph, problems)
    _check_auth(subgraph, problems)


def _check_externals(subgraph: Subgraph, facts: Facts, problems: Problems) -> None:
    for field in subgraph.fields():
        if not facts.is_external(field):
            continue
        if subgraph.types[field.parent].kind == "Interface":
            problems.error(
                "EXTERNAL_ON_INTERFACE",
                f'Interface field "{field.coordinate}" is @external',
                [(subgraph.name, field.node)],
            )
        if not facts.is_used(field):
            problems.error(
                "EXTERNAL_UNUSED",
                f'"{field.coordinate}" is @external, but no @key, @requires, @provides or interface uses it',
                [(subgraph.name, field.node)],
            )


def _key(fields: Value) -> object:
    try:
        return canonical(parse_selection(fields)) if isinstance(fields, str) else None
    except SelectionError:
        return None


def _check_interface_keys(subgraph: Subgraph, interface: TypeDef, problems: Problems) -> None:
    implementers = subgraph.implementers(interface.name)
    for key in interface.all_fed("key"):
        wanted = _key(key.args.get("fields"))
        resolvable = key.args.get("resolvable", True) is not False
        missing: list[TypeDef] = []
        entered: list[TypeDef] = []
        for type_ in implementers:
            same = [item for item in type_.all_fed("key") if _key(item.args.get("fields")) == wanted]
            if not same:
                missing.append(type_)
            elif resolvable and same[0].args.get("resolvable", True) is False:
                entered.append(type_)
        what = "is missing on" if missing else "must be resolvable, too, on"
        faulty = missing or entered
        if faulty:
            names = ", ".join(f'"{type_.name}"' for type_ in faulty)
            problems.error(
                "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
                f'@key "{key.args.get("fields")}" of interface "{interface.name}" {what} {names}',
                [(subgraph.name, type_.node) for type_ in faulty],
            )


def _check_shareable(subgraph: Subgraph, problems: Problems) -> None:
    for type_ in subgraph.types.values():
        if type_.kind == "Object":
            _check_repeated(subgraph, type_, f'"{type_.name}"', problems)
        for field in type_.fields.values():
            if type_.kind == "Object":
                _check_repeated(subgraph, field, f'"{field.coordinate}"', problems)
            else:
                for applied in field.all_fed("shareable"):
                    problems.error(
                        "INVALID_SHAREABLE_USAGE",
                        f'@shareable is on "{field.coordinate}", a field of an interface',
                        [(subgraph.name, applied.node)],
                    )


def _check_repeated(subgraph: Subgraph, element: Element, name: str, problems: Problems) -> None:
    applied = element.all_fed("shareable")
    if len(applied) < 2:
        return
    for extension in sorted({item.extension for item in applied}):
        same = [item for item in applied if item.extension == extension]
        if len(same) > 1:
            problems.error(
                "INVALID_SHAREABLE_USAGE",
                f"@shareable is repeated on one declaration of {name}",
                [(subgraph.name, item.node) for item in same],
            )


def _check_auth(subgraph: Subgraph, problems: Problems) -> None:
    for directive in AUTH_DIRECTIVES:
        for element, applied in subgraph.applications(directive):
            what = None
            if isinstance(element, TypeDef):
                if element.kind == "Interface":
                    what = f'interface "{element.name}"'
                elif subgraph.is_interface_object(element):
                    what = f'interface object "{element.name}"'
            elif isinstance(element, FieldDef) and subgraph.types[element.parent].kind == "Interface":
                what = f'interface field "{element.coordinate}"'
            if what:
                problems.error(
                    "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
                    f"@{applied.name} is on {what}",
                    [(subgraph.name, applied.node)],
                )
