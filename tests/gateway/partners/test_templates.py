"""The templates of docs/partners as real foreign subgraphs over HTTP, beside the record, with the gates at work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Subgraph
from gateway.partner_check.candidate import Candidate
from gateway.partner_check.check import check_subgraph
from gateway.partner_check.probe import Asking
from gateway.partner_check.register import keep
from gateway.stores.database import Database
from gateway.stores.migrate import migrate
from gateway.stores.optout import OptOutRegistry
from policies.bundle import Policies
from tests.gateway.node_packages import node_modules
from tests.gateway.partners.kit import OPTED_OUT, OTHER, PERSON, Area, demographics, gateway_of, write_config
from tests.servers import free_port, wait_for_port

pytestmark = pytest.mark.system
TEMPLATES = Path(__file__).parents[3] / "docs" / "partners"


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its folder, name, path, the field it adds, and the ids that may be shown of PERSON."""

    folder: str
    name: str
    path: str
    field: str
    shown: list[str]


STRAWBERRY = Template("strawberry", "equipment", "/", "equipmentLoans", ["equipment/walking-frame"])
APOLLO = Template("apollo-server", "mobility", "/", "mobilityChecks", ["mobility/a"])
YOGA = Template("graphql-yoga", "visits", "/graphql", "homeVisits", ["visits/a"])
EVERY = [
    pytest.param(STRAWBERRY, id="strawberry"),
    pytest.param(APOLLO, id="apollo-server", marks=pytest.mark.node),
    pytest.param(YOGA, id="graphql-yoga", marks=pytest.mark.node),
]


def command_of(template: Template, port: int) -> tuple[list[str], Path]:
    """How to start it, and where; npm packages are installed into the tests' cache."""
    source = TEMPLATES / template.folder
    if template is STRAWBERRY:
        return [sys.executable, "-m", "uvicorn", "app:app", f"--port={port}", "--log-level=critical"], source
    wanted = json.loads((source / "package.json").read_text())["dependencies"]
    folder = node_modules(template.folder, *[f"{name}@{version}" for name, version in wanted.items()])
    for file in ("index.mjs", "schema.graphql"):
        shutil.copy(source / file, folder / file)
    return ["node", "index.mjs"], folder


@contextmanager
def running(template: Template, public_key: Path) -> Iterator[str]:
    """The template's subgraph in a process of its own."""
    port = free_port()
    command, folder = command_of(template, port)
    environment = {
        **os.environ,
        "JOINUP_PUBLIC_KEY": str(public_key),
        "JOINUP_NAME": template.name,
        "PORT": str(port),
    }
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}{template.path}"
    finally:
        process.kill()
        process.wait()


async def opt_out(folder: Path, number: str) -> None:
    url = f"sqlite+aiosqlite:///{folder / 'optout.sqlite3'}"
    await migrate(url)
    database = Database(url)
    registry = OptOutRegistry(database)
    await registry.add(number, "test", "made up", datetime.now(UTC))
    await registry.aclose()
    await database.aclose()


def entry_of(template: Template, url: str) -> Subgraph:
    return Subgraph(name=template.name, url=url, signing_key="context-key.pem")


def ids(entries: Any) -> list[str]:
    return [entry["id"] for entry in entries]


@pytest.mark.parametrize("template", EVERY)
async def test_template_passes_the_check_and_its_fields_stand_beside_the_record(
    template: Template, tmp_path: Path
) -> None:
    async with demographics() as pds:
        settings = write_config(tmp_path, pds)
        await opt_out(tmp_path, OPTED_OUT)
        async with gateway_of(settings) as area:
            with running(template, tmp_path / "context-key.pub.pem") as url:
                entry = entry_of(template, url)
                checked = await check_subgraph(settings, Policies.load(), Candidate(entry), Asking((PERSON,)))
                assert checked.report.ok, "\n".join(checked.report.lines())
                warnings = [f.text for s in checked.report.steps for f in s.findings if f.level.value == "warning"]
                assert warnings == []
                assert checked.sdl is not None
                keep(settings, entry, checked.sdl)
                await area.until(lambda status: template.name in status["subgraphs"])
                await beside_the_record(area, template)
            await gone(area, template)


