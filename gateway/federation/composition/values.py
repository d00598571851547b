"""Constant GraphQL values as plain Python values, and back to GraphQL text."""

from __future__ import annotations

import json
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)

Value = Any  # None, bool, int, float, str, EnumName, list[Value] or dict[str, Value]


class EnumName(str):
    """An enum value written as a bare name; equal to the string of the same letters."""

    __slots__ = ()


class Absent:
    """The type of ABSENT: no value was written (which is not null)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()


def value_of(node: ValueNode) -> Value:
    """The Python value of a constant value node."""
    if isinstance(node, StringValueNode):
        return node.value
    if isinstance(node, EnumValueNode):
        return EnumName(node.value)
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return float(node.value)
    if isinstance(node, BooleanValueNode):
        return node.value
    if isinstance(node, ListValueNode):
        return [value_of(item) for item in node.values]
    if isinstance(node, ObjectValueNode):
        return {field.name.value: value_of(field.value) for field in node.fields}
    if isinstance(node, NullValueNode):
        return None
    return EnumName("$" + node.name.value)  # type: ignore[attr-defined]


def same_value(one: Value, other: Value) -> bool:
    """Equality that keeps booleans apart from numbers and ABSENT apart from null."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same_value(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(one[k], other[k]) for k in one)
    if isinstance(one, Absent) or isinstance(other, Absent):
        return one is other
    return bool(one == other)


def value_text(value: Value) -> str:
    """GraphQL text of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, EnumName):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(value_text(item) for item in value) + "]"
    return "{" + ", ".join(f"{key}: {value_text(item)}" for key, item in value.items()) + "}"
