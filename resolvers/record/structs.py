"""The record's types are msgspec Structs, which are made, read and let go of in a fraction of a dataclass's time.

Strawberry knows dataclasses alone. So it is shown one with the same annotations, and what it concludes from it (fields,
descriptions) is hung on the Struct, which stands for the GraphQL type from then on. Nobody makes objects of the dataclass.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import strawberry
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition

T = TypeVar("T", bound=type[msgspec.Struct])

_shown: dict[type, type] = {}
"""The dataclass that Strawberry was shown for each Struct."""


def record_type(description: str, *, shareable: bool = False) -> Callable[[T], T]:
    """An object type. `shareable`: other subgraphs may have the same type (Federation 2, @shareable)."""
    if shareable:
        return _told(lambda shown: strawberry.federation.type(shown, shareable=True, description=description))
    return _told(lambda shown: strawberry.type(shown, description=description))


def record_interface(description: str) -> Callable[[T], T]:
    """An interface; Structs that inherit from its Struct implement it."""
    return _told(lambda shown: strawberry.interface(shown, description=description))


def says(description: str) -> Any:
    """A field's description, for its `Annotated`."""
    return strawberry.field(description=description)


def _told(tell: Callable[[type], type]) -> Callable[[T], T]:
    def decorate(struct: T) -> T:
        bases = [base for base in struct.__bases__ if base in _shown]
        alike = {"__annotations__": struct.__annotations__, "__module__": struct.__module__}
        shown = _shown[struct] = tell(type(struct.__name__, tuple(_shown[base] for base in bases), alike))
        definition = copy.copy(_definition(shown))
        definition.origin = struct
        definition.interfaces = [_definition(base) for base in bases]
        setattr(struct, "__strawberry_definition__", definition)  # noqa: B010 (no attribute that a Struct declares)
        return struct

    return decorate


def _definition(kind: type) -> StrawberryObjectDefinition:
    return get_object_definition(kind, strict=True)
