"""What a source's table says of credentials, trust, headers and bounds is what its client does, on the wire."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.connect import ConnectError, Connections, directory
from gateway.reach import Reach
from gateway.settings import parse
from resolvers.sources.upstream import Failure, Reply, UpstreamError
from tests.gateway.test_connect import PDS
from tests.gateway.upstream.certificates import Authority, server_context

SECRET = "s3cret-of-the-hospital"
TOKEN = b'{"access_token":"fresh","token_type":"Bearer","expires_in":300}'


@dataclass
class Server:
    """An HTTP server that keeps the heads of its requests, lower-case; `delay` seconds pass before each answer."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    delay: float = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                await asyncio.sleep(self.delay)
                body = TOKEN if head.startswith("POST /token") else b"x" * 100
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def header(self, name: str) -> str | None:
        """A header of the last request."""
        lines = [line.partition(":") for line in self.heads[-1].split("\r\n")[1:]]
        return next((value.strip() for key, _, value in lines if key.lower() == name), None)


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    made = Server()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


async def ask(base_url: str, more: str, folder: Path = Path()) -> Reply:
    """One call with the client of a hospital that is configured so."""
    table = f"""
[[sources]]
id = "hospital"
ods = "RAL"
name = "Hospital"
kind = "fhir-r4"
base_url = "{base_url}"
covers = {{ everyone = true }}
{more}
"""
    connections = Connections(parse(PDS + table, base=folder), Reach(CollectorRegistry()))
    try:
        directory(connections)
        assert SECRET not in repr(connections.clients["hospital"])
        return await connections.clients["hospital"].send("GET", "x", deadline=asyncio.get_running_loop().time() + 10)
    finally:
        await connections.resources.aclose()
        await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_SECRET", SECRET)


@pytest.mark.parametrize(
    ("table", "header", "value"),
    [
        ('auth = { kind = "api-key", secret = "env:HOSPITAL_SECRET" }', "apikey", SECRET),
        ('auth = { kind = "api-key", secret = "env:HOSPITAL_SECRET", header = "x-key" }', "x-key", SECRET),
        ('auth = { kind = "bearer", secret = "env:HOSPITAL_SECRET" }', "authorization", f"Bearer {SECRET}"),
        (
            'auth = { kind = "basic", user = "joinup", secret = "env:HOSPITAL_SECRET" }',
            "authorization",
            "Basic " + base64.b64encode(f"joinup:{SECRET}".encode()).decode(),
        ),
        ('headers = { "x-tenant" = "north", "x-pass" = "env:HOSPITAL_SECRET" }', "x-pass", SECRET),
        ('headers = { "x-tenant" = "north", "x-pass" = "env:HOSPITAL_SECRET" }', "x-tenant", "north"),
        ("", "authorization", None),
    ],
)
async def test_credentials_and_headers_are_sent_as_configured(table: str, header: str, value: str | None) -> None:
    async with serving() as server:
        await ask(f"http://127.0.0.1:{server.port}/r4", table)
        assert server.header(header) == value


async def test_an_oauth_client_fetches_its_token_first() -> None:
    async with serving() as server:
        url = f"http://127.0.0.1:{server.port}"
        auth = f'auth = {{ kind = "oauth2", token_url = "{url}/token", client_id = "joinup", secret = "env:HOSPITAL_SECRET" }}'
        await ask(f"{url}/r4", auth)
        assert [head.split(" ")[1] for head in server.heads] == ["/token", "/r4/x"]
        assert server.header("authorization") == "Bearer fresh"


async def test_private_authority_and_client_certificate_are_used(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("gateway")
    context = server_context(*authority.issue("localhost"), clients=authority.file)
    files = f'ca_file = "{authority.file.name}", cert_file = "{certificate.name}", key_file = "{key.name}"'
    async with serving(context) as server:
        url = f"https://localhost:{server.port}/r4"
        assert (await ask(url, f"tls = {{ {files} }}", tmp_path)).status == 200
        for less in ("", f'tls = {{ ca_file = "{authority.file.name}" }}'):
            with pytest.raises(UpstreamError) as caught:
                await ask(url, less, tmp_path)
            assert caught.value.failure is Failure.UNAVAILABLE
        assert len(server.heads) == 1


async def test_the_token_endpoint_has_trust_of_its_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("gateway")
    context = server_context(*authority.issue("localhost"), clients=authority.file)
    files = f'ca_file = "{authority.file.name}", cert_file = "{certificate.name}", key_file = "{key.name}"'
    async with serving(context) as tokens, serving() as server:
        auth = f'kind = "oauth2", token_url = "https://localhost:{tokens.port}/token", client_id = "joinup"'
        secret = 'secret = "env:HOSPITAL_SECRET"'
        url = f"http://127.0.0.1:{server.port}/r4"
        await ask(url, f"auth = {{ {auth}, {secret}, tls = {{ {files} }} }}", tmp_path)
        assert server.header("authorization") == "Bearer fresh"
        with pytest.raises(UpstreamError):
            await ask(url, f"auth = {{ {auth}, {secret} }}\ntls = {{ {files} }}", tmp_path)


async def test_an_answer_beyond_the_configured_size_is_refused() -> None:
    async with serving() as server:
        with pytest.raises(UpstreamError) as caught:
            await ask(f"http://127.0.0.1:{server.port}/r4", "max_response_bytes = 99")
        assert caught.value.failure is not Failure.TIMED_OUT
        assert (await ask(f"http://127.0.0.1:{server.port}/r4", "max_response_bytes = 100")).status == 200


@pytest.mark.parametrize("bound", ["total_s", "read_s"])
async def test_a_configured_bound_on_time_holds(bound: str) -> None:
    async with serving() as server:
        server.delay = 5.0
        with pytest.raises(UpstreamError) as caught:
            await ask(f"http://127.0.0.1:{server.port}/r4", f"timeouts = {{ {bound} = 0.1 }}")
        assert caught.value.failure is Failure.TIMED_OUT


async def test_a_file_that_holds_no_certificate_is_named_with_its_source(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConnectError, match="hospital") as caught:
        await ask("https://hospital.test/r4", 'tls = { ca_file = "empty.pem" }', tmp_path)
    assert "empty.pem" in str(caught.value)
