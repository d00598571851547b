"""npm packages for tests, installed once into a cache folder; a test that needs them skips, saying so, without npm."""

from __future__ import annotations

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
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != " ".join(packages):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps(_PACKAGE))
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm cannot install {' '.join(packages)} here")
        stamp.write_text(" ".join(packages))
    return folder
