"""Running the gateway: one process, or several workers, that finish what they have in hand before they end."""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from gateway import logs
from gateway.app import Gateway, Handler, create_gateway
from gateway.config import Server
from gateway.http.protocol import BoundedHeads
from gateway.identity.claims import RoleOfCode
from gateway.metrics import Metrics
from gateway.pipeline import Engine
from gateway.settings import Settings, load

CONFIG_VARIABLE = "JOINUP_CONFIG"
KEEP_ALIVE_SECONDS = 75
"""Longer than the idle time of common load balancers (60 s), so that it is they who close first."""

log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the outer floors need of the rest. `gateway.assembly.create_parts(settings)` makes it."""

    engine: Engine
    roles: frozenset[str]
    role_of_code: RoleOfCode | None = None
    metrics: CollectorRegistry | None = None
    more: Mapping[str, Handler] = field(default_factory=dict)


def application() -> Gateway:
    """The application of a worker process, from the configuration that `JOINUP_CONFIG` names."""
    settings = load(Path(os.environ[CONFIG_VARIABLE]))
    logs.configure(settings.config.server.log_level)
    return build(settings)


def build(settings: Settings) -> Gateway:
    """The application over the engine. Raises what `create_gateway` and the engine's construction raise."""
    parts: Parts = importlib.import_module("gateway.assembly").create_parts(settings)
    return create_gateway(settings, parts.engine, parts.roles, parts.role_of_code, Metrics(parts.metrics), parts.more)


class DrainingServer(uvicorn.Server):
    """Turns unready the moment it is told to stop; uvicorn then finishes requests in flight, within the drain time."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._gateway.health.draining = True
        log.info("draining", signal=signal.Signals(sig).name)
        super().handle_exit(sig, frame)


def run(settings: Settings, gateway: Gateway | None = None) -> None:
    """Serve until told to stop. With more than one worker each builds its own application."""
    server = settings.config.server
    logs.configure(server.log_level)
    if server.workers > 1 and gateway is None:
        os.environ[CONFIG_VARIABLE] = settings.file
        uvicorn.run("gateway.serve:application", factory=True, workers=server.workers, **_options(server))  # type: ignore[arg-type]
        return
    app = gateway or build(settings)
    DrainingServer(uvicorn.Config(app, **_options(server)), app).run()  # type: ignore[arg-type]


def _options(server: Server) -> dict[str, object]:
    return {
        "host": server.host,
        "port": server.port,
        "loop": "uvloop",
        "http": BoundedHeads,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": max(1, round(server.drain_s)),
    }
