"""Decode what can be decoded: one wrong value costs its own field and nothing else.

The fast way decodes a whole resource at once and fails as a whole. This is the slow way, taken only then: field by
field, down to the smallest part that is wrong, whose path it reports.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from resolvers.sources.fhir_r4.resources import KINDS, Resource

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


def decode(raw: bytes) -> tuple[Resource | None, tuple[str, ...]]:
    """The resource of a known type and the paths of what could not be read; None for a type that we do not read."""
    try:
        parts = _FIELDS.decode(raw)
        kind = KINDS.get(_TEXT.decode(parts.get("resourceType", b"null")))
    except (msgspec.DecodeError, RecursionError):
        return None, ()
    if kind is None:
        return None, ()
    lost: list[str] = []
    resource = _struct(parts, kind, kind.__name__, lost)
    assert isinstance(resource, Resource)
    return resource, tuple(dict.fromkeys(lost))


def _value(raw: bytes, kind: Any, path: str, lost: list[str]) -> Any:
    """The value, the part of it that can be read, or None."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        plain = _without_none(kind)
        if get_origin(plain) in (list, tuple) and get_args(plain):
            element = _without_none(get_args(plain)[0])
            found = [_value(bytes(item), element, path, lost) for item in _ELEMENTS.decode(raw)]
            return (get_origin(plain))(item for item in found if item is not None)
        if _is_record(plain):
            return _struct(_FIELDS.decode(raw), plain, path, lost)
    except (msgspec.DecodeError, RecursionError):
        pass
    lost.append(path)
    return None


def _struct(parts: dict[str, msgspec.Raw], kind: Any, path: str, lost: list[str]) -> Any:
    values: dict[str, Any] = {}
    for name, key, field_kind in _fields(kind):
        if key in parts:
            value = _value(bytes(parts[key]), field_kind, f"{path}.{key}", lost)
            if value is not None:
                values[name] = value
    return kind(**values)


def _fields(kind: Any) -> Iterator[tuple[str, str, Any]]:
    """(attribute, JSON key, type) of a struct or dataclass."""
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        for member in dataclasses.fields(kind):
            yield member.name, member.name, hints[member.name]
    else:
        for field in msgspec.structs.fields(kind):
            yield field.name, field.encode_name, field.type


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and (issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind))


def _without_none(kind: Any) -> Any:
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    members = [member for member in get_args(kind) if member is not type(None)]
    return members[0] if len(members) == 1 else kind
