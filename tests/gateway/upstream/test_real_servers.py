"""The transport against servers that the field runs: uvicorn, Node, nginx."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.request import Origin, header_lines, request_bytes
from gateway.upstream.transport.transport import PooledTransport
from tests.servers import debian_binary, free_port, wait_for_port

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off; default_type text/plain;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 7;
    location /large {{ alias {folder}/large; }}
    location /gzip {{ alias {folder}/large; gzip on; gzip_types text/plain; gzip_http_version 1.1; }}
    location /none {{ return 204; }}
    location / {{ return 200 "ok"; }}
  }}
}}
"""


def uvicorn_command(port: int, folder: Path) -> list[str]:
    app = "tests.gateway.upstream.real_app:app"
    return [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "error"]


def node_command(port: int, folder: Path) -> list[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is absent")
    return [node, str(HERE / "real_app.mjs"), str(port)]


def nginx_command(port: int, folder: Path) -> list[str]:
    nginx = debian_binary("nginx", "nginx-light")
    (folder / "large").write_bytes(b"a" * 1_000_000)
    folder.chmod(0o755)
    for parent in list(folder.parents)[:3]:  # nginx drops root: the folders must be passable
        if parent.stat().st_uid == os.geteuid() and str(parent).startswith("/tmp/pytest"):
            parent.chmod(0o755)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    return [nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]


COMMANDS = {"uvicorn": uvicorn_command, "node": node_command, "nginx": nginx_command}


@pytest.fixture(scope="module", params=list(COMMANDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = COMMANDS[request.param](port, tmp_path_factory.mktemp(request.param))
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_for_port(port, process)
        yield request.param, port
    finally:
        process.terminate()
        process.wait(20)


async def ask(transport: PooledTransport, port: int, method: str, path: str, content: bytes | None = None) -> Answer:
    origin = Origin(False, "127.0.0.1", port)
    lines = header_lines([("accept-encoding", "gzip")])
    return await transport.exchange(
        origin,
        request_bytes(method, path, origin.authority, lines, content),
        head_only=method == "HEAD",
        replayable=method != "POST",
        deadline=asyncio.get_running_loop().time() + 20,
    )


async def test_bodies_come_whole(server: tuple[str, int]) -> None:
    _, port = server
    transport = PooledTransport()
    assert (await ask(transport, port, "GET", "/small")).body == b"ok"
    assert (await ask(transport, port, "GET", "/large")).body == b"a" * 1_000_000
    zipped = await ask(transport, port, "GET", "/gzip")
    assert zipped.coding == b"gzip"
    assert zipped.body == b"a" * 1_000_000
    assert transport.pool(Origin(False, "127.0.0.1", port)).open == 1
    await transport.aclose()


async def test_answers_without_body_leave_the_connection_usable(server: tuple[str, int]) -> None:
    _, port = server
    transport = PooledTransport()
    for _ in range(2):
        head = await ask(transport, port, "HEAD", "/large")
        assert (head.status, head.body) == (200, b"")
        assert (await ask(transport, port, "GET", "/none")).status == 204
        assert (await ask(transport, port, "GET", "/small")).body == b"ok"
    assert transport.pool(Origin(False, "127.0.0.1", port)).open == 1
    await transport.aclose()


async def test_many_at_once_each_get_their_own(server: tuple[str, int]) -> None:
    kind, port = server
    transport = PooledTransport(Limits(max_connections=8))
    if kind == "nginx":
        answers = await asyncio.gather(*(ask(transport, port, "GET", "/small") for _ in range(200)))
        assert all(answer.body == b"ok" for answer in answers)
    else:
        bodies = [f"body {number} ".encode() * (number + 1) for number in range(200)]
        answers = await asyncio.gather(*(ask(transport, port, "POST", "/echo", body) for body in bodies))
        assert [answer.body for answer in answers] == bodies
    await transport.aclose()


async def test_chunked_bodies_come_whole(server: tuple[str, int]) -> None:
    kind, port = server
    if kind == "nginx":
        pytest.skip("nginx serves no chunks here but the gzipped ones, which another test reads")
    transport = PooledTransport()
    assert (await ask(transport, port, "GET", "/chunked")).body == b"a" * 1000
    assert (await ask(transport, port, "POST", "/echo", b"")).body == b""
    await transport.aclose()


async def test_early_hints_are_passed_over(server: tuple[str, int]) -> None:
    kind, port = server
    if kind != "node":
        pytest.skip("only Node sends early hints here")
    transport = PooledTransport()
    assert (await ask(transport, port, "GET", "/early")).body == b"ok"
    await transport.aclose()
