"""Readiness follows the stores, and nothing else: never a source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.app import Gateway
from gateway.cli.token import write_key
from gateway.probes import Probes
from gateway.serve import build
from gateway.settings import load
from tests.gateway.cli.conftest import TEXT
from tests.gateway.kit import client
from tests.gateway.test_connect import HOSPITAL, PDS

ISSUER = """
[identity.issuers.demo]
issuer = "https://demo.test"
audience = ["joinup"]
algorithms = ["ES256"]
demo_signing_key = "key.pem"
"""


@asynccontextmanager
async def started(folder: Path, text: str) -> AsyncIterator[Gateway]:
    file = folder / "joinup.toml"
    if not (folder / "key.pem").exists():
        write_key(folder / "key.pem")
    file.write_text(text, "utf-8")
    app = build(load(file))
    await app.start()
    try:
        yield app
    finally:
        await app.close()


async def checks(app: Gateway) -> tuple[int, dict[str, bool]]:
    async with client(app) as asking:
        reply = await asking.get("/health/ready")
    return reply.status_code, reply.json()["checks"]


async def until(app: Gateway, name: str, holds: bool) -> int:
    """Status of readiness once the check says so."""
    async with asyncio.timeout(30):
        while True:
            status, found = await checks(app)
            if found[name] == holds:
                return status
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("file", "name"), [("optout.sqlite3", "registry"), ("audit.sqlite3", "audit")])
async def test_a_store_that_is_gone_makes_unready_until_it_is_back(tmp_path: Path, file: str, name: str) -> None:
    text = TEXT + ISSUER + PDS + HOSPITAL
    async with started(tmp_path, text) as app:
        assert await checks(app) == (
            200,
            dict.fromkeys(["started", "serving", "supergraph", "registry", "audit", "identity"], True),
        )
        (tmp_path / file).rename(tmp_path / "away")
        assert await until(app, name, holds=False) == 503
        (tmp_path / file).unlink(missing_ok=True)
        (tmp_path / "away").rename(tmp_path / file)
        assert await until(app, name, holds=True) == 200


async def test_a_source_that_is_down_makes_nothing_unready(tmp_path: Path) -> None:
    nowhere = (
        (PDS + HOSPITAL)
        .replace("https://pds.test", "http://127.0.0.1:9")
        .replace("https://hospital.test", "http://127.0.0.1:9")
    )
    async with started(tmp_path, TEXT + ISSUER + nowhere) as app:
        status, found = await checks(app)
        assert (status, all(found.values())) == (200, True)


async def test_a_probe_that_hangs_does_not_hold() -> None:
    asked = asyncio.Event()

    async def hang() -> None:
        asked.set()
        await asyncio.Event().wait()

    probes = Probes({"store": hang})
    assert probes.checks()["store"]() is False
    begun = asyncio.create_task(probes.start())
    await asked.wait()
    await begun
    assert probes.checks()["store"]() is False
    await probes.close()
