"""How a request shows an upstream who is calling: the seam, and the ways that need no network.

Secrets never appear in `repr`, messages or logs. Any `httpx.Auth` can be given in place of these; the client
then goes through httpx's objects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import msgspec


class Outgoing(msgspec.Struct):
    """A request about to be sent, as credentials see it."""

    method: str
    target: str  # path and query
    authority: str  # the Host header
    content: bytes | None
    replayable: bool = False  # may reach the upstream twice


class Credentials(Protocol):
    """Adds what identifies the gateway to a request."""

    async def headers(self, outgoing: Outgoing, deadline: float) -> tuple[tuple[str, str], ...]:
        """The headers to add. Raises UpstreamError."""
        ...

    def rejected(self) -> bool:
        """The upstream answered 401. True when other credentials may now be had, so asking again has a point."""
        ...


@dataclass(frozen=True, slots=True)
class StaticHeaders:
    """Fixed headers, a secret among them."""

    values: tuple[tuple[str, str], ...] = field(repr=False)

    async def headers(self, outgoing: Outgoing, deadline: float) -> tuple[tuple[str, str], ...]:
        return self.values

    def rejected(self) -> bool:
        return False


def api_key(key: str, header: str = "apikey") -> StaticHeaders:
    """An API key in a header (the NHS API platform calls it `apikey`)."""
    return StaticHeaders(((header, key),))


def bearer(token: str) -> StaticHeaders:
    """A fixed bearer token (RFC 6750)."""
    return StaticHeaders((("authorization", f"Bearer {token}"),))
