"""What a partner's subgraph may do wrong: each costs its own fields, with an error, and nothing of it is quoted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.reach import Reach
from gateway.sdl import SdlError, ask_sdl
from tests.gateway.partners.kit import (
    HEAD,
    NOTES,
    PERSON,
    Area,
    Foreign,
    demographics,
    gateway_of,
    listening,
    notes,
    subgraph,
    write_config,
)

pytestmark = pytest.mark.system
QUERY = f'{{ patient(nhsNumber: "{PERSON}") {{ name {{ text }} notes {{ text stars }} }} }}'
QUICK = "max_response_bytes = 100000\ntimeouts = { connect_s = 1, read_s = 1.5, total_s = 1.5 }\n"


@pytest.fixture
async def partner(tmp_path: Path) -> AsyncIterator[tuple[Area, Foreign]]:
    foreign = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with demographics() as pds, listening(foreign) as (url, _):
        settings = write_config(tmp_path, pds, subgraph("notes", url, QUICK))
        async with gateway_of(settings) as area:
            yield area, foreign


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("html", "SOURCE_MALFORMED"),
        ("500", "SOURCE_UNAVAILABLE"),
        ("truncated", "SOURCE_MALFORMED"),
        ("length", "SOURCE_MALFORMED"),
        ("array", "SOURCE_MALFORMED"),
        ("huge", "SOURCE_MALFORMED"),
        ("never", "SOURCE_TIMEOUT"),
        ("closes", "SOURCE_UNAVAILABLE"),
    ],
)
async def test_bad_answer_costs_only_its_fields(partner: tuple[Area, Foreign], mode: str, code: str) -> None:
    area, foreign = partner
    foreign.mode = mode
    answer = await area.ask(QUERY)
    assert answer["data"]["patient"]["name"]["text"]
    assert answer["data"]["patient"]["notes"] is None
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["patient", "notes"], {"code": code, "service": "notes"})
    assert "secret" not in str(answer["errors"])
    assert PERSON not in str(answer["errors"])


async def test_wrong_type_of_a_scalar_costs_that_scalar(partner: tuple[Area, Foreign]) -> None:
    area, foreign = partner
    foreign.mode = "wrong types"
    answer = await area.ask(QUERY)
    assert answer["data"]["patient"]["notes"] == [{"text": "steady", "stars": None}]
    (error,) = answer["errors"]
    assert error["path"] == ["patient", "notes", 0, "stars"]
    assert error["extensions"]["code"] == "SOURCE_INVALID"


@pytest.mark.parametrize("mode", ["loses what the gate reads", "loses it without a path", "omits what the gate reads"])
async def test_entry_that_the_gate_cannot_read_is_left_out_and_that_is_said(
    partner: tuple[Area, Foreign], mode: str
) -> None:
    area, foreign = partner
    sensitive, harmless = notes("HIV positive")["notes"][0], notes("steady")["notes"][0]
    foreign.data = {PERSON: {"notes": [{**sensitive, "id": "1!"}, harmless, {**harmless, "id": "2!"}]}}
    foreign.mode = mode
    answer = await area.ask(QUERY.replace("text stars", "id text"))
    assert answer["data"]["patient"]["notes"] == [{"id": "n0", "text": "steady"}]
    assert {"code": "SOURCE_INCOMPLETE", "service": "notes"} in [error["extensions"] for error in answer["errors"]]
    assert "HIV" not in str(answer)


async def test_unknown_typename_passes_no_gate(partner: tuple[Area, Foreign]) -> None:
    area, foreign = partner
    foreign.mode = "unknown typename"
    answer = await area.ask(QUERY.replace("stars", "__typename"))
    assert answer["data"]["patient"]["name"]["text"]
    assert answer["data"]["patient"]["notes"] is None
    (error,) = answer["errors"]
    assert (error["path"][:2], error["extensions"]["code"]) == (["patient", "notes"], "SOURCE_INVALID")


async def test_person_whom_the_partner_does_not_know_is_an_error_not_silence(partner: tuple[Area, Foreign]) -> None:
    area, foreign = partner
    foreign.data = {}
    answer = await area.ask(QUERY)
    assert answer["data"]["patient"]["notes"] is None
    assert answer["errors"][0]["path"] == ["patient", "notes"]


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("html", "does not answer GraphQL JSON"),
        ("500", "answers 500"),
        ("truncated", "does not answer GraphQL JSON"),
        ("array", "does not answer GraphQL JSON"),
        ("closes", "does not answer"),
        ("never", "does not answer"),
        ("huge", "does not answer"),
    ],
)
async def test_sdl_that_cannot_be_had_is_said(partner: tuple[Area, Foreign], mode: str, says: str) -> None:
    area, foreign = partner
    foreign.mode = mode
    with pytest.raises(SdlError, match=says):
        await told(area)


async def test_subgraph_without_a_service_field_is_said(partner: tuple[Area, Foreign]) -> None:
    area, foreign = partner
    foreign.mode = "mute"
    with pytest.raises(SdlError, match=r"no _service"):
        await told(area)


async def test_sdl_of_any_plausible_length_is_read(partner: tuple[Area, Foreign]) -> None:
    area, foreign = partner
    foreign.told = "#" * 90_000
    assert await told(area) == "#" * 90_000


async def told(area: Area) -> str:
    return await ask_sdl(area.settings, area.settings.config.subgraphs[0], Reach(CollectorRegistry()))
