"""What a source adapter needs of the network: one call, one deadline, typed failures.

The gateway implements `Upstream` (pool, retry, breaker, limits, authentication, TLS); adapters only say what
to ask. Tests put a recorded one in its place, or intercept at the httpx seam.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

import msgspec


class Failure(Enum):
    """Why an upstream gave no usable answer."""

    TIMED_OUT = "TIMED_OUT"
    UNAVAILABLE = "UNAVAILABLE"  # connection failed, breaker open, concurrency limit, 5xx, 429
    REFUSED = "REFUSED"  # 401, 403
    MALFORMED = "MALFORMED"  # not what the content type or protocol promises, or too large


class UpstreamError(Exception):
    """An upstream gave no usable answer. Carries no upstream text and no patient datum."""

    def __init__(self, failure: Failure, detail: str = "", status: int | None = None) -> None:
        super().__init__(f"{failure.value}{f' ({detail})' if detail else ''}")
        self.failure = failure
        self.detail = detail
        self.status = status


class Reply(msgspec.Struct, frozen=True):
    """A complete answer. Header names are lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class Upstream(Protocol):
    """One configured upstream (base URL, credentials, pool, breaker)."""

    @property
    def base_url(self) -> str: ...

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float,
        idempotent: bool | None = None,
    ) -> Reply:
        """Send one request and read the whole answer.

        `path` is joined to the base URL; an absolute URL is accepted only with the base URL's own origin.
        `deadline` is in seconds of the running event loop's clock (`loop.time()`). `idempotent` says whether
        one retry is allowed (default: GET and HEAD; a POST that only reads, as a FHIR operation, says so).
        Every HTTP status is returned as a Reply (the adapter reads its body, an OperationOutcome perhaps);
        after a retry, or when none is allowed, 429 and 5xx too. They count against the breaker.
        Raises UpstreamError; asyncio.CancelledError passes through.
        """
        ...
