"""A configuration in a folder of its own, and the command as a person types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.main import app
from tests.servers import postgres_database, postgres_url  # noqa: F401

TEXT = """[stores]
optout_url = "sqlite+aiosqlite:///optout.sqlite3"
audit_url = "sqlite+aiosqlite:///audit.sqlite3"
checkpoints = "checkpoints.jsonl"
"""

Joinup = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "joinup.toml"
    file.write_text(TEXT, "utf-8")
    return file


@pytest.fixture
def joinup(config: Path) -> Joinup:
    """Runs `joinup` with words and this configuration; its result."""

    def run(*words: str, expect: int | None = 0, given: str | None = None) -> Result:
        result = CliRunner().invoke(app, [*words, "--config", str(config)], input=given)
        assert expect is None or result.exit_code == expect, result.output
        return result

    return run
