"""What a partner's withheld entries change in an answer: nothing. Not an item, an error, a path or a position."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.partners.kit import (
    HEAD,
    NOTES,
    PATIENT_TIMES,
    PERSON,
    Foreign,
    demographics,
    gateway_of,
    listening,
    subgraph,
    write_config,
)

pytestmark = pytest.mark.system
QUERY = f'{{ patient(nhsNumber: "{PERSON}") {{ nhsNumber notes {{ id stars kind }} }} }}'
SENSITIVE = (
    "HIV positive",
    "seen at the sexual health clinic",
    "referred to MARAC",
    "on licence from prison",
    "IVF cycle 2",
)
HARMLESS = ("steady on the stairs", "rail fitted", "walks with a frame")
ENDINGS = ("", "!", "?")
"""Of an id: none for a sound entry, "!" for one that comes with an error, "?" for one with a value of a wrong type."""


def entry(chance: random.Random, number: int, texts: tuple[str, ...]) -> dict[str, Any]:
    return {"id": f"{number}{chance.choice(ENDINGS)}", "text": chance.choice(texts), "stars": 3, "kind": "VISIT"}


async def test_answer_with_withheld_entries_is_the_answer_without_them(tmp_path: Path) -> None:
    chance = random.Random(7)
    foreign = Foreign(HEAD + NOTES, {}, mode="failing entries")
    async with demographics() as pds, listening(foreign) as (url, _):
        settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES))
        async with gateway_of(settings) as area:
            for _ in range(60):
                shown = [entry(chance, number, HARMLESS) for number in range(chance.randint(0, 4))]
                mixed = list(shown)
                for number in range(chance.randint(1, 4)):
                    mixed.insert(chance.randint(0, len(mixed)), entry(chance, 100 + number, SENSITIVE))
                foreign.data = {PERSON: {"notes": shown}}
                without = await area.ask(QUERY)
                foreign.data = {PERSON: {"notes": mixed}}
                assert await area.ask(QUERY) == without
                assert len(without["data"]["patient"]["notes"]) == len(shown)
                broken = [note for note in shown if note["id"][-1] in "!?"]
                assert len(without.get("errors", [])) == len(broken)


async def test_single_withheld_entry_is_null_like_one_that_is_not_there(tmp_path: Path) -> None:
    sdl = HEAD + NOTES.replace("notes: [Note!]", 'last: Note @section(name: "falls") notes: [Note!]')
    foreign = Foreign(sdl, {})
    query = f'{{ patient(nhsNumber: "{PERSON}") {{ nhsNumber last {{ text }} }} }}'
    async with demographics() as pds, listening(foreign) as (url, _):
        settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES))
        async with gateway_of(settings) as area:
            foreign.data = {PERSON: {"last": None}}
            without = await area.ask(query)
            foreign.data = {PERSON: {"last": {"id": "1", "text": SENSITIVE[0], "stars": 1}}}
            assert await area.ask(query) == without == {"data": {"patient": {"nhsNumber": PERSON, "last": None}}}


async def test_error_that_takes_a_list_away_does_not_tell_how_many_stood_in_it(tmp_path: Path) -> None:
    foreign = Foreign(HEAD + NOTES.replace("stars: Int", "stars: Int!"), {})
    failing = {"id": "2", "text": "steady", "stars": None, "kind": "VISIT"}
    sensitive = [{"id": f"9{number}", "text": text, "stars": 1} for number, text in enumerate(SENSITIVE)]
    answers = []
    async with demographics() as pds, listening(foreign) as (url, _):
        settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES))
        async with gateway_of(settings) as area:
            for before in ([], sensitive[:1], sensitive):
                foreign.data = {PERSON: {"notes": [*before, failing]}}
                answers.append(await area.ask(QUERY))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["data"]["patient"]["notes"] is None
    assert [error["path"] for error in answers[0]["errors"]] == [["patient", "notes"]]
