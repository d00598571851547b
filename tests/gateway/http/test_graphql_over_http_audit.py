"""GraphQL over HTTP as npm graphql-http's auditor reads it: all of its audits, none excused."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.gateway.kit import gateway, token
from tests.gateway.node_packages import node_modules
from tests.gateway.serving import served

pytestmark = pytest.mark.node


async def test_every_audit_passes() -> None:
    folder = node_modules("graphql-http", "graphql-http@1.23.1", "graphql@16.11.0")
    shutil.copy(Path(__file__).with_name("audit.mjs"), folder / "audit.mjs")
    async with served(gateway()) as url:
        process = await asyncio.create_subprocess_exec(
            "node", "audit.mjs", f"{url}/graphql", token(), cwd=folder, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), 120)
    results = json.loads(output)
    failed = [f"{row['id']} {row['name']}: {row['reason']}" for row in results if row["status"] != "ok"]
    assert failed == []
    assert len(results) == 61
