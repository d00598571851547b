"""A bearer token, taken apart before anything in it is believed.

Refuses by form what no honest issuer sends (RFC 7515, 7519, 8725, 9068): other part counts, padding, unknown or
doubled members, headers that bring their own keys. What is left goes to signature and claims checks.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.strict_json import JsonError, read

MAX_TOKEN = 8_192
"""Characters; an NHS CIS2 token with all its roles is below 6 KB."""

MAX_KEY_ID = 256
MAX_DEPTH = 8
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_FOREIGN_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "zip", "b64", "enc", "cty"})


class TokenError(Exception):
    """The token is not acceptable. `reason` is a fixed word for log and metrics; callers never see it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Unverified:
    """The parts of a well-formed token. Nothing in it is proved."""

    text: str
    algorithm: str
    type: str | None
    key_id: str | None
    claims: Mapping[str, Any]


def bearer(values: list[bytes]) -> str:
    """The token of the request's Authorization headers: exactly one, scheme Bearer. Raises TokenError."""
    if len(values) != 1:
        raise TokenError("no-token" if not values else "several-headers")
    if len(values[0]) > MAX_TOKEN:
        raise TokenError("too-long")
    scheme, _, token = values[0].partition(b" ")
    if scheme.lower() != b"bearer":
        raise TokenError("other-scheme")
    try:
        return token.strip(b" ").decode("ascii")
    except UnicodeDecodeError:
        raise TokenError("not-ascii") from None


def take_apart(token: str) -> Unverified:
    """Read header and claims of a compact JWS without believing them. Raises TokenError."""
    if len(token) > MAX_TOKEN:
        raise TokenError("too-long")
    if not _COMPACT.fullmatch(token):
        raise TokenError("not-compact")
    head, payload, signature = token.split(".")
    _decode(signature)
    header = _object(_decode(head))
    if _FOREIGN_HEADERS & header.keys():
        raise TokenError("foreign-header")
    algorithm, kind, key_id = header.get("alg"), header.get("typ"), header.get("kid")
    if not isinstance(algorithm, str):
        raise TokenError("algorithm")
    if not isinstance(kind, str | None):
        raise TokenError("type")
    if not isinstance(key_id, str | None) or (key_id is not None and not 0 < len(key_id) <= MAX_KEY_ID):
        raise TokenError("key-id")
    return Unverified(token, algorithm, kind, key_id, _object(_decode(payload)))


def _decode(part: str) -> bytes:
    """Base64url in its one canonical spelling: other spellings of the same bytes would be other cache keys."""
    try:
        raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise TokenError("not-base64url") from None
    if urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != part:
        raise TokenError("not-canonical")
    return raw


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        value = read(raw, depth=MAX_DEPTH)
    except JsonError:
        raise TokenError("not-json") from None
    if not isinstance(value, dict):
        raise TokenError("not-an-object")
    return value
