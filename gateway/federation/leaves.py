"""How a scalar or enum value is checked and written, from JSON and from Python values.

Each `Leaf` has a test that generated code runs inline (true = the value goes out as it is) and a conversion for
every other value, which returns what goes out or raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)

MAX_INT = 2**31 - 1
MIN_INT = -(2**31)
QUICK_INT = 2**30 - 1
"""Python compares integers of up to 30 bits much faster; the few beyond are looked at by the conversion."""
INFINITY = float("inf")

EXACT = {
    "String": "{v}.__class__ is str",
    "ID": "{v}.__class__ is str",
    "Boolean": "{v}.__class__ is bool",
    "Int": f"{{v}}.__class__ is int and -{QUICK_INT} <= {{v}} <= {QUICK_INT}",
    "Float": "{v}.__class__ is float and -INFINITY < {v} < INFINITY",
}
"""Inline tests of the built-in scalars: a value that passes is already in its JSON form."""


class LeafError(Exception):
    """A value is not one of its type. Carries no value."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf type in one dialect.

    `test` is a Python expression over `{v}` (None: no value goes out unconverted); `names` are the globals it
    reads. `lookup` maps the identity of a value to its JSON form (enums of Python). `convert` does the rest.
    """

    test: str | None
    names: dict[str, Any]
    convert: Callable[[Any], Any]
    lookup: dict[int, str] | None = None


def json_leaf(leaf_type: GraphQLLeafType) -> Leaf:
    """The checks for a value that came as JSON from a subgraph."""
    if isinstance(leaf_type, GraphQLEnumType):
        names = frozenset(leaf_type.values)
        known = f"S_{leaf_type.name}"
        return Leaf(f"{{v}}.__class__ is str and {{v}} in {known}", {known: names}, _refuse)
    if leaf_type.name in EXACT:
        return Leaf(EXACT[leaf_type.name], {}, _JSON.get(leaf_type.name, _refuse))
    return Leaf("{v} is not None and {v}.__class__ is not Missing", {}, _refuse)


def python_leaf(leaf_type: GraphQLLeafType) -> Leaf:
    """The serialisation of a value that a resolver or an attribute gave, as graphql-core does it."""
    convert = serialiser(leaf_type)
    if isinstance(leaf_type, GraphQLEnumType):
        return Leaf(None, {}, convert, _members(leaf_type))
    standard = _STANDARD.get(leaf_type.name)
    if standard is not None and leaf_type.coerce_output_value == standard.coerce_output_value:
        return Leaf(EXACT[leaf_type.name], {}, convert)
    if leaf_type.coerce_output_value is str:
        return Leaf(EXACT["String"], {}, convert)
    return Leaf(None, {}, convert)


def serialiser(leaf_type: GraphQLLeafType) -> Callable[[Any], Any]:
    """graphql-core's conversion to JSON; no result at all is an error there and here."""
    coerce = leaf_type.coerce_output_value

    def convert(value: Any) -> Any:
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise LeafError(leaf_type.name)
        return coerced

    return convert


def _members(enum_type: GraphQLEnumType) -> dict[int, str]:
    """Enum members live as long as the program, so their identity is a safe and quick key."""
    wrapped = getattr(enum_type, "wrapped_cls", None)
    if not (isinstance(wrapped, type) and issubclass(wrapped, Enum)):
        return {}
    return {id(member): enum_type.coerce_output_value(member) for member in wrapped}


def _refuse(_value: Any) -> Any:
    raise LeafError


def _json_int(value: Any) -> int:
    if value.__class__ is int and MIN_INT <= value <= MAX_INT:
        return int(value)
    if value.__class__ is float and value.is_integer() and MIN_INT <= value <= MAX_INT:
        return int(value)
    raise LeafError


def _json_float(value: Any) -> float | int:
    if value.__class__ is int and isfinite(value):
        return int(value)
    raise LeafError


def _json_id(value: Any) -> str:
    if value.__class__ is int:
        return str(value)
    raise LeafError


_JSON: dict[str, Callable[[Any], Any]] = {"Int": _json_int, "Float": _json_float, "ID": _json_id}
_STANDARD: dict[str, GraphQLScalarType] = {
    scalar.name: scalar for scalar in (GraphQLString, GraphQLID, GraphQLInt, GraphQLFloat, GraphQLBoolean)
}
