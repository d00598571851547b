"""The graph is replaced while requests run, over real sockets: none fails, and what is old goes."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Subgraph
from gateway.generation import Generation
from gateway.partner_check.register import drop, keep
from gateway.settings import load
from gateway.subgraphs import Managed, read_register, write_register
from tests.gateway.partners.kit import (
    HEAD,
    NOTES,
    PATIENT_TIMES,
    PERSON,
    VISITS,
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
QUERY = f'{{ patient(nhsNumber: "{PERSON}") {{ nhsNumber name {{ text }} notes {{ text }} }} }}'
CALLS = f'{{ patient(nhsNumber: "{PERSON}") {{ calls {{ text }} }} }}'


async def load_on(area: Area, stop: asyncio.Event, counted: Counter[str]) -> None:
    """Ask until told to stop; count what came."""
    while not stop.is_set():
        answer = await area.ask(QUERY)
        good = "errors" not in answer and answer["data"]["patient"]["notes"] == [{"text": "steady"}]
        counted["good" if good else str(answer)] += 1


async def test_no_request_fails_while_subgraphs_come_break_and_go(tmp_path: Path) -> None:
    first = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    second = Foreign(HEAD + VISITS, {PERSON: {"calls": [{"id": "c", "text": "rang"}]}})
    async with demographics() as pds, listening(first) as (url, server), listening(second) as (other, _):
        settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES))
        async with gateway_of(settings) as area:
            stop, counted = asyncio.Event(), Counter[str]()
            workers = [asyncio.create_task(load_on(area, stop, counted)) for _ in range(8)]
            entry = Subgraph(name="calls", url=other)
            await area.until(lambda status: counted["good"] > 10)
            before = set(server.server_state.connections)

            keep(settings, entry, second.sdl)
            await area.until(lambda status: "calls" in status["subgraphs"])
            assert (await area.ask(CALLS))["data"]["patient"]["calls"] == [{"text": "rang"}]

            file = keep(settings, entry, HEAD + "type Patient { this is no SDL")
            broken = await area.until(lambda status: not status["ok"])
            assert "calls" in broken["subgraphs"]
            assert any("calls" in reason for reason in broken["reasons"])
            assert (await area.ask(CALLS))["data"]["patient"]["calls"] == [{"text": "rang"}]

            file.write_bytes(b"{ half a file")
            await area.until(lambda status: any("subgraphs.json" in reason for reason in status["reasons"]))
            write_register(file, [Managed(entry, second.sdl)])
            await area.until(lambda status: status["ok"])

            drop(settings, "calls")
            await area.until(lambda status: "calls" not in status["subgraphs"])
            stop.set()
            await asyncio.gather(*workers)
            assert set(counted) == {"good"}
            assert await closed(before)


async def closed(connections: set[Any]) -> bool:
    for _ in range(400):
        if all(connection.transport.is_closing() for connection in connections):
            return bool(connections)
        await asyncio.sleep(0.02)
    return False


async def test_request_in_flight_keeps_its_generation(tmp_path: Path) -> None:
    first = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with demographics() as pds, listening(first) as (url, _):
        settings = write_config(tmp_path, pds)
        keep(settings, Subgraph(name="notes", url=url), first.sdl)
        async with gateway_of(settings) as area:
            await area.ask(QUERY)
            first.mode = "held"
            waiting = asyncio.create_task(area.ask(QUERY))
            await first.arrived.wait()
            drop(settings, "notes")
            await area.until(lambda status: status["subgraphs"] == ["record"])
            first.release.set()
            assert (await waiting)["data"]["patient"]["notes"] == [{"text": "steady"}]


BADGE = 'type Patient @key(fields: "nhsNumber") { nhsNumber: NHSNumber! badge: ID @section(name: "falls") }\n'
STAMP = BADGE.replace(
    'badge: ID @section(name: "falls")',
    'badge: ID @external stamp: ID @requires(fields: "badge") @section(name: "falls")',
)


async def test_connections_stay_until_the_last_request_of_their_generation_needs_none(
    tmp_path: Path,
) -> None:
    first = Foreign(HEAD + BADGE, {PERSON: {"badge": "b"}}, mode="held")
    second = Foreign(HEAD + STAMP, {PERSON: {"stamp": "s"}})
    async with demographics() as pds, listening(first) as (url, _), listening(second) as (other, _):
        settings = write_config(tmp_path, pds)
        keep(settings, Subgraph(name="badges", url=url), first.sdl)
        keep(settings, Subgraph(name="stamps", url=other), second.sdl)
        async with gateway_of(settings) as area:
            query = f'{{ patient(nhsNumber: "{PERSON}") {{ stamp }} }}'
            waiting = asyncio.create_task(area.ask(query))
            await first.arrived.wait()
            assert second.asked == []
            drop(settings, "stamps")
            await area.until(lambda status: "stamps" not in status["subgraphs"])
            await asyncio.sleep(0.3)
            first.release.set()
            assert await waiting == {"data": {"patient": {"stamp": "s"}}}


async def test_old_generations_are_let_go(tmp_path: Path) -> None:
    first = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with demographics() as pds, listening(first) as (url, _):
        settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES))
        async with gateway_of(settings) as area:
            for _ in range(6):
                await area.ask(QUERY)
                assert (await area.status("POST")).status_code == 200
            await asyncio.sleep(0.2)
            gc.collect()
            assert len([one for one in gc.get_objects() if isinstance(one, Generation)]) <= 2


async def test_partner_that_is_down_at_the_start_joins_when_it_is_up(tmp_path: Path) -> None:
    first = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with listening(first) as (url, _):
        pass
    async with demographics() as pds:
        settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES))
        async with gateway_of(settings) as area:
            status = (await area.status()).json()
            assert (status["ok"], status["subgraphs"], status["waiting"]) == (True, ["record"], ["notes"])
            answer = await area.ask(f'{{ patient(nhsNumber: "{PERSON}") {{ name {{ text }} }} }}')
            assert answer["data"]["patient"]["name"]["text"]
            async with listening(first, port=int(url.rpartition(":")[2])):
                await area.until(lambda status: "notes" in status["subgraphs"])
                assert (await area.ask(QUERY))["data"]["patient"]["notes"] == [{"text": "steady"}]


async def test_one_broken_partner_at_the_start_costs_only_itself(tmp_path: Path) -> None:
    good = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    bad = Foreign(HEAD + VISITS, {}, told=HEAD + VISITS.replace("String", "Nothing"))
    async with demographics() as pds, listening(good) as (url, _), listening(bad) as (other, _):
        tables = subgraph("aaa", other) + subgraph("notes", url, PATIENT_TIMES) + subgraph("zzz", other)
        async with gateway_of(write_config(tmp_path, pds, tables)) as area:
            status = (await area.status()).json()
            assert (status["ok"], status["subgraphs"], status["waiting"]) == (
                False,
                ["notes", "record"],
                ["aaa", "zzz"],
            )
            assert (await area.ask(QUERY))["data"]["patient"]["notes"] == [{"text": "steady"}]


async def test_plans_in_use_are_made_before_the_swap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with demographics() as pds, listening(first) as (url, _):
        settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES))
        async with gateway_of(settings) as area:
            await area.ask(QUERY)
            await area.status("POST")
            monkeypatch.setattr(Generation, "_prepare", lambda *_: pytest.fail("planned after the swap"))
            assert "errors" not in await area.ask(QUERY)


async def test_admin_door_opens_to_its_own_token_only(tmp_path: Path) -> None:
    async with demographics() as pds:
        settings = write_config(tmp_path, pds)
        async with gateway_of(settings) as area:
            assert (await area.status(token="wrong")).status_code == 401
            assert (await area.status(token=area.token("gp"))).status_code == 401
            assert (await area.status("PUT")).status_code == 405
            assert (await area.status()).json()["ok"] is True
            (tmp_path / "subgraphs.json").write_text("no register")
            refused = await area.status("POST")
            assert refused.status_code == 409
            assert "subgraphs.json" in refused.json()["reasons"][0]


async def test_without_a_token_there_is_no_admin_door(tmp_path: Path) -> None:
    async with demographics() as pds:
        write_config(tmp_path, pds)
        file = tmp_path / "joinup.toml"
        file.write_text(file.read_text().replace('admin_token = "file:admin-token"', ""))
        async with gateway_of(load(file)) as area:
            assert (await area.status()).status_code == 404


def test_register_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "subgraphs.json"
    write_register(
        file,
        [
            Managed(Subgraph(name="b", url="https://b.example"), "x"),
            Managed(Subgraph(name="a", url="https://a.example"), "y"),
        ],
    )
    assert [one.entry.name for one in read_register(file).subgraphs] == ["a", "b"]
    assert list(tmp_path.iterdir()) == [file]
