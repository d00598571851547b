"""@context and @fromContext: the context is set, and the selection yields one value of the argument's type.

Source: federation specification v2.8.
"""

from __future__ import annotations

import re

from gateway.federation.composition.errors import Problems
from gateway.federation.composition.model import Applied, ArgDef, FieldDef, TypeDef
from gateway.federation.composition.selections import (
    Chosen,
    Narrowed,
    Selection,
    SelectionError,
    check_selection,
    parse_selection,
)
from gateway.federation.composition.typerefs import is_list, is_non_null, list_item, named_type, nullable
from gateway.federation.composition.values import ABSENT, Value
from gateway.federation.subgraph import Subgraph

_NAME = re.compile(r"[A-Za-z]\w*\Z")
_CONTEXT = re.compile(r"(?:[\n\r\t ,]|#[^\n\r]*[\n\r])*\$(?:[\n\r\t ,]|#[^\n\r]*[\n\r])*([A-Za-z_]\w*)(.*)\Z", re.S)


def context_parts(text: Value) -> tuple[str | None, str | None]:
    """The context's name and the selection of a @fromContext field such as "$user { id }"."""
    match = _CONTEXT.match(text) if isinstance(text, str) else None
    return (match[1], match[2]) if match and match[2].strip() else (None, None)


def context_types(subgraph: Subgraph) -> dict[str, list[TypeDef]]:
    """The types that set each context."""
    found: dict[str, list[TypeDef]] = {}
    for type_ in subgraph.types.values():
        for applied in type_.all_fed("context"):
            found.setdefault(str(applied.args.get("name")), []).append(type_)
    return found


def check_contexts(subgraph: Subgraph, problems: Problems) -> None:
    """Report every misuse of @context and @fromContext."""
    for type_ in subgraph.types.values():
        for applied in type_.all_fed("context"):
            name = applied.args.get("name")
            if not isinstance(name, str) or "_" in name or not _NAME.match(name):
                problems.error(
                    "CONTEXT_NAME_INVALID",
                    f'"{name}" is not a context name',
                    [(subgraph.name, applied.node)],
                )
    setters = context_types(subgraph)
    for directive in subgraph.directives.values():
        for arg in directive.args.values():
            if arg.fed("fromContext"):
                _report(subgraph, problems, "CONTEXT_NOT_SET", f'@fromContext cannot be on "{arg.coordinate}"', arg)
    for type_ in subgraph.types.values():
        for field in type_.fields.values():
            for arg in field.args.values():
                applied_ = arg.fed("fromContext")
                if applied_:
                    _check_use(subgraph, type_, field, arg, applied_, setters, problems)


def _report(subgraph: Subgraph, problems: Problems, code: str, message: str, arg: ArgDef) -> None:
    problems.error(code, message, [(subgraph.name, arg.node)])


def _check_use(
    subgraph: Subgraph,
    type_: TypeDef,
    field: FieldDef,
    arg: ArgDef,
    applied: Applied,
    setters: dict[str, list[TypeDef]],
    problems: Problems,
) -> None:
    def wrong(code: str, message: str) -> None:
        _report(subgraph, problems, code, message, arg)

    if type_.kind != "Object":
        return wrong("CONTEXT_NOT_SET", f'@fromContext on "{arg.coordinate}": "{type_.name}" is abstract')
    for name in type_.interfaces:
        interface = subgraph.types.get(name)
        if interface and field.name in interface.fields:
            wrong("CONTEXT_NOT_SET", f'@fromContext on "{arg.coordinate}": "{name}" declares the field, too')
    if arg.default is not ABSENT:
        wrong("CONTEXT_NOT_SET", f'"{arg.coordinate}" takes its value from context and can have no default')
    context, selection = context_parts(applied.args.get("field"))
    if context is None or selection is None:
        return wrong("NO_CONTEXT_IN_SELECTION", f'@fromContext on "{arg.coordinate}" names no context')
    types = setters.get(context)
    if not types:
        wrong("CONTEXT_NOT_SET", f'Context "{context}", used by "{arg.coordinate}", is never set')
    else:
        reason = _selection_fault(subgraph, arg, selection, types)
        if reason:
            wrong("CONTEXT_INVALID_SELECTION", f'Context "{context}" in "{arg.coordinate}": {reason}')
    if not any(key.args.get("resolvable", True) for key in type_.all_fed("key")):
        wrong("CONTEXT_NO_RESOLVABLE_KEY", f'"{type_.name}" has a contextual argument but no resolvable key')
    return None


