"""Decode what can be decoded of a resource whose type only its own bytes tell."""

from __future__ import annotations

import msgspec

from resolvers.sources.fhir.lenient import FIELDS, salvage
from resolvers.sources.fhir_r4.resources import KINDS, Resource

_TEXT = msgspec.json.Decoder(str)


def decode(raw: bytes) -> tuple[Resource | None, tuple[str, ...]]:
    """The resource of a known type and the paths of what could not be read; None for a type that we do not read."""
    try:
        kind = KINDS.get(_TEXT.decode(FIELDS.decode(raw).get("resourceType", b"null")))
    except (msgspec.DecodeError, RecursionError):
        return None, ()
    return salvage(raw, kind, kind.__name__) if kind is not None else (None, ())
