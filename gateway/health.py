"""Liveness and readiness. Live: the process answers. Ready: it can serve, and is not shutting down."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.http.body import as_json


class Health:
    """What the probes say. One unreachable source makes nothing unready; that is the answer's own business."""

    def __init__(self) -> None:
        self.started = False
        self.draining = False

    def live(self) -> tuple[int, bytes]:
        return 200, as_json({"status": "live"})

    def ready(self, conditions: Mapping[str, bool]) -> tuple[int, bytes]:
        """503 until started, while draining, and while a condition does not hold; the body names which."""
        checks = {"started": self.started, "serving": not self.draining, **conditions}
        good = all(checks.values())
        return (200 if good else 503), as_json({"status": "ready" if good else "not ready", "checks": checks})
