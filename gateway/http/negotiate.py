"""Which media type an answer has (GraphQL over HTTP §6.3): quality values, `*/*`, and the legacy default."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from gateway.errors import Refusal

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
_RANGES = {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the client reads: the media type of a single answer, frames of `@defer`, and whether it is a browser
    asking for a page."""

    media_type: str
    incremental: bool = False
    page: bool = False


@lru_cache(maxsize=256)
def negotiate(accept: bytes | None) -> Accepted:
    """The client's best media type of ours; a missing Accept means `application/json`. Raises Refusal (406)."""
    if accept is None or not accept.strip():
        return Accepted(JSON)
    ranked: list[tuple[float, int, str]] = []
    incremental = page = False
    for position, part in enumerate(accept.decode("latin-1").lower().split(",")[:32]):
        name, quality, options = _range(part)
        if quality <= 0:
            continue
        # a client that names the format of 2022 would not understand frames of today's: it gets one answer
        incremental = incremental or (name == "multipart/mixed" and "deferspec" not in options)
        page = page or name == "text/html"
        if name in _RANGES and options.get("charset", "").strip('"') in ("", "utf-8", "utf8"):
            ranked.append((-quality, position, _RANGES[name]))
    if ranked:
        return Accepted(min(ranked)[2], incremental, page)
    if incremental:
        return Accepted(JSON, True, page)
    raise Refusal("NOT_ACCEPTABLE")


def wants_page(accept: bytes | None) -> bool:
    """True for a browser's navigation: HTML named, GraphQL's own media types not."""
    text = (accept or b"").decode("latin-1").lower()
    return "text/html" in text and GRAPHQL not in text and JSON not in text


def _range(part: str) -> tuple[str, float, dict[str, str]]:
    name, *rest = (piece.strip() for piece in part.split(";"))
    options = dict(piece.partition("=")[::2] for piece in rest)
    try:
        quality = float(options.get("q", "1") or "1")
    except ValueError:
        quality = 0.0
    return name, quality, options
