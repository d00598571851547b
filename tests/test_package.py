"""What is installed without the repository beside it: every data file is there, and the command works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("gateway", "resolvers", "policies", "seeds")
NOT_SHIPPED = ("gateway/graphiql/ui/", "README.md")
"""What GraphiQL's bundle is built from, and words for readers of the repository."""

TRIED = {"attrs", "setuptools"}
"""Imported by a library where it happens to be installed, and not needed."""

IN_ORDER = '[stores]\noptout_url = "sqlite+aiosqlite:///o.sqlite3"\naudit_url = "sqlite+aiosqlite:///a.sqlite3"\n'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content in a folder of its own."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    for floor in FLOORS:
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / floor, source / floor, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir", str(folder), str(source)], check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def joinup(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as installed: the repository is not on its path."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "gateway.cli.main", *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def data_files(root: Path) -> set[str]:
    found = {
        str(file.relative_to(root))
        for floor in FLOORS
        for file in (root / floor).rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc") and "node_modules" not in file.parts
    }
    return {name for name in found if not any(part in name for part in NOT_SHIPPED)}


def test_every_data_file_is_shipped(installed: Path) -> None:
    assert data_files(installed) == data_files(ROOT)
    assert any(name.endswith(".gz") for name in data_files(installed))


def test_policy_and_schema_are_read_from_the_package(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "joinup.toml").write_text(IN_ORDER)
    result = joinup(installed, tmp_path, "policy", "check")
    assert result.returncode == 0, result.stderr
    assert "every field of record is classified" in result.stdout


def test_migrations_are_in_the_package(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "joinup.toml").write_text(IN_ORDER)
    assert joinup(installed, tmp_path, "stores", "migrate").returncode == 0
    assert joinup(installed, tmp_path, "stores", "status", "--quiet").returncode == 0


def test_graphiql_is_in_the_package(installed: Path, tmp_path: Path) -> None:
    code = (
        "import gateway.graphiql.assets as a, gateway.graphiql.examples as e;"
        "print(a.__file__); a.read_bundle(); print(len(e.read_examples(e.BUILT_IN)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    place, count = result.stdout.split()
    assert place.startswith(str(installed))
    assert int(count) >= 10


def test_the_lock_names_every_package_that_the_gateway_imports(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.metadata as m, pkgutil, importlib, gateway.cli as c, gateway.serve, gateway.assembly;"
        "[importlib.import_module('gateway.cli.' + one.name) for one in pkgutil.iter_modules(c.__path__)];"
        "tops = {name.partition('.')[0] for name in sys.modules};"
        "print(*{dist for top, dists in m.packages_distributions().items() if top in tops for dist in dists})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    imported = {canonical(name) for name in done.stdout.split()}
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = {canonical(name) for name in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==", lock, re.MULTILINE)}
    assert {"sqlalchemy", "greenlet", "starlette"} <= imported
    assert imported - locked - {"joinup-gateway", *TRIED} == set()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