async def beside_the_record(area: Area, template: Template) -> None:
    answer = await area.ask(f'{{ patient(nhsNumber: "{PERSON}") {{ name {{ text }} {template.field} {{ id }} }} }}')
    assert "errors" not in answer
    assert answer["data"]["patient"]["name"]["text"]
    assert ids(answer["data"]["patient"][template.field]) == template.shown
    answer = await area.ask(f'{{ patient(nhsNumber: "{OPTED_OUT}") {{ {template.field} {{ id }} }} }}')
    assert answer["data"]["patient"] is None
    answer = await area.ask(
        f'{{ patient(nhsNumber: "{PERSON}") {{ {template.field} {{ id }} }} }}', role="receptionist"
    )
    assert "errors" in answer
    assert template.shown[0] not in str(answer)


async def gone(area: Area, template: Template) -> None:
    """With the partner's process dead: its field is lost with an error, the record arrives."""
    answer = await area.ask(f'{{ patient(nhsNumber: "{PERSON}") {{ name {{ text }} {template.field} {{ id }} }} }}')
    assert answer["data"]["patient"]["name"]["text"]
    assert answer["data"]["patient"][template.field] is None
    (error,) = answer["errors"]
    assert error["path"] == ["patient", template.field]
    assert error["extensions"] == {"code": "SOURCE_UNAVAILABLE", "service": template.name}


async def test_sensitive_words_of_a_partner_vanish(tmp_path: Path) -> None:
    async with demographics() as pds:
        settings = write_config(tmp_path, pds)
        with running(STRAWBERRY, tmp_path / "context-key.pub.pem") as url:
            entry = entry_of(STRAWBERRY, url)
            checked = await check_subgraph(settings, Policies.load(), Candidate(entry), Asking())
            keep(settings, entry, checked.sdl or "")
            async with gateway_of(settings) as area:
                answer = await area.ask('{ patient(nhsNumber: "9990000093") { equipmentLoans { id } } }')
    assert answer == {"data": {"patient": {"equipmentLoans": [{"id": "equipment/commode"}]}}}


@pytest.mark.node
async def test_person_who_has_opted_out_is_withheld_wherever_they_appear(tmp_path: Path) -> None:
    query = f'{{ patient(nhsNumber: "{PERSON}") {{ household {{ nhsNumber name {{ text }} household {{ nhsNumber }} }} }} }}'
    async with demographics() as pds:
        settings = write_config(tmp_path, pds)
        with running(YOGA, tmp_path / "context-key.pub.pem") as url:
            entry = entry_of(YOGA, url)
            checked = await check_subgraph(settings, Policies.load(), Candidate(entry), Asking())
            keep(settings, entry, checked.sdl or "")
            async with gateway_of(settings) as area:
                before = await area.ask(query)
                assert [one["nhsNumber"] for one in before["data"]["patient"]["household"]] == [OTHER, OPTED_OUT]
                await opt_out(tmp_path, OPTED_OUT)
                after = await area.ask(query)
    assert [one["nhsNumber"] for one in after["data"]["patient"]["household"]] == [OTHER]
    assert OPTED_OUT not in str(after)


@pytest.mark.node
async def test_templates_answer_nobody_but_the_gateway(tmp_path: Path) -> None:
    async with demographics() as pds:
        settings = write_config(tmp_path, pds)
        for template in (STRAWBERRY, APOLLO, YOGA):
            with running(template, tmp_path / "context-key.pub.pem") as url:
                unsigned = Subgraph(name=template.name, url=url)
                checked = await check_subgraph(settings, Policies.load(), Candidate(unsigned), Asking((PERSON,)))
            assert not checked.report.ok
            assert any("answered with errors" in f.text for step in checked.report.steps for f in step.findings)
