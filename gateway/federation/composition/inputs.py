"""Whether a constant value fits an input type of a subgraph."""

from __future__ import annotations

from gateway.federation.composition.model import TypeDef
from gateway.federation.composition.typerefs import is_list, is_non_null, list_item, nullable
from gateway.federation.composition.values import Value


def is_valid(types: dict[str, TypeDef], value: Value, type_: str, *, partial: bool = False) -> bool:
    """Whether `value` may be written where `type_` is expected. Custom scalars take anything.

    A string and an enum value of the same letters are not told apart: subgraphs write both. With
    `partial`, required fields of input objects may be missing.
    """
    if is_non_null(type_):
        return value is not None and is_valid(types, value, nullable(type_), partial=partial)
    if value is None:
        return True
    if is_list(type_):
        item = list_item(type_)
        values = value if isinstance(value, list) else [value]
        return all(is_valid(types, each, item, partial=partial) for each in values)
    if type_ in _BUILT_IN:
        return _fits_built_in(value, type_)
    named = types.get(type_)
    if named is None or named.kind == "Scalar":
        return True
    if named.kind == "Enum":
        return isinstance(value, str) and value in named.values
    if named.kind != "InputObject" or not isinstance(value, dict):
        return False
    if not all(name in named.inputs for name in value):
        return False
    return all(
        is_valid(types, value[name], field.type, partial=partial) if name in value else partial or not field.required
        for name, field in named.inputs.items()
    )


_BUILT_IN = frozenset({"Int", "Float", "String", "Boolean", "ID"})


def _fits_built_in(value: Value, type_: str) -> bool:
    if type_ == "Boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if type_ == "String":
        return isinstance(value, str)
    if type_ == "ID":
        return isinstance(value, str | int)
    return isinstance(value, int) or (type_ == "Float" and isinstance(value, float))
