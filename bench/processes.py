"""Processes for measuring: started on one core, ended by whoever started them, their CPU time and memory read."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

LOAD_CORE, MEASURED_CORE = 0, 1
_TICKS = os.sysconf("SC_CLK_TCK")


class Usage(NamedTuple):
    """CPU seconds (user and system) since the start, resident megabytes now and at most, of a process and its children."""

    cpu: float
    rss: float
    peak: float


@dataclass(frozen=True, slots=True)
class Running:
    name: str
    pid: int

    def usage(self) -> Usage:
        found = [_usage(pid) for pid in _tree(self.pid)]
        return Usage(*(sum(part) for part in zip(*found, strict=True)))


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    core: int,
    log: Path,
    ready: Callable[[], object],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Running]:
    """Run a command on one core until the block is left. `ready` is called until it raises nothing, for a minute."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # before the program starts its threads
        )
        try:
            _wait(name, process, log, ready)
            yield Running(name, process.pid)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for way in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, way)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def _wait(name: str, process: subprocess.Popen[bytes], log: Path, ready: Callable[[], object]) -> None:
    for _ in range(240):
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended: {log.read_text('utf-8', 'replace')[-2000:]}")
        try:
            ready()
        except (OSError, ValueError, TimeoutError):
            time.sleep(0.25)
        else:
            return
    raise RuntimeError(f"{name} is not ready: {log.read_text('utf-8', 'replace')[-2000:]}")


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += _tree(int(child))
    return found


def _usage(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    memory = [int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS, *memory)
