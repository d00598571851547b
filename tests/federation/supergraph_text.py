"""Supergraph SDL as a value that does not depend on order, for comparing composers."""

from __future__ import annotations

from typing import Any

from graphql import parse, print_ast

Facts = dict[str, Any]


def facts_of(sdl: str) -> Facts:
    """Every definition and member of a supergraph, with its directives and description."""
    found: Facts = {}
    nodes: Any = parse(sdl).definitions
    for node in nodes:
        kind = node.kind
        if kind == "schema_definition":
            roots = sorted((o.operation.value, o.type.name.value) for o in node.operation_types)
            found["schema"] = (_directives(node), roots, _description(node))
        elif kind == "directive_definition":
            args = sorted(map(_input, node.arguments or ()), key=str)
            found["@" + node.name.value] = (args, node.repeatable, sorted(p.value for p in node.locations))
        else:
            found |= _type(node)
    return found


def differences(one: str, other: str) -> dict[str, tuple[Any, Any]]:
    """What two supergraphs do not say alike."""
    left, right = facts_of(one), facts_of(other)
    return {
        name: (left.get(name), right.get(name))
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name)
    }


def _type(node: Any) -> Facts:
    name = node.name.value
    parents = [sorted(n.name.value for n in getattr(node, part, None) or ()) for part in ("interfaces", "types")]
    found: Facts = {name: (node.kind, _directives(node), _description(node), parents)}
    for field in getattr(node, "fields", None) or ():
        if node.kind.startswith("input"):
            found[f"{name}.{field.name.value}"] = _input(field)
        else:
            args = sorted(map(_input, field.arguments or ()), key=str)
            found[f"{name}.{field.name.value}"] = (
                print_ast(field.type),
                args,
                _directives(field),
                _description(field),
            )
    for value in getattr(node, "values", None) or ():
        found[f"{name}.{value.name.value}"] = (_directives(value), _description(value))
    return found


def _input(node: Any) -> Any:
    default = _value(node.default_value) if node.default_value else "no default"
    return (node.name.value, print_ast(node.type), default, _directives(node), _description(node))


def _directives(node: Any) -> list[tuple[str, str]]:
    return sorted(
        (d.name.value, repr(sorted((a.name.value, _value(a.value)) for a in d.arguments or ())))
        for d in node.directives or ()
    )


def _value(node: Any) -> Any:
    if node.kind == "list_value":
        return [_value(item) for item in node.values]
    if node.kind == "object_value":
        return sorted((field.name.value, _value(field.value)) for field in node.fields)
    if node.kind in ("int_value", "float_value"):
        return float(node.value)
    return (node.kind, getattr(node, "value", None))


def _description(node: Any) -> str | None:
    return node.description.value if getattr(node, "description", None) else None
