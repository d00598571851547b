"""Errors of an answer: our own words, a stable code, the place, and the subgraph that failed.

Nothing that an upstream wrote goes into a message. Of its `extensions`, keys on an allow-list pass if their
values are plain scalars; a trusted subgraph (our own, in this process) keeps its message and code as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.federation.fetcher import SubgraphError
from resolvers.sources.upstream import Failure

SOURCE_ERROR = "SOURCE_ERROR"
SOURCE_INCOMPLETE = "SOURCE_INCOMPLETE"
SOURCE_INVALID = "SOURCE_INVALID"
SOURCE_MALFORMED = "SOURCE_MALFORMED"
SOURCE_REFUSED = "SOURCE_REFUSED"
SOURCE_TIMEOUT = "SOURCE_TIMEOUT"
SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
FORBIDDEN = "FORBIDDEN"
INTERNAL_ERROR = "INTERNAL_ERROR"

MESSAGES: Mapping[str, str] = {
    SOURCE_ERROR: "The source reported an error for this value.",
    SOURCE_INCOMPLETE: "The source did not give this value, or something that it depends on.",
    SOURCE_INVALID: "The source gave a value that does not fit its type.",
    SOURCE_MALFORMED: "The source's answer could not be read.",
    SOURCE_REFUSED: "The source refused the request.",
    SOURCE_TIMEOUT: "The source did not answer in time.",
    SOURCE_UNAVAILABLE: "The source could not be reached.",
    FORBIDDEN: "Your role may not see this field.",
    INTERNAL_ERROR: "Something went wrong in the gateway; what it concerns is left out.",
}
"""What is said for each code."""

FAILURES: Mapping[Failure, str] = {
    Failure.TIMED_OUT: SOURCE_TIMEOUT,
    Failure.UNAVAILABLE: SOURCE_UNAVAILABLE,
    Failure.REFUSED: SOURCE_REFUSED,
    Failure.MALFORMED: SOURCE_MALFORMED,
}

MAX_EXTENSION = 200
"""Characters of an allowed extension value that is text; a longer one is left out."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class ResponseError:
    """One entry of an answer's `errors`."""

    code: str
    path: tuple[str | int, ...] | None = None
    service: str | None = None
    message: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)
    about: tuple[str, str] | None = None
    """The (type, field) that a FORBIDDEN error is about."""

    def at(self, path: tuple[str | int, ...] | None) -> ResponseError:
        """The same error at another place."""
        return ResponseError(self.code, path, self.service, self.message, self.extensions, self.about)

    def to_json(self) -> dict[str, Any]:
        """The error as GraphQL writes it."""
        extensions = {**self.extensions, "code": self.code}
        if self.service is not None:
            extensions["service"] = self.service
        entry: dict[str, Any] = {"message": self.message or MESSAGES.get(self.code, MESSAGES[SOURCE_ERROR])}
        if self.path is not None:
            entry["path"] = list(self.path)
        entry["extensions"] = extensions
        return entry


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """What of a subgraph's own error may reach the client.

    `extensions` are keys whose scalar values pass from any subgraph ("code" among them: its code then replaces
    ours); the messages of `trusted` subgraphs pass, and their codes.
    """

    extensions: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()

    def apply(self, error: SubgraphError, service: str, path: tuple[str | int, ...] | None) -> ResponseError:
        """The client's view of a subgraph's error."""
        trusted = service in self.trusted
        kept = {
            key: value
            for key, value in error.extensions.items()
            if key in self.extensions and key not in ("code", "service") and _scalar(value)
        }
        code = error.extensions.get("code") if trusted or "code" in self.extensions else None
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            code = SOURCE_ERROR
        message = error.message if trusted and error.message else None
        return ResponseError(code, path, service, message, kept)


def _scalar(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_EXTENSION
    return value is None or isinstance(value, bool | int | float)
