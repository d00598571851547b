"""Bundles: split into raw resources without decoding them, so that each can be judged before it is read."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from resolvers.sources.upstream import Failure, UpstreamError


class _Link(msgspec.Struct, gc=False):
    relation: str | None = None
    url: str | None = None


class _Search(msgspec.Struct, gc=False):
    mode: str | None = None
    score: float | None = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"null")
    search: _Search | None = None


class _Bundle(msgspec.Struct):
    resourceType: str  # noqa: N815
    entry: list[_Entry] = []
    link: list[_Link] = []
    total: int | None = None


class _Head(msgspec.Struct, gc=False):
    resourceType: str  # noqa: N815
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One resource of a bundle: its type, its logical id ('' where it has none), its bytes, and how it matched."""

    kind: str
    id: str
    raw: bytes
    mode: str | None = None
    score: float | None = None

    @property
    def key(self) -> str:
        """Type and id, as references name it."""
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class Parts:
    """A bundle taken apart. `unreadable` counts entries that are no resources at all."""

    parts: list[Part]
    total: int | None = None
    next: str | None = None
    unreadable: int = 0


_BUNDLE = msgspec.json.Decoder(_Bundle)
_HEAD = msgspec.json.Decoder(_Head)


def take_apart(body: bytes) -> Parts:
    """The resources of a Bundle. Raises UpstreamError(MALFORMED) where the body is no Bundle."""
    try:
        bundle = _BUNDLE.decode(body)
    except (ValueError, RecursionError):
        raise UpstreamError(Failure.MALFORMED, "the answer is not a FHIR Bundle") from None
    if bundle.resourceType != "Bundle":
        raise UpstreamError(Failure.MALFORMED, "the answer is not a FHIR Bundle")
    parts = [part for entry in bundle.entry if (part := _part(entry)) is not None]
    following = next((link.url for link in bundle.link if link.relation == "next"), None)
    return Parts(parts, bundle.total, following, len(bundle.entry) - len(parts))


def _part(entry: _Entry) -> Part | None:
    raw = bytes(entry.resource)
    try:
        head = _HEAD.decode(raw)
    except (ValueError, RecursionError):
        return None
    search = entry.search or _Search()
    return Part(head.resourceType, head.id or "", raw, search.mode, search.score)


def local(reference: str | None) -> str | None:
    """'Type/id' of a reference, whether relative, absolute or with a version; None for others ('#1', 'urn:uuid:...')."""
    kind, _, name = reference.partition("/") if reference else ("", "", "")
    if name and "/" not in name and kind.isalpha():  # what nearly every reference is
        return reference
    if not reference or reference.startswith(("#", "urn:")):
        return None
    path = reference.split("/_history/", 1)[0].rstrip("/").split("/")
    return "/".join(path[-2:]) if len(path) >= 2 else None
