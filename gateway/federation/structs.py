"""Structs in place of dicts: they encode alike, and are made, encoded and freed at less cost."""

from __future__ import annotations

from functools import lru_cache

import msgspec


@lru_cache(maxsize=4096)
def struct_of(name: str, keys: tuple[str, ...]) -> type[msgspec.Struct]:
    """The type of an object's Structs, called with the values in order; attributes are `f_` and the response key."""
    return msgspec.defstruct(name, [f"f_{key}" for key in keys], rename={f"f_{key}": key for key in keys}, gc=False)
