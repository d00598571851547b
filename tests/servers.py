"""Real servers for tests, from Debian's packages, each on a free loopback port with a data folder of its own.

Import the fixture you need into your conftest or test module: `from tests.servers import redis_url  # noqa: F401`.
Where a package is absent and cannot be installed (not root, or no package archive) the test skips, saying so.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

INSTALL_SECONDS = 300
START_SECONDS = 30


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return when something listens on the loopback port."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode} before it listened")
        time.sleep(0.02)
    raise RuntimeError("the server did not listen in time")


def debian_binary(name: str, package: str, pattern: str | None = None) -> str:
    """The path of a binary, installing its Debian package when absent and allowed; else a skip."""
    found = _find(name, pattern)
    if found is None:
        _install(package)
        found = _find(name, pattern)
    if found is None:
        pytest.skip(f"{name} is absent and the Debian package {package} could not be installed")
    return found


def _find(name: str, pattern: str | None) -> str | None:
    matches = sorted(glob.glob(pattern)) if pattern else []
    return matches[-1] if matches else shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _install(package: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    with open(Path(tempfile.gettempdir()) / "joinup-tests-apt.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "install", "-y", package], ["apt-get", "update"]):
            done = _quiet(command, environment)
            if command[1] == "install" and done:
                return
        _quiet(["apt-get", "install", "-y", package], environment)


def _quiet(command: list[str], environment: dict[str, str]) -> bool:
    try:
        result = subprocess.run(command, env=environment, capture_output=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


class RedisServer:
    """A Redis without persistence; can be stopped and started again on the same port."""

    def __init__(self) -> None:
        self._binary = debian_binary("redis-server", "redis-server")
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(
            [*command, "--appendonly", "no"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_port(self.port, self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_SECONDS)
            self._process = None


class PostgresServer:
    """A PostgreSQL cluster of its own, trusting loopback, with fsync on as in production."""

    def __init__(self) -> None:
        pg_ctl = debian_binary("pg_ctl", "postgresql", "/usr/lib/postgresql/*/bin/pg_ctl")
        self._bin = Path(pg_ctl).parent
        self._folder = Path(tempfile.mkdtemp(prefix="joinup-postgres-"))
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        data = str(self._folder / "data")
        self._run(str(self._bin / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        log = str(self._folder / "log")
        data = str(self._folder / "data")
        self._run(str(self._bin / "pg_ctl"), "-D", data, "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        data = str(self._folder / "data")
        self._run(str(self._bin / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        # Its own session and no inherited pipes: the server outlives pg_ctl and would hold them open.
        subprocess.run(
            [*as_user, *command],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=START_SECONDS * 2,
        )


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a running Redis, shared by the session: use keys of your own."""
    server = RedisServer()
    yield server.url
    server.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own, to stop and start."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL (asyncpg) of a running PostgreSQL's maintenance database."""
    server = PostgresServer()
    yield server.url
    server.remove()


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[str]:
    """The SQLAlchemy URL of an empty database that lives as long as the test."""
    name = f"t{uuid.uuid4().hex}"
    maintenance = postgres_url.replace("+asyncpg", "")
    await _execute(maintenance, f"CREATE DATABASE {name}")
    yield postgres_url.rsplit("/", 1)[0] + f"/{name}"
    await _execute(maintenance, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
