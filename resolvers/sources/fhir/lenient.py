"""Decode a resource into a typed struct so that one bad value costs its own field, never the resource.

The quick way is msgspec's own decoder. Only when it finds a value of the wrong type is the resource decoded
loosely, the value at the path that msgspec names cut out, and the rest converted; each cut is told to the caller.
"""

from __future__ import annotations

import re
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

MOST_CUTS = 50
STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")
PATH = re.compile(r" - at `\$(.*)`$", re.DOTALL)


class Lenient(Generic[T]):
    """A decoder of one struct type. `decode` returns the value and the places (without indices) of what was cut;
    the value is None where nothing could be saved."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self.name = getattr(kind, "fhir_type", kind.__name__)
        self._strict = msgspec.json.Decoder(kind)

    def decode(self, raw: bytes | msgspec.Raw) -> tuple[T | None, tuple[str, ...]]:
        try:
            return self._strict.decode(raw), ()
        except msgspec.ValidationError:
            return self._salvage(raw)
        except (ValueError, RecursionError):
            return None, (self.name,)

    def _salvage(self, raw: bytes | msgspec.Raw) -> tuple[T | None, tuple[str, ...]]:
        try:
            loose = msgspec.json.decode(raw)
        except (ValueError, RecursionError):
            return None, (self.name,)
        cut: list[str] = []
        for _ in range(MOST_CUTS):
            try:
                return msgspec.convert(loose, self.kind), tuple(dict.fromkeys(cut))
            except msgspec.ValidationError as error:
                place = _cut(loose, str(error))
                if place is None:
                    break
                cut.append(f"{self.name}.{place}")
        return None, (self.name,)


def _cut(loose: Any, message: str) -> str | None:
    """Remove the value that the message points at; its place in words, or None where it cannot be found."""
    path = PATH.search(message)
    if path is None or not path[1]:
        return None
    steps: list[str | int] = [name or int(index) for name, index in STEP.findall(path[1])]
    if not steps or "".join(f".{s}" if isinstance(s, str) else f"[{s}]" for s in steps) != path[1]:
        return None
    holder = loose
    for step in steps[:-1]:
        holder = holder[step]
    del holder[steps[-1]]
    return ".".join(step for step in steps if isinstance(step, str))
