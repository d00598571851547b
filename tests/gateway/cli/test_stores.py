"""`joinup stores`: databases are made, upgraded and looked at; SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.gateway.cli.conftest import Joinup

NUMBER = "9990000018"


def test_status_says_what_migrate_then_does(joinup: Joinup, config: Path) -> None:
    assert "run `joinup stores migrate`" in joinup("stores", "status", expect=1).output
    assert list(config.parent.glob("*.sqlite3")) == []
    joinup("stores", "migrate")
    joinup("stores", "migrate")
    assert joinup("stores", "status").output.count("current") == 2
    assert joinup("stores", "status", "--quiet").output == ""


def test_a_database_that_is_down_is_named_without_its_password(joinup: Joinup, config: Path) -> None:
    url = "postgresql+asyncpg://joinup:hidden-word@127.0.0.1:1/record"
    config.write_text(f'[stores]\noptout_url = "{url}"\naudit_url = "{url}"\n', "utf-8")
    result = joinup("stores", "migrate", expect=2)
    assert "cannot be used" in result.output
    assert "hidden-word" not in result.output


async def test_opt_out_and_audit_work_on_postgresql(joinup: Joinup, config: Path, postgres_database: str) -> None:
    def walk() -> None:
        config.write_text(f'[stores]\noptout_url = "{postgres_database}"\naudit_url = "{postgres_database}"\n', "utf-8")
        joinup("stores", "status", expect=1)
        joinup("stores", "migrate")
        joinup("stores", "status")
        joinup("optout", "add", NUMBER, "--by", "A. Clerk", "--reason", "letter")
        joinup("optout", "show", NUMBER, expect=1)
        assert "1 entries" in joinup("audit", "verify").output
        assert "optout add" in joinup("audit", "show").output

    await asyncio.to_thread(walk)
