"""All the organisations' servers in one process, each on its own port of the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import uvicorn
from starlette.applications import Starlette

from seeds.organisations import ORGANISATIONS, PARTNERS, Seeded
from seeds.people import Somebody, people
from seeds.servers import fhir_r4, gp_connect, partner, pds, social_care
from seeds.servers.faults import FaultMiddleware, Faults

HOST = "127.0.0.1"
Application = Callable[[Seeded, Iterable[Somebody], Faults], Starlette]
APPLICATIONS: Mapping[str, Application] = {
    "pds": pds.application,
    "gp-connect": gp_connect.application,
    "fhir-r4": fhir_r4.application,
    "social-care": social_care.application,
}


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone: the cluster stops all of them together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class Cluster:
    """Five boroughs' servers. `port` is the first; each organisation listens on `port` plus its own offset.

    `latencies` gives milliseconds by kind of API; `broken` a fault by organisation id (see seeds.servers.faults).
    `context_key` is the gateway's public key (PEM): with it, partners answer only the gateway.
    """

    port: int
    today: date
    latencies: Mapping[str, int] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    context_key: bytes | None = None
    faults: dict[str, Faults] = field(default_factory=dict)
    _servers: list[_Server] = field(default_factory=list)

    async def serve(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop`; `started` is called when every port answers."""
        everybody = people(self.today)
        for organisation in (*ORGANISATIONS, *PARTNERS):
            self._servers.append(self._server(organisation, everybody))
        running = [asyncio.create_task(server.serve()) for server in self._servers]
        while not all(server.started for server in self._servers):
            if any(task.done() for task in running):
                break
            await asyncio.sleep(0.02)
        else:
            started()
        await asyncio.gather(*running)

    def stop(self) -> None:
        """Let every server finish what it is answering, and return from `serve`."""
        for server in self._servers:
            server.should_exit = True

    def _server(self, organisation: Seeded, everybody: list[Somebody]) -> _Server:
        faults = Faults(kind=self.broken.get(organisation.id, "none"), latency=self.latencies.get(organisation.api, 0))
        self.faults[organisation.id] = faults
        app = FaultMiddleware(self._application(organisation, everybody, faults), faults)
        config = uvicorn.Config(
            app,
            host=HOST,
            port=self.port + organisation.offset,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        return _Server(config)

    def _application(self, organisation: Seeded, everybody: list[Somebody], faults: Faults) -> Starlette:
        if organisation.api == "graphql":
            return partner.application(organisation, everybody, faults, self.context_key)
        return APPLICATIONS[organisation.api](organisation, everybody, faults)


def address(port: int, organisation: Seeded) -> str:
    """The base URL of an organisation's server in a cluster that begins at `port`."""
    return f"http://{HOST}:{port + organisation.offset}"