def _selection_fault(subgraph: Subgraph, arg: ArgDef, text: str, setters: list[TypeDef]) -> str | None:
    try:
        selection = parse_selection(text)
    except SelectionError as error:
        return str(error)
    if isinstance(selection[0], Chosen):
        if len(selection) != 1:
            return "more than one field is selected"
    elif not all(isinstance(item, Narrowed) for item in selection):
        return "more than one field is selected"
    used: set[str] = set()
    for setter in setters:
        fault = _fault_at(subgraph, arg, selection, setter, used)
        if fault:
            return fault
    unused = {item.condition for item in selection if isinstance(item, Narrowed)} - used
    return f'type condition "{sorted(map(str, unused))[0]}" is never met' if unused else None


def _fault_at(subgraph: Subgraph, arg: ArgDef, selection: Selection, setter: TypeDef, used: set[str]) -> str | None:
    try:
        # A condition that another setter meets is no fault here.
        fitting = tuple(
            item
            for item in selection
            if not isinstance(item, Narrowed) or item.condition in subgraph.possible_types(setter.name)
        )
        check_selection(subgraph.types, subgraph.possible_types, setter, fitting)
    except SelectionError as error:
        return f'"{setter.name}": {error}'
    if _has_directives(selection):
        return "directives are not allowed in the selection"
    if isinstance(selection[0], Chosen):
        return _type_fault(subgraph, arg, _value_type(subgraph, setter, selection))
    if any(isinstance(item, Narrowed) and not item.condition for item in selection):
        return "a fragment needs a type condition"
    if not fitting:
        return f'no type condition is met by "{setter.name}"'
    for item in fitting:
        if isinstance(item, Narrowed) and item.condition:
            used.add(item.condition)
            inner = _value_type(subgraph, subgraph.types[item.condition], item.inner)
            fault = _type_fault(subgraph, arg, nullable(inner) if inner else None)
            if fault:
                return fault
    return None


def _has_directives(selection: Selection) -> bool:
    return any(item.directives or (item.inner and _has_directives(item.inner)) for item in selection)


def _value_type(subgraph: Subgraph, parent: TypeDef, selection: Selection) -> str | None:
    """The type of the one value selected, without non-null marks; None where there is not exactly one."""
    if subgraph.is_interface_object(parent) or len(selection) != 1 or not isinstance(selection[0], Chosen):
        return None
    item = selection[0]
    field = parent.fields.get(item.name)
    if field is None:
        return None
    inner = named_type(field.type)
    if item.inner is not None:
        target = subgraph.types.get(inner)
        found = _value_type(subgraph, target, item.inner) if target else None
        if found is None:
            return None
        inner = found
    return "[" * field.type.count("[") + inner + "]" * field.type.count("[")


def _type_fault(subgraph: Subgraph, arg: ArgDef, found: str | None) -> str | None:
    if found is None:
        return "exactly one value must be selected, and not through an @interfaceObject"
    return None if _fits(found, arg.type) else f'the selected type "{found}" is not "{arg.type}"'


def _fits(found: str, wanted: str) -> bool:
    if is_non_null(wanted) or is_list(found) != is_list(wanted):
        return False
    return _fits(list_item(found), list_item(wanted)) if is_list(found) else found == wanted
