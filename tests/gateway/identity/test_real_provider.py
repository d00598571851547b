"""Tokens and keys of a real OpenID provider (npm oidc-provider, certified), over its own endpoints."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.errors import Refusal
from gateway.identity.issuers import Authenticator, trusted_issuers
from gateway.settings import parse
from tests.gateway.kit import ROLES
from tests.gateway.node_packages import node_modules
from tests.servers import free_port

pytestmark = [pytest.mark.node, pytest.mark.system]


@asynccontextmanager
async def provider(port: int, algorithm: str) -> AsyncIterator[str]:
    """A provider with new keys; its issuer address."""
    folder = node_modules("oidc-provider", "oidc-provider@9.13.3")
    shutil.copy(Path(__file__).with_name("provider.mjs"), folder / "provider.mjs")
    process = await asyncio.create_subprocess_exec(
        "node", "provider.mjs", str(port), algorithm,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    while b"listening" not in await asyncio.wait_for(process.stdout.readline(), 30):
        assert process.returncode is None
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.communicate()


async def access_token(issuer: str) -> str:
    async with httpx.AsyncClient() as http:
        reply = await http.post(
            f"{issuer}/token",
            data={"grant_type": "client_credentials", "scope": "record", "resource": "urn:joinup"},
            auth=("ward-list", "secret"),
        )
    assert reply.status_code == 200, reply.text
    text: str = reply.json()["access_token"]
    return text


def authenticator(issuer: str) -> Authenticator:
    settings = parse(
        f"""
        [identity.issuers.provider]
        issuer = "{issuer}"
        audience = ["urn:joinup"]
        algorithms = ["RS256", "ES256"]
        jwks_url = "{issuer}/jwks"
        allow_http_loopback = true
        """
    )
    return Authenticator(trusted_issuers(settings), ROLES)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_token_of_a_certified_provider_is_believed(algorithm: str) -> None:
    async with provider(free_port(), algorithm) as issuer:
        identity = authenticator(issuer)
        assert not identity.ready()
        await identity.warm()
        assert identity.ready()
        caller = await identity.caller([f"Bearer {await access_token(issuer)}".encode()])
        assert (caller.issuer, caller.role, caller.organisation, caller.client) == (issuer, "gp", "F83004", "ward-list")
        await identity.close()


async def test_provider_with_new_keys_is_followed_after_the_pause() -> None:
    port = free_port()
    async with provider(port, "ES256") as issuer:
        identity = authenticator(issuer)
        await identity.warm()
    async with provider(port, "RS256") as issuer:
        header = [f"Bearer {await access_token(issuer)}".encode()]
        with pytest.raises(Refusal, match="UNAUTHENTICATED"):
            await identity.caller(header)
        (trusted,) = identity._issuers.values()
        trusted.keys._tried -= 31  # type: ignore[attr-defined]
        assert (await identity.caller(header)).role == "gp"
        await identity.close()


async def test_provider_that_is_down_is_not_the_callers_fault() -> None:
    port = free_port()
    async with provider(port, "ES256") as issuer:
        header = [f"Bearer {await access_token(issuer)}".encode()]
    identity = authenticator(issuer)
    with pytest.raises(Refusal, match="IDENTITY_UNAVAILABLE"):
        await identity.caller(header)
    await identity.close()
