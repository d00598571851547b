"""The transport's numbers, as one value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps and times of one transport; seconds and bytes."""

    connect_seconds: float = 1.0  # name look-up, TCP and TLS handshake together
    read_seconds: float = 10.0  # longest silence while an answer is awaited
    total_seconds: float = 30.0  # only where the caller gives no deadline of its own
    idle_seconds: float = 4.0  # below the 5 s after which uvicorn and Node close an idle connection
    max_connections: int = 64  # per origin
    max_head_bytes: int = 32 * 1024
    max_body_bytes: int = 8 * 1024 * 1024  # after decompression, too
