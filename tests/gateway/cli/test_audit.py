"""`joinup audit`: its exit status tells whether the chain is sound, and its exports are FHIR."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.gateway.cli.conftest import Joinup

NUMBER, OTHER = "9990000018", "9990000026"


@pytest.fixture
def trail(joinup: Joinup, config: Path) -> Path:
    """Five entries: four about one person, one about another. Its database."""
    for number in (NUMBER, OTHER, NUMBER):
        joinup("optout", "add", number, "--by", "A. Clerk", "--reason", "letter")
    for _ in range(2):
        joinup("optout", "withdraw", NUMBER, "--by", "A. Clerk", "--reason", "letter")
    return config.parent / "audit.sqlite3"


def tamper(database: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(database) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(statement, values)
    connection.close()


def test_a_sound_chain_verifies(joinup: Joinup, trail: Path) -> None:
    output = joinup("audit", "verify").output
    assert "5 entries" in output
    assert output.rstrip().endswith("sound")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_entry SET payload = replace(payload, 'Clerk', 'Other') WHERE sequence = 3", "entry 3: ALTERED"),
        ("DELETE FROM audit_entry WHERE sequence = 2", "entry 2: MISSING"),
    ],
)
def test_what_was_changed_is_named_by_status_one(joinup: Joinup, trail: Path, statement: str, said: str) -> None:
    tamper(trail, statement)
    result = joinup("audit", "verify", expect=1)
    assert said in result.stderr
    assert "NOT SOUND" in result.output


def test_a_checkpoint_finds_an_end_that_was_cut_off(joinup: Joinup, trail: Path, tmp_path: Path) -> None:
    with sqlite3.connect(trail) as connection:
        early = connection.execute("SELECT * FROM audit_head").fetchone()
    connection.close()
    joinup("optout", "add", OTHER, "--by", "A. Clerk", "--reason", "letter")
    assert "entry 6" in joinup("audit", "checkpoint").output
    tamper(trail, "DELETE FROM audit_entry WHERE sequence = 6")
    tamper(trail, "DELETE FROM audit_patient WHERE sequence = 6")
    tamper(trail, "UPDATE audit_head SET sequence = ?, chain = ?, key_id = ?, seal = ?", *early[1:])
    assert "entry 6: CHECKPOINT_DIFFERS" in joinup("audit", "verify", expect=1).stderr
    (tmp_path / "none.jsonl").touch()
    joinup("audit", "verify", "--checkpoints", str(tmp_path / "none.jsonl"))


def test_a_checkpoint_file_that_is_named_must_be_there(joinup: Joinup, trail: Path, tmp_path: Path) -> None:
    joinup("audit", "verify", "--checkpoints", str(tmp_path / "absent.jsonl"), expect=2)


def test_show_goes_on_where_it_stopped(joinup: Joinup, trail: Path) -> None:
    first = joinup("audit", "show", "--limit", "2").output
    assert "more: --after 2" in first
    rest = joinup("audit", "show", "--after", "2", "--json").stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in rest] == [3, 4, 5]
    about = joinup("audit", "show", "--patient", OTHER, "--json").stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in about] == [2]


def test_export_is_one_fhir_event_a_line(joinup: Joinup, trail: Path) -> None:
    result = joinup("audit", "export", "--patient", NUMBER, "--after", "1", "--limit", "2")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["resourceType"] for event in events] == ["AuditEvent", "AuditEvent"]
    assert [event["id"] for event in events] == ["joinup-3-1", "joinup-4-1"]
    numbers = {event["entity"][0]["what"]["identifier"]["value"] for event in events}
    assert numbers == {NUMBER}
    assert all(agent["who"]["identifier"]["value"] for event in events for agent in event["agent"])
    assert "2 events" in result.stderr


@pytest.mark.parametrize("after", ["0", "5"])
def test_export_as_a_bundle_is_whole_json(joinup: Joinup, trail: Path, tmp_path: Path, after: str) -> None:
    file = tmp_path / "bundle.json"
    joinup("audit", "export", "--format", "bundle", "--output", str(file), "--after", after)
    bundle = json.loads(file.read_text("utf-8"))
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert len(bundle["entry"]) == 5 - int(after)


def test_reading_makes_no_database(joinup: Joinup, config: Path) -> None:
    for words in (["verify"], ["show"], ["export"]):
        assert "no such database" in joinup("audit", *words, expect=2).output
    assert not (config.parent / "audit.sqlite3").exists()


def test_a_wrong_number_is_refused(joinup: Joinup, trail: Path) -> None:
    joinup("audit", "show", "--patient", "9990000019", expect=2)
