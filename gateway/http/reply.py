"""Answers and refusals → status, headers, bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.errors import Refusal, RefusalGroup
from gateway.http.body import as_json
from gateway.http.negotiate import GRAPHQL, JSON
from gateway.http.protocol import Whole

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
PRIVATE: tuple[Header, ...] = (
    *SECURITY,
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""Headers of everything that may hold a record or depend on a caller."""

HSTS: Header = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_MEDIA = {GRAPHQL: f"{GRAPHQL}; charset=utf-8".encode(), JSON: f"{JSON}; charset=utf-8".encode()}

_FIXED = {
    media_type: b"".join(b"%b: %b\r\n" % header for header in ((b"content-type", value), *PRIVATE))
    for media_type, value in _MEDIA.items()
}


async def send_body(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answer_headers(media_type: str, extra: tuple[Header, ...]) -> list[Header]:
    return [(b"content-type", _MEDIA[media_type]), *PRIVATE, *extra]


async def send_answer(
    send: Send, body: bytes, media_type: str, extra: tuple[Header, ...], whole: Whole | None = None
) -> None:
    """A complete answer: it has `data`, so the status is 200 under either media type. `whole` is the server's way to
    take it in one piece."""
    if whole is None or not whole(_head(media_type, extra, len(body)), body):
        await send_body(send, 200, answer_headers(media_type, extra), body)


def _head(media_type: str, extra: tuple[Header, ...], size: int) -> bytes:
    own = b"".join([b"%b: %b\r\n" % header for header in extra])
    return b"%bcontent-length: %d\r\n%b\r\n" % (_FIXED[media_type], size, own)


async def send_refusal(send: Send, refusal: Refusal, media_type: str, extra: tuple[Header, ...]) -> int:
    """A refused request: `errors` without `data`. Returns the status."""
    status = refusal.code.status if media_type == GRAPHQL else refusal.code.json_status
    own = tuple((name.encode(), value.encode("latin-1")) for name, value in refusal.headers)
    members = refusal.members if isinstance(refusal, RefusalGroup) else (refusal,)
    body = as_json({"errors": [member.as_error() for member in members]})
    await send_body(send, status, answer_headers(media_type, (*own, *extra)), body)
    return status
