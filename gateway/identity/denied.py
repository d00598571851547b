"""Revoked tokens, by issuer and `jti`: asked at every request, remembered tokens included."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from gateway.errors import Refusal

RECHECK = 1.0
"""Seconds between looks at the file's modification time."""

log = structlog.get_logger("gateway.identity")


class Denied(Protocol):
    """A deny-list. With one in force, a token without `jti` is not acceptable: it could not be revoked."""

    def holds(self, issuer: str, token_id: str) -> bool: ...


class DeniedFile:
    """One `issuer jti` a line, `#` for remarks. Once configured it must be readable: else nobody is believed."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._looked = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._pairs: frozenset[tuple[str, str]] = frozenset()

    def holds(self, issuer: str, token_id: str) -> bool:
        if self._clock() - self._looked > RECHECK:
            self._reread()
        return (issuer, token_id) in self._pairs

    def _reread(self) -> None:
        try:
            state = self._path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self._stamp:
                lines = self._path.read_text("utf-8").splitlines()
                self._pairs = frozenset(_pair(line) for line in lines if line.strip() and not line.startswith("#"))
                self._stamp = stamp
        except (OSError, ValueError) as failure:
            log.error("denied_tokens_unreadable", reason=type(failure).__name__)
            raise Refusal("IDENTITY_UNAVAILABLE", headers=(("retry-after", "5"),)) from None
        self._looked = self._clock()


def _pair(line: str) -> tuple[str, str]:
    issuer, token_id = line.split()
    return issuer, token_id
