"""What GraphQL itself asks of a subgraph's schema, except what federation allows otherwise.

Everything here is INVALID_GRAPHQL. Source: GraphQL specification, section 3 (type system) and 5 (SDL rules).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.federation.composition.definitions import known_type_names
from gateway.federation.composition.errors import Problems
from gateway.federation.composition.implements import check_implements
from gateway.federation.composition.inputs import is_valid
from gateway.federation.composition.known import NAMES_OF_FEDERATION
from gateway.federation.composition.model import (
    Applied,
    ArgDef,
    DirectiveDef,
    Element,
    InputFieldDef,
    Report,
    TypeDef,
    ValueDef,
)
from gateway.federation.composition.typerefs import is_non_null, named_type
from gateway.federation.composition.values import ABSENT, value_text
from gateway.federation.links import FEDERATION
from gateway.federation.subgraph import Subgraph

_LOCATIONS = {
    "Scalar": "SCALAR",
    "Object": "OBJECT",
    "Interface": "INTERFACE",
    "Union": "UNION",
    "Enum": "ENUM",
    "InputObject": "INPUT_OBJECT",
}


def reporter(subgraph: Subgraph, problems: Problems) -> Report:
    def report(message: str, at: Element | Applied) -> None:
        problems.error("INVALID_GRAPHQL", message, [(subgraph.name, at.node)])

    return report


def check_references(subgraph: Subgraph, problems: Problems) -> None:
    """Every named type exists and stands where its kind may stand."""
    report = reporter(subgraph, problems)
    known = known_type_names(subgraph)
    types = subgraph.types

    def check(name: str, at: Element, allowed: tuple[str, ...] | None, what: str) -> None:
        type_ = types.get(name)
        if type_ is None:
            if name not in known or (allowed and "Scalar" not in allowed):
                report(f'Unknown type "{name}" in {what}', at)
        elif allowed and type_.kind not in allowed:
            report(f'"{name}" is of kind {type_.kind}, which cannot be {what}', at)

    for type_ in types.values():
        for name in type_.interfaces:
            check(name, type_, ("Interface",), f'implemented by "{type_.name}"')
        for name in type_.members:
            check(name, type_, ("Object",), f'a member of "{type_.name}"')
        for field in type_.fields.values():
            check(named_type(field.type), field, _OUTPUT, f'the type of "{field.coordinate}"')
            for arg in field.args.values():
                check(named_type(arg.type), arg, _INPUT, f'the type of "{arg.coordinate}"')
        for item in type_.inputs.values():
            check(named_type(item.type), item, _INPUT, f'the type of "{item.coordinate}"')
    for directive in subgraph.directives.values():
        if directive.node is not None and directive.node.loc is not None:
            for arg in directive.args.values():
                check(named_type(arg.type), arg, _INPUT, f'the type of "{arg.coordinate}"')


_NOTHING: tuple[object, ...] = (None, False, 0, "")  # such a value stands for none at all
_OUTPUT = ("Scalar", "Object", "Interface", "Union", "Enum")
_INPUT = ("Scalar", "Enum", "InputObject")


def check_directives(subgraph: Subgraph, problems: Problems) -> None:
    """Every directive is defined, may stand where it stands, and has its arguments."""
    report = reporter(subgraph, problems)
    for element, place in placed(subgraph.schema, subgraph.types.values(), subgraph.directives.values()):
        applied = element.applied
        for item in applied:
            definition = subgraph.directives.get(item.name)
            if definition is None:
                if not _is_connector(subgraph, item):
                    report(f'Unknown directive "@{item.name}".{_advice(subgraph, item.name)}', item)
                continue
            if place not in definition.locations:
                report(f'Directive "@{item.name}" may not be used on {place}', item)
            _check_arguments(item, definition, report)
        if len(applied) > 1:
            _check_repeats(subgraph, applied, report)


def _is_connector(subgraph: Subgraph, item: Applied) -> bool:
    return item.spec is not None and item.spec[0].endswith("/connect")


def _check_arguments(item: Applied, definition: DirectiveDef, report: Report) -> None:
    for name in item.args:
        if name not in definition.args:
            report(f'Unknown argument "{name}" on directive "@{item.name}"', item)
    for name, arg in definition.args.items():
        if arg.required and name not in item.args:
            report(f'Directive "@{item.name}" needs its argument "{name}" of type "{arg.type}"', item)
    if item.node is not None and len(item.args) < len(item.node.arguments or ()):
        report(f'Directive "@{item.name}" has the same argument twice', item)


def _check_repeats(subgraph: Subgraph, applied: list[Applied], report: Report) -> None:
    seen: set[tuple[str, int]] = set()
    for item in applied:
        definition = subgraph.directives.get(item.name)
        if definition is None or definition.repeatable:
            continue
        if (item.name, 0) in seen:
            report(f'Directive "@{item.name}" can be used only once here', item)
        seen.add((item.name, 0))


def placed(
    schema: Element, types: Iterable[TypeDef], directives: Iterable[DirectiveDef]
) -> Iterator[tuple[Element, str]]:
    """Every element that can carry directives, with its directive location."""
    yield schema, "SCHEMA"
    for type_ in types:
        yield type_, _LOCATIONS[type_.kind]
        for field in type_.fields.values():
            yield field, "FIELD_DEFINITION"
            for arg in field.args.values():
                yield arg, "ARGUMENT_DEFINITION"
        for item in type_.inputs.values():
            yield item, "INPUT_FIELD_DEFINITION"
        for value in type_.values.values():
            yield value, "ENUM_VALUE"
    for directive in directives:
        for arg in directive.args.values():
            if arg.applied:
                yield arg, "ARGUMENT_DEFINITION"


def _advice(subgraph: Subgraph, name: str) -> str:
    if name not in NAMES_OF_FEDERATION:
        return ""
    link = subgraph.links.get(FEDERATION)
    if link is None:
        return f' "@{name}" is of Federation 2: link https://specs.apollo.dev/federation with @link first.'
    return f' Import "@{name}" in the @link to federation, or write "@{link.directive_name(name)}".'


def check_values(subgraph: Subgraph, problems: Problems) -> None:
    """Names, defaults, directive arguments, and that nothing is empty."""
    report = reporter(subgraph, problems)
    for type_ in subgraph.types.values():
        _check_type(subgraph, type_, report)
    for directive in subgraph.directives.values():
        _check_name(directive, report)
        for arg in directive.args.values():
            if arg.node is not None and arg.node.loc is not None:
                _check_input(subgraph, arg, report)
    for element in subgraph.elements():
        for item in element.applied:
            definition = subgraph.directives.get(item.name)
            if definition is not None and item.args:
                _check_application(subgraph, item, definition, report)


def _check_application(subgraph: Subgraph, item: Applied, definition: DirectiveDef, report: Report) -> None:
    for name, value in item.args.items():
        arg = definition.args.get(name)
        if arg is None or value in _NOTHING or is_valid(subgraph.types, value, arg.type, partial=True):
            continue
        report(f'{value_text(value)} is not a value of type "{arg.type}" for "{arg.coordinate}"', item)


def _check_type(subgraph: Subgraph, type_: TypeDef, report: Report) -> None:
    _check_name(type_, report)
    if type_.kind in ("Object", "Interface"):
        root = subgraph.roots.get("query") == type_.name
        if not type_.fields and not root:
            report(f'"{type_.name}" has no fields', type_)
        for field in type_.fields.values():
            _check_name(field, report)
            for arg in field.args.values():
                _check_input(subgraph, arg, report)
    elif type_.kind == "InputObject":
        if not type_.inputs:
            report(f'Input type "{type_.name}" has no fields', type_)
        for item in type_.inputs.values():
            _check_input(subgraph, item, report)
    elif type_.kind == "Union" and not type_.members and type_.name != "_Entity":
        report(f'Union "{type_.name}" has no members', type_)
    elif type_.kind == "Enum":
        if not type_.values:
            report(f'Enum "{type_.name}" has no values', type_)
        for value in type_.values.values():
            _check_enum_value(value, report)


def _check_enum_value(value: ValueDef, report: Report) -> None:
    _check_name(value, report)
    if value.name in ("true", "false", "null"):
        report(f'"{value.name}" cannot be an enum value', value)


def _check_name(element: Element, report: Report) -> None:
    if element.name.startswith("__"):
        report(f'"{element.name}" begins with "__", which is reserved for introspection', element)


def _check_input(subgraph: Subgraph, arg: ArgDef, report: Report) -> None:
    _check_name(arg, report)
    if arg.required and any(item.name == "deprecated" for item in arg.applied):
        report(f'"{arg.coordinate}" is required and so cannot be deprecated', arg)
    if arg.default is not ABSENT and not is_valid(subgraph.types, arg.default, arg.type):
        what = "input field" if isinstance(arg, InputFieldDef) else "argument"
        text = value_text(arg.default)
        report(f'Default {text} of {what} "{arg.coordinate}" is not a value of type "{arg.type}"', arg)


def check_implementations(subgraph: Subgraph, problems: Problems) -> None:
    """Implementing types have the interface's fields, and input types have no endless non-null chain."""
    report = reporter(subgraph, problems)
    check_interfaces(subgraph.types, report)
    _check_input_cycles(subgraph, report)


def check_interfaces(types: dict[str, TypeDef], report: Report) -> None:
    for type_ in types.values():
        for name in type_.interfaces:
            interface = types.get(name)
            if interface is not None and interface.kind == "Interface":
                check_implements(types, type_, interface, report)


def _check_input_cycles(subgraph: Subgraph, report: Report) -> None:
    done: set[str] = set()

    def visit(type_: TypeDef, path: list[InputFieldDef], open_: list[str]) -> None:
        if type_.name in done:
            return
        open_.append(type_.name)
        for item in type_.inputs.values():
            inner = subgraph.types.get(item.type[:-1]) if is_non_null(item.type) else None
            if inner is None or inner.kind != "InputObject" or item.default is not ABSENT:
                continue
            path.append(item)
            if inner.name in open_:
                chain = ".".join(step.name for step in path[open_.index(inner.name) :])
                report(f'Input type "{inner.name}" contains itself through non-null fields: {chain}', item)
            else:
                visit(inner, path, open_)
            path.pop()
        open_.pop()
        done.add(type_.name)

    for type_ in subgraph.types.values():
        if type_.kind == "InputObject":
            visit(type_, [], [])
