"""`joinup token`: only for a demo issuer, and its tokens pass our own check."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.identity.issuers import Authenticator, trusted_issuers
from gateway.settings import load
from tests.gateway.kit import NHS_NUMBER, ROLES

TEXT = """[identity.issuers.demo]
issuer = "https://demo.test"
audience = ["joinup"]
algorithms = ["ES256"]
demo_signing_key = "demo.pem"
role_names = { Nurse = "nurse" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    assert CliRunner().invoke(app, ["token", "--new-key", str(tmp_path / "demo.pem")]).exit_code == 0
    (tmp_path / "joinup.toml").write_text(TEXT)
    return tmp_path / "joinup.toml"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--role", "gp", "--organisation", "F83004"], ("gp", "F83004", "TREAT", None)),
        (["--role", "nurse", "--organisation", "RAL", "--purpose", "ETREAT"], ("nurse", "RAL", "ETREAT", None)),
        (["--role", "patient", "--patient", NHS_NUMBER], ("patient", "", "TREAT", NHS_NUMBER)),
    ],
)
async def test_demo_token_is_believed(config: Path, options: list[str], expected: tuple[object, ...]) -> None:
    result = CliRunner().invoke(app, ["token", "--config", str(config), *options])
    assert result.exit_code == 0, result.output
    identity = Authenticator(trusted_issuers(load(config)), ROLES)
    caller = await identity.caller([f"Bearer {result.stdout.strip()}".encode()])
    assert (caller.role, caller.organisation, caller.purpose, caller.patient) == expected


def test_without_demo_issuer_there_is_no_token(tmp_path: Path) -> None:
    file = tmp_path / "joinup.toml"
    file.write_text("")
    result = CliRunner().invoke(app, ["token", "--config", str(file)])
    assert result.exit_code == 2
    assert "no issuer has demo_signing_key" in result.stderr


def test_key_is_private_and_not_overwritten(config: Path) -> None:
    key = config.parent / "demo.pem"
    assert key.stat().st_mode & 0o077 == 0
    before = key.read_bytes()
    assert CliRunner().invoke(app, ["token", "--new-key", str(key)]).exit_code == 2
    assert key.read_bytes() == before
