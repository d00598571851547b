"""Requests signed with a shared key, for partners who want to know that a request is whole and from us.

    Joinup-Signature: key=<id>, ts=<unix seconds>, nonce=<hex>, sig=<hex>

`sig` is HMAC-SHA-256 over these lines, each ended by LF: `joinup-1`, ts, nonce, method, host, target (path and
query as sent), SHA-256 of the body in hex. The receiver refuses a `ts` too far from its clock and a nonce seen before.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.upstream.auth import Outgoing

SIGNATURE_HEADER = "joinup-signature"
MIN_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class HmacSigner:
    """Signs each request with a key shared with one partner."""

    key_id: str
    key: bytes = field(repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < MIN_KEY_BYTES:
            raise ValueError(f"a signing key has at least {MIN_KEY_BYTES} bytes")

    async def headers(self, outgoing: Outgoing, deadline: float) -> tuple[tuple[str, str], ...]:
        stamp, nonce = str(int(self.clock())), secrets.token_hex(16)
        signature = sign(self.key, outgoing, stamp, nonce)
        return ((SIGNATURE_HEADER, f"key={self.key_id}, ts={stamp}, nonce={nonce}, sig={signature}"),)

    def rejected(self) -> bool:
        return False


def sign(key: bytes, outgoing: Outgoing, stamp: str, nonce: str) -> str:
    """The signature of a request, in hex; a partner written in Python verifies with it."""
    digest = hashlib.sha256(outgoing.content or b"").hexdigest()
    lines = ("joinup-1", stamp, nonce, outgoing.method, outgoing.authority, outgoing.target, digest)
    text = "".join(f"{line}\n" for line in lines)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
