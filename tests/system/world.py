"""The whole system in processes of its own: made-up organisations, and the gateway as `joinup serve` runs it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from gateway.cli.demo import prepare
from gateway.cli.token import demo_token
from gateway.settings import Settings, load
from seeds.organisations import by_id
from seeds.people import Somebody, people
from seeds.servers.cluster import address

START_SECONDS = 60
NATIONAL = 'organisation_kind = "national-service"\n'
"""After this line of the configuration stand the demographics service's options; tests do not wait for its pace."""
SPAN = 60
"""Ports from the first that the organisations may use."""


@dataclass
class World:
    """Addresses, tokens and levers of a running system."""

    folder: Path
    first_port: int
    port: int
    settings: Settings
    client: httpx.Client
    tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def people(self) -> list[Somebody]:
        return people(datetime.now(UTC).date())

    def because(self, words: str) -> Somebody:
        """The person worth looking at for this reason."""
        return next(person for person in self.people if words in person.why)

    def token(self, role: str, patient: str | None = None) -> str:
        key = (role, patient)
        if key not in self.tokens:
            self.tokens[key] = demo_token(
                self.settings, role, organisation="Y99001", subject=f"test-{role}", nhs_number=patient
            )
        return self.tokens[key]

    def post(
        self, role: str, query: str, variables: Mapping[str, Any] | None = None, patient: str | None = None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token(role, patient)}"}
        body = {"query": query, "variables": dict(variables or {})}
        return self.client.post(f"{self.url}/graphql", json=body, headers=headers)

    def ask(
        self, role: str, query: str, variables: Mapping[str, Any] | None = None, patient: str | None = None
    ) -> dict[str, Any]:
        """The answer as JSON; any status but 200 fails the test with its body."""
        response = self.post(role, query, variables, patient)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    @contextmanager
    def fault(self, organisation: str, kind: str, milliseconds: int = 0) -> Iterator[None]:
        """A fault at an organisation while the block runs."""
        url = f"{address(self.first_port, by_id(organisation))}/_faults"
        self.client.post(url, json={"kind": kind, "milliseconds": milliseconds}).raise_for_status()
        try:
            yield
        finally:
            self.client.post(url, json={"kind": "none"}).raise_for_status()

    def asked(self, organisation: str) -> list[str]:
        """What an organisation has been asked since its faults were last set."""
        found: list[str] = self.client.get(f"{address(self.first_port, by_id(organisation))}/_faults").json()["asked"]
        return found

    def forget(self, organisation: str) -> None:
        """Empty the list of what an organisation has been asked."""
        url = f"{address(self.first_port, by_id(organisation))}/_faults"
        self.client.post(url, json={"kind": "none"}).raise_for_status()


@contextmanager
def running(folder: Path, extra: str = "", change: Callable[[str], str] = str) -> Iterator[World]:
    """Start everything, wait until it is ready, and end it afterwards. `change` alters joinup.toml's text; `extra` is
    appended to it."""
    first, port = free_span(), free_port()
    file = Path(prepare(folder, port, first, people(datetime.now(UTC).date())[0]).file)
    unpaced = file.read_text("utf-8").replace(NATIONAL, f'{NATIONAL}requests_per_second = "1000"\n')
    file.write_text(change(unpaced) + extra, "utf-8")
    settings = load(file)
    organisations = [sys.executable, "-m", "seeds", f"--port={first}"]
    gateway = [sys.executable, "-m", "gateway.cli.main", "serve", "--config", str(file)]
    with (
        subprocess.Popen(organisations, stdout=subprocess.PIPE, text=True) as seeds,
        (folder / "gateway.log").open("wb") as log,
        subprocess.Popen(gateway, stdout=log, stderr=log) as served,
        httpx.Client(timeout=30) as client,
    ):
        try:
            assert seeds.stdout is not None
            assert seeds.stdout.readline().strip() == "ready"
            world = World(folder, first, port, settings, client)
            _await_ready(world, served)
            yield world
        finally:
            for process in (served, seeds):
                process.terminate()


def _await_ready(world: World, served: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if served.poll() is not None:
            break
        try:
            if world.client.get(f"{world.url}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError((world.folder / "gateway.log").read_text("utf-8")[-4000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_span() -> int:
    """The first of a span of ports that are all free now."""
    for _ in range(50):
        first = free_port()
        if first + SPAN < 65_000 and all(_is_free(first + offset) for offset in range(SPAN)):
            return first
    raise AssertionError("no free span of ports on the loopback interface")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
