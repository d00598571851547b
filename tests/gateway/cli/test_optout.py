"""`joinup optout`: what it says is what the registry holds, at once, and the audit knows."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.cli._stores import opened
from gateway.settings import Settings, load
from gateway.stores.database import Database
from gateway.stores.optout import OptOutRegistry
from tests.gateway.cli.conftest import Joinup
from tests.servers import redis_url  # noqa: F401

NUMBER, OTHER = "9990000018", "9990000026"
WHO = ("--by", "A. Clerk", "--reason", "letter")


async def is_out(folder: Path, number: str) -> bool:
    database = Database(f"sqlite+aiosqlite:///{folder / 'optout.sqlite3'}")
    registry = OptOutRegistry(database)
    try:
        return bool(await registry.opted_out([number]))
    finally:
        await registry.aclose()
        await database.aclose()


async def test_an_opt_out_holds_when_the_command_returns(joinup: Joinup, config: Path) -> None:
    await asyncio.to_thread(joinup, "optout", "add", NUMBER, *WHO)
    assert await is_out(config.parent, NUMBER)
    assert not await is_out(config.parent, OTHER)
    await asyncio.to_thread(joinup, "optout", "withdraw", NUMBER, *WHO)
    assert not await is_out(config.parent, NUMBER)


@pytest.fixture
def sharing(config: Path, redis_url: str) -> Settings:  # noqa: F811
    """The configuration, with a cache that workers share."""
    config.write_text(config.read_text("utf-8") + f'cache_url = "{redis_url}"\n', "utf-8")
    return load(config)


async def test_an_opt_out_drops_what_the_workers_keep(joinup: Joinup, sharing: Settings) -> None:
    """Seen from a worker's own cache: the person's entries are gone from the shared one, and nobody else's."""
    async with opened(sharing) as worker:
        for number in (NUMBER, OTHER):
            place = (await worker.cache.get(number, ("a",), str)).place
            await worker.cache.put(place, "kept", 60.0)
        await asyncio.to_thread(joinup, "optout", "add", NUMBER, *WHO)
        assert (await worker.cache.get(NUMBER, ("a",), str)).value is None
        assert (await worker.cache.get(OTHER, ("a",), str)).value == "kept"


def test_show_tells_state_and_history(joinup: Joinup) -> None:
    joinup("optout", "add", NUMBER, *WHO)
    shown = joinup("optout", "show", NUMBER, expect=1).output
    assert "OPTED_OUT" in shown
    assert "A. Clerk" in shown
    assert shown.rstrip().endswith("opted out")
    joinup("optout", "withdraw", NUMBER, *WHO)
    assert joinup("optout", "show", NUMBER).output.rstrip().endswith("takes part")


def test_a_replaced_number_takes_its_opt_out_along(joinup: Joinup) -> None:
    joinup("optout", "add", NUMBER, *WHO)
    joinup("optout", "supersede", NUMBER, OTHER, "--by", "A. Clerk")
    assert "SUPERSEDED" in joinup("optout", "show", OTHER, expect=1).output


def test_each_change_stands_in_the_audit(joinup: Joinup) -> None:
    joinup("optout", "add", NUMBER, *WHO)
    joinup("optout", "withdraw", NUMBER, *WHO)
    lines = joinup("audit", "show", "--json", "--patient", NUMBER).stdout.splitlines()
    entries = [json.loads(line)["entry"] for line in lines]
    assert [entry["operation_name"] for entry in entries] == ["optout add", "optout withdraw"]
    assert {entry["subject"] for entry in entries} == {"command-line|A. Clerk"}


def test_the_number_may_come_by_standard_input(joinup: Joinup) -> None:
    joinup("optout", "add", "-", *WHO, given="999 000 0018\n")
    joinup("optout", "show", NUMBER, expect=1)


@pytest.mark.parametrize("wrong", ["9990000019", "12", "x", ""])
def test_a_wrong_number_is_refused_and_not_repeated(joinup: Joinup, wrong: str, config: Path) -> None:
    result = joinup("optout", "add", "-", *WHO, expect=2, given=f"{wrong}\n")
    assert "not a valid NHS number" in result.output
    assert not wrong or wrong == "x" or wrong not in result.output
    assert not (config.parent / "optout.sqlite3").exists()


@pytest.mark.parametrize(("by", "reason"), [("", "letter"), ("A. Clerk", ""), ("A. Clerk", "x" * 65), ("x" * 201, "y")])
def test_somebody_must_answer_for_it(joinup: Joinup, by: str, reason: str) -> None:
    joinup("optout", "add", NUMBER, "--by", by, "--reason", reason, expect=2)


def test_looking_up_makes_no_database(joinup: Joinup, config: Path) -> None:
    assert "no such database" in joinup("optout", "show", NUMBER, expect=2).output
    assert not (config.parent / "optout.sqlite3").exists()


def test_an_opt_out_holds_though_the_audit_cannot_be_written(joinup: Joinup, config: Path) -> None:
    (config.parent / "audit.sqlite3").mkdir()
    assert "the change holds" in joinup("optout", "add", NUMBER, *WHO, expect=2).output
    joinup("optout", "show", NUMBER, expect=1)
