"""Decompression of a body, within the body cap."""

from __future__ import annotations

import zlib

from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.errors import ProtocolError, TooLargeError

GZIP_WINDOW = 16 + zlib.MAX_WBITS
ACCEPTED = b"gzip"


def decompress(answer: Answer, max_body_bytes: int) -> bytes:
    """The body with its content coding undone. Raises TooLargeError (a zip bomb), ProtocolError."""
    if answer.coding is None or not answer.body:
        return answer.body
    name = answer.coding.strip().lower()
    if name == b"identity":
        return answer.body
    if name not in (b"gzip", b"x-gzip"):
        raise ProtocolError("a content coding that was not asked for")
    return gunzip(answer.body, max_body_bytes)


def gunzip(data: bytes, max_bytes: int) -> bytes:
    """Inflate one gzip member, whole and with nothing after it (RFC 1952)."""
    inflater = zlib.decompressobj(GZIP_WINDOW)
    try:
        out = inflater.decompress(data, max_bytes + 1)
    except zlib.error:
        raise ProtocolError("a broken gzip body") from None
    if len(out) > max_bytes:
        raise TooLargeError("the decompressed body is over its cap")
    if not inflater.eof or inflater.unused_data:
        raise ProtocolError("a gzip body cut short or followed by other bytes")
    return out
