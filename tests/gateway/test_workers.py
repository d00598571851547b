"""Several workers: one port, one audit chain, one opt-out registry, and one signal that ends all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.cli.token import demo_token, write_key
from gateway.settings import load
from tests.gateway.cli.conftest import TEXT
from tests.gateway.test_connect import HOSPITAL, PDS
from tests.gateway.test_probes import ISSUER
from tests.servers import free_port

pytestmark = pytest.mark.system
START_SECONDS = 60
REQUESTS = 60
NUMBER = "9990000018"
NOWHERE = (PDS + HOSPITAL).replace("https://pds.test", "http://127.0.0.1:9").replace("hospital.test", "127.0.0.1:9")


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`joinup serve` with two workers, ready; and its address."""
    port = free_port()
    write_key(folder / "key.pem")
    text = f"[server]\nport = {port}\nworkers = 2\n{TEXT}{ISSUER}{NOWHERE}"
    (folder / "joinup.toml").write_text(text.replace("https://127", "http://127"), "utf-8")
    command = [sys.executable, "-m", "gateway.cli.main", "serve", "--config", str(folder / "joinup.toml")]
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _await_ready(url, process, folder / "log")
            yield process, url
        finally:
            if process.poll() is None:
                process.kill()


def _await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready").status_code == 200 and log.read_bytes().count(b"startup complete") == 2:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8")[-3000:])


async def ask(url: str, token: str, query: str) -> list[dict[str, object]]:
    """The same question many times, each on a connection of its own, so that both workers get some."""

    async def once() -> dict[str, object]:
        async with httpx.AsyncClient(timeout=30) as client:
            reply = await client.post(
                f"{url}/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"}
            )
            body: dict[str, object] = reply.json()
            return body

    return list(await asyncio.gather(*(once() for _ in range(REQUESTS))))


def answered_by_each(process: subprocess.Popen[bytes], url: str) -> list[int]:
    """How many requests each worker says that it has answered, asked while the other one is stopped."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [int(each) for each in children if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]
    assert len(workers) == 2
    counts = []
    for other in workers:
        os.kill(other, signal.SIGSTOP)
        try:
            page = httpx.get(f"{url}/metrics").text
        finally:
            os.kill(other, signal.SIGCONT)
        (line,) = [line for line in page.splitlines() if line.startswith('joinup_requests_total{outcome="ok"}')]
        counts.append(int(float(line.split()[-1])))
    return counts


def joinup(folder: Path, *words: str) -> str:
    return CliRunner().invoke(app, [*words, "--config", str(folder / "joinup.toml")]).output


def test_workers_share_audit_and_registry_and_end_together(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url):
        token = demo_token(load(tmp_path / "joinup.toml"), "gp", organisation="F83004")
        answers = asyncio.run(ask(url, token, "{ viewer { role } }"))
        assert answers == [{"data": {"viewer": {"role": "gp"}}}] * REQUESTS
        assert sum(answered_by_each(process, url)) == REQUESTS
        output = joinup(tmp_path, "audit", "verify")
        assert f"{REQUESTS} entries" in output
        assert output.rstrip().endswith("sound")
        joinup(tmp_path, "optout", "add", NUMBER, "--by", "A. Clerk", "--reason", "letter")
        out = asyncio.run(ask(url, token, f'{{ patient(nhsNumber: "{NUMBER}") {{ birthDate }} }}'))
        codes = {entry["errors"][0]["extensions"]["code"] for entry in out}  # type: ignore[index]
        assert codes == {"PATIENT_NOT_AVAILABLE"}
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)
    assert (tmp_path / "log").read_bytes().count(b"shutdown complete") == 2
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health/live")
