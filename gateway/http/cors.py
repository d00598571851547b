"""Cross-origin rules (Fetch standard): closed but for configured origins, never with cookies."""

from __future__ import annotations

from gateway.config import Cors
from gateway.http.reply import Header

ALLOWED_HEADERS = b"authorization, content-type, accept, x-request-id, traceparent"
EXPOSED_HEADERS = b"x-request-id, retry-after, www-authenticate"


class CorsRules:
    """Headers for an origin; none at all for one that is not configured."""

    def __init__(self, settings: Cors) -> None:
        self._origins = {origin.encode("ascii") for origin in settings.origins}
        self._max_age = b"%d" % settings.max_age_s

    def allows(self, origin: bytes | None) -> bool:
        return origin is not None and origin in self._origins

    def headers(self, origin: bytes | None) -> tuple[Header, ...]:
        """Headers of an actual answer. `Vary` stands even without an origin, for caches between."""
        if not self._origins:
            return ()
        if origin is None or origin not in self._origins:
            return ((b"vary", b"origin"),)
        return (
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", EXPOSED_HEADERS),
            (b"vary", b"origin"),
        )

    def preflight(self, origin: bytes | None) -> tuple[Header, ...]:
        """Headers of the answer to OPTIONS."""
        if not self.allows(origin):
            return self.headers(None)
        return (
            *self.headers(origin),
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", ALLOWED_HEADERS),
            (b"access-control-max-age", self._max_age),
        )
