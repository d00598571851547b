"""SIGTERM: the gateway takes no more, finishes what it has in hand, and ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.gateway.kit import rsa_key, token
from tests.servers import free_port

pytestmark = pytest.mark.system


async def until(condition: object) -> None:
    while not await condition():  # type: ignore[operator]  # noqa: ASYNC110 - another process decides
        await asyncio.sleep(0.02)


async def test_requests_in_flight_are_finished(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    port, go = free_port(), tmp_path / "wait.go"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.gateway.slow_server", str(port), str(go),
        env={**os.environ, "JOINUP_TEST_KEY": str(key)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    headers = {"authorization": f"Bearer {token()}"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as http:

            async def ready() -> bool:
                try:
                    return (await http.get("/health/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            async def inside() -> bool:
                return go.with_suffix(".inside").exists()

            await asyncio.wait_for(until(ready), 30)
            asking = asyncio.create_task(http.post("/graphql", json={"query": "{hello}"}))
            await asyncio.wait_for(until(inside), 30)
            process.send_signal(signal.SIGTERM)

            async def closed() -> bool:
                try:
                    async with httpx.AsyncClient() as other:
                        await other.get(f"http://127.0.0.1:{port}/health/live")
                except httpx.TransportError:
                    return True
                return False

            await asyncio.wait_for(until(closed), 30)
            assert not asking.done()
            go.touch()
            reply = await asking
        assert reply.json() == {"data": {"hello": "hello world"}}
        _, errors = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode in (0, -signal.SIGTERM)
    assert go.with_suffix(".closed").exists()
    assert "draining" in [json.loads(line)["event"] for line in errors.decode().splitlines()]
