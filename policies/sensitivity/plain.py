"""The codes and labels that a FHIR resource has where they mostly stand, read without reading the rest.

A quick look, for items of which much speaks against their innocence: it may find a code that the exact walk would find as
well, and says nothing about what it does not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec


class _Coding(msgspec.Struct, gc=False):
    system: str | None = None
    code: str | None = None


class _Concept(msgspec.Struct, gc=False):
    coding: tuple[_Coding, ...] = ()


class _Meta(msgspec.Struct, gc=False):
    security: tuple[_Coding, ...] = ()


class _Resource(msgspec.Struct, gc=False, rename="camel"):
    meta: _Meta | None = None
    code: _Concept | None = None
    medication_codeable_concept: _Concept | None = None
    vaccine_code: _Concept | None = None


_decode = msgspec.json.Decoder(_Resource).decode


def plain_codes(raw: bytes, recognise: Callable[[str], str | None]) -> Iterator[tuple[str | None, str]]:
    """(system as recognised, code), as `walk` tells them; nothing where the JSON text is of another shape."""
    try:
        found = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return
    concepts = (found.code, found.medication_codeable_concept, found.vaccine_code)
    labels = found.meta.security if found.meta is not None else ()
    for coding in (*labels, *(coding for concept in concepts if concept is not None for coding in concept.coding)):
        if coding.system is not None and coding.code is not None:
            yield recognise(coding.system), coding.code
