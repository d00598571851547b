"""Decode a resource into a typed struct so that one bad value costs its own field, never the resource.

The quick way is msgspec's own decoder, which fails as a whole. Only then the slow way is taken: field by field, down to
the smallest part that is wrong; each part that is lost is told to the caller by its path.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


class Lenient(Generic[T]):
    """A decoder of one struct type. `decode` returns the value and the paths (without indices) of what was lost; the
    value is None where nothing could be saved."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self.name = getattr(kind, "fhir_type", kind.__name__)
        self._strict = msgspec.json.Decoder(kind)

    def decode(self, raw: bytes | msgspec.Raw) -> tuple[T | None, tuple[str, ...]]:
        try:
            return self._strict.decode(raw), ()
        except msgspec.ValidationError:
            return salvage(raw, self.kind, self.name)
        except (ValueError, RecursionError):
            return None, (self.name,)


def salvage(raw: bytes | msgspec.Raw, kind: type[T], name: str) -> tuple[T | None, tuple[str, ...]]:
    """What can be read of a JSON object, and the paths, from `name` on, of what cannot."""
    try:
        parts = FIELDS.decode(raw)
    except (ValueError, RecursionError):
        return None, (name,)
    lost: list[str] = []
    value: T = _record(parts, kind, name, lost)
    return value, tuple(dict.fromkeys(lost))


def _value(raw: bytes, kind: Any, path: str, lost: list[str]) -> Any:
    """The value, the part of it that can be read, or None."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError):
        pass
    try:
        plain = _without_none(kind)
        if get_origin(plain) in (list, tuple) and get_args(plain):
            element = _without_none(get_args(plain)[0])
            found = [_value(bytes(item), element, path, lost) for item in _ELEMENTS.decode(raw)]
            return (get_origin(plain))(item for item in found if item is not None)
        if _is_record(plain):
            return _record(FIELDS.decode(raw), plain, path, lost)
    except (ValueError, RecursionError):
        pass
    lost.append(path)
    return None


def _record(parts: Mapping[str, msgspec.Raw], kind: Any, path: str, lost: list[str]) -> Any:
    values: dict[str, Any] = {}
    for name, key, field_kind in _fields(kind):
        if key in parts:
            value = _value(bytes(parts[key]), field_kind, f"{path}.{key}", lost)
            if value is not None:
                values[name] = value
    return kind(**values)


@cache
def _fields(kind: Any) -> tuple[tuple[str, str, Any], ...]:
    """(attribute, JSON key, type) of a Struct's fields."""
    hints = get_type_hints(kind)  # without what else an Annotated says
    return tuple((field.name, field.encode_name, hints[field.name]) for field in msgspec.structs.fields(kind))


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _without_none(kind: Any) -> Any:
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    members = [member for member in get_args(kind) if member is not type(None)]
    return members[0] if len(members) == 1 else kind
