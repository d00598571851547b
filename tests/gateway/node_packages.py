"""npm packages for tests, installed once into a cache folder; a test that needs them skips, saying so, without npm."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("JOINUP_TEST_CACHE", Path.home() / ".cache" / "joinup-tests"))

_PACKAGE = {
    "private": True,
    "type": "module",
    "overrides": {"@graphql-tools/batch-execute": "10.2.0"},  # newer ones ask for what the registry may not have yet
}


def node_modules(name: str, *packages: str) -> Path:
    """A folder whose `node_modules` holds the packages (`name@version`), or a skip that says what is missing."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm are absent: this test compares with npm packages")
    folder = CACHE / "node" / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "installing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes, and npm bears only one in a folder
        _install(npm, folder, packages)
    return folder


def _install(npm: str, folder: Path, packages: tuple[str, ...]) -> None:
    stamp = folder / "installed.txt"
    if stamp.exists() and stamp.read_text() == " ".join(packages):
        return
    (folder / "package.json").write_text(json.dumps(_PACKAGE))
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install {' '.join(packages)} here")
    stamp.write_text(" ".join(packages))
