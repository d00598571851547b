"""One page of a search: the envelope, and each resource both as its own bytes (for policy) and as a typed struct.

Two passes in C over the body: one splits it, one decodes all resources at once. Only a body that the second pass
refuses is decoded resource by resource, so that one wrong value costs no more than its field.
"""

from __future__ import annotations

from typing import Any

import msgspec

from policies.sensitivity.gate import Item
from resolvers.sources.fhir_r4 import lenient
from resolvers.sources.fhir_r4.resources import ANY, Resource
from resolvers.sources.upstream import Failure, UpstreamError


class Link(msgspec.Struct, gc=False):
    relation: str | None = None
    url: str | None = None


class Search(msgspec.Struct, gc=False):
    mode: str | None = None


class Response(msgspec.Struct, gc=False):
    """The status of a batch entry: '200' from some servers, '200 OK' from others."""

    status: str | None = None


class Entry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = msgspec.Raw(b"null")
    search: Search | None = None
    response: Response | None = None


class Bundle(msgspec.Struct, gc=False, rename="camel"):
    """`entry` is absent or empty where nothing matched; `total` is absent by default."""

    resource_type: str
    type: str | None = None
    total: Any = None
    link: tuple[Link, ...] = ()
    entry: tuple[Entry, ...] | None = None


Decoder = msgspec.json.Decoder[Any]


def typed(resources: Any) -> Decoder:
    """A decoder of a page's resources, which are of this tagged union."""
    entry = msgspec.defstruct("Entry", [("resource", resources | None, None)], gc=False)
    return Decoder(msgspec.defstruct("Bundle", [("entry", tuple[entry, ...] | None, None)], gc=False))  # type: ignore[valid-type]


WHOLE = typed(ANY)
"""Reads everything that the record maps."""

_BUNDLE = msgspec.json.Decoder(Bundle)
_ONE = msgspec.json.Decoder(ANY)


MODIFIERS = (".modifierExtension", ".implicitRules")

Row = tuple[Entry, Resource | None, tuple[str, ...]]
"""An entry, its resource (None for a type that we do not read), and the paths of what could not be read."""


class Found(Item, frozen=True, gc=False):
    """An item for policy, with what decoding already knows of it. `matched` is false for what was only included."""

    resource: Resource
    lost: tuple[str, ...] = ()
    matched: bool = True

    @property
    def usable(self) -> bool:
        """Not where it has no id, or a modifier that we do not know."""
        return self.resource.id is not None and not modified(self.lost)


def envelope(body: bytes) -> Bundle:
    """Split a page. Raises UpstreamError (MALFORMED) where the body is not a Bundle."""
    try:
        bundle = _BUNDLE.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UpstreamError(Failure.MALFORMED, "not a FHIR Bundle") from error
    if bundle.resource_type != "Bundle":
        raise UpstreamError(Failure.MALFORMED, "not a FHIR Bundle")
    return bundle


def rows(body: bytes, bundle: Bundle, decoder: Decoder = WHOLE) -> list[Row]:
    """The entries of a page, in its order."""
    entries = bundle.entry or ()
    try:
        resources = decoder.decode(body).entry or ()
    except (msgspec.DecodeError, RecursionError):
        return [(entry, *one(bytes(entry.resource))) for entry in entries]
    return [(entry, other.resource, ()) for entry, other in zip(entries, resources, strict=True)]


def one(raw: bytes) -> tuple[Resource | None, tuple[str, ...]]:
    """Decode a single resource, field by field where it cannot be decoded as a whole."""
    try:
        resource: Resource = _ONE.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return lenient.decode(raw)
    return resource, ()


def modified(lost: tuple[str, ...]) -> bool:
    """Whether a modifier is among what could not be read: then nothing of the resource may be used."""
    return any(path.endswith(MODIFIERS) for path in lost)
