"""The deployment's examples: what they copy exists, what they name fits together, and the configuration is in order."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text("utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
UNIT = (DEPLOY / "joinup.service").read_text("utf-8")
EXAMPLE = (DEPLOY / "config" / "joinup.toml").read_text("utf-8")
MOUNTED = set(re.findall(r"/run/secrets/([a-z-]+)", EXAMPLE))


def copied() -> list[str]:
    lines = [
        line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line
    ]
    return [name for names in lines for name in names]


def test_everything_that_the_image_copies_exists_and_is_sent() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored
    for name in copied():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, name
    assert {"gateway", "resolvers", "policies", "seeds", "requirements.lock"} <= set(copied())


def test_the_image_runs_without_root_and_from_the_lock() -> None:
    last = DOCKERFILE.rsplit("FROM ", 1)[1]
    assert re.search(r"^USER \d+$", last, re.MULTILINE)
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert "npm" not in DOCKERFILE
    assert "/health/ready" in last


def test_every_requirement_of_the_lock_has_a_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = re.findall(r"^([A-Za-z0-9_.-]+)==.*?(?=^[A-Za-z0-9_.-]+==|\Z)", lock, re.MULTILINE | re.DOTALL)
    blocks = re.split(r"^(?=[A-Za-z0-9_.\[\],-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(pinned) > 20
    assert all("--hash=sha256:" in block for block in blocks)


def check(folder: Path) -> Result:
    return CliRunner().invoke(app, ["config", "check", str(folder / "joinup.toml")])


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example configuration with secrets in a folder that a test may write."""
    folder = tmp_path / "config"
    shutil.copytree(DEPLOY / "config", folder)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in MOUNTED:
        text = {"database-url": "postgresql+asyncpg://joinup:x@postgres/joinup", "redis-url": "redis://:x@redis/0"}
        (secrets / name).write_text(text.get(name, "0" * 64))
    (folder / "joinup.toml").write_text(EXAMPLE.replace("/run/secrets", str(secrets)), "utf-8")
    return folder


def test_the_example_configuration_is_in_order(example: Path) -> None:
    result = check(example)
    assert result.exit_code == 0, result.output
    assert "note:" not in result.output
    assert "2 issuers, 4 sources" in result.output


def test_the_example_needs_each_of_its_secrets(example: Path) -> None:
    for name in sorted(MOUNTED):
        secret = example.parent / "secrets" / name
        text = secret.read_text()
        secret.unlink()
        result = check(example)
        assert result.exit_code == 2, name
        assert name in result.output
        secret.write_text(text)


def test_compose_gives_the_gateway_every_secret_of_the_configuration() -> None:
    (given,) = re.findall(r"^x-secret-names: &secrets \[(.*)\]$", COMPOSE, re.MULTILINE)
    assert set(given.split(", ")) == MOUNTED
    defined = set(re.findall(r"^  ([a-z-]+): \{ file: ", COMPOSE, re.MULTILINE))
    assert defined >= MOUNTED | {"postgres-password", "redis-password"}


def test_compose_builds_and_mounts_what_is_there() -> None:
    (dockerfile,) = re.findall(r"dockerfile: (\S+) }", COMPOSE)
    assert (ROOT / dockerfile).is_file()
    assert "./config:/etc/joinup:ro" in COMPOSE
    assert "checkpoints:/var/lib/joinup/checkpoints" in COMPOSE
    assert 'checkpoints = "/var/lib/joinup/checkpoints/' in EXAMPLE


def test_a_yaml_reader_takes_the_compose_file() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: the file's syntax is not checked")
    assert set(yaml.safe_load(COMPOSE)["services"]) == {"gateway", "postgres", "redis"}


def test_the_unit_runs_commands_that_exist() -> None:
    commands = re.findall(r"^Exec\w+=/opt/joinup/bin/joinup (.*)$", UNIT, re.MULTILINE)
    assert commands == ["config check /etc/joinup/joinup.toml", "serve --config /etc/joinup/joinup.toml"]
    for command in commands:
        words = [word for word in command.split() if not word.startswith(("/", "-"))]
        assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is absent: the unit is not verified")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "joinup.service"
    unit.write_text(UNIT.replace("/opt/joinup/bin/joinup", shutil.which("true") or "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert "Unknown" not in done.stderr, done.stderr
