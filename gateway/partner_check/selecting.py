"""A probe's selection: all that a subgraph answers of Patient by itself; and whether an answer has the right shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode, parse_type

from gateway.federation.supergraph import FieldDef, Supergraph

MAX_DEPTH = 5
_FITS: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Int": (int,),
    "Float": (int, float),
    "ID": (str, int),
    "Boolean": (bool,),
}


def selection(supergraph: Supergraph, type_name: str, subgraph: str, depth: int = 0) -> str:
    """Fields of the type that this subgraph answers without arguments and without others' help, to the leaves."""
    parts = ["__typename"]
    for definition in answered(supergraph, type_name, subgraph):
        if not supergraph.is_composite(definition.base):
            parts.append(definition.name)
        elif depth < MAX_DEPTH:
            below = _below(supergraph, definition.base, subgraph, depth + 1)
            parts.append(f"{definition.name} {{ {below} }}")
    return " ".join(parts)


def answered(supergraph: Supergraph, type_name: str, subgraph: str) -> Iterator[FieldDef]:
    """The fields that a probe may ask for."""
    for definition in supergraph.types[type_name].fields.values():
        join = supergraph.field_join(type_name, definition.name, subgraph)
        needs = any(one.type.endswith("!") and one.default is None for one in definition.arguments)
        if join is None or needs or join.requires or join.context_arguments:
            continue
        if supergraph.resolves(type_name, definition.name, subgraph):
            yield definition


def _below(supergraph: Supergraph, base: str, subgraph: str, depth: int) -> str:
    if not supergraph.types[base].is_abstract:
        return selection(supergraph, base, subgraph, depth)
    parts = ["__typename"]
    for name in supergraph.possible_in(base, subgraph):
        parts.append(f"... on {name} {{ {selection(supergraph, name, subgraph, depth)} }}")
    return " ".join(parts)


def misfits(supergraph: Supergraph, type_name: str, subgraph: str, value: dict[str, Any], where: str) -> Iterator[str]:
    """Places of an answered object that do not fit their types; no value is quoted."""
    for definition in answered(supergraph, type_name, subgraph):
        if definition.name in value:
            declared = parse_type(supergraph.type_in(type_name, definition.name, subgraph))
            yield from _misfits(supergraph, subgraph, declared, value[definition.name], f"{where}.{definition.name}")


def _misfits(supergraph: Supergraph, subgraph: str, declared: TypeNode, value: Any, where: str) -> Iterator[str]:
    if isinstance(declared, NonNullTypeNode):
        if value is None:
            yield f"{where} is null, but its type {_shown(declared)} allows none"
            return
        declared = declared.type
    if value is None:
        return
    if isinstance(declared, ListTypeNode):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for item in value:
            yield from _misfits(supergraph, subgraph, declared.type, item, f"{where}[]")
        return
    assert isinstance(declared, NamedTypeNode)
    yield from _of_named(supergraph, subgraph, declared.name.value, value, where)


def _of_named(supergraph: Supergraph, subgraph: str, name: str, value: Any, where: str) -> Iterator[str]:
    definition = supergraph.types.get(name)
    if definition is not None and definition.is_composite:
        if not isinstance(value, dict):
            yield f"{where} is no {name}"
        elif value.get("__typename") not in supergraph.possible_in(name, subgraph):
            yield f"{where} has a __typename that is not {name}"
        else:
            yield from misfits(supergraph, value["__typename"], subgraph, value, where)
    elif definition is not None and definition.kind == "enum":
        if value not in {one for values in definition.values.values() for one in values}:
            yield f"{where} is not a value of {name}"
    elif name in _FITS and (not isinstance(value, _FITS[name]) or (name != "Boolean" and isinstance(value, bool))):
        yield f"{where} is no {name}"


def _shown(declared: TypeNode) -> str:
    if isinstance(declared, NonNullTypeNode):
        return f"{_shown(declared.type)}!"
    if isinstance(declared, ListTypeNode):
        return f"[{_shown(declared.type)}]"
    assert isinstance(declared, NamedTypeNode)
    return declared.name.value
