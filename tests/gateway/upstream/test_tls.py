"""TLS: verified by name and authority, mutual where the server asks for it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.errors import DisconnectedError, TlsError
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.request import Origin, request_bytes
from gateway.upstream.transport.tls import TlsSettings, TlsSettingsError, tls_context
from gateway.upstream.transport.transport import PooledTransport
from tests.gateway.upstream.certificates import Authority, server_context
from tests.gateway.upstream.hostile import OK


@asynccontextmanager
async def tls_server(context: ssl.SSLContext) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(OK)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def get(port: int, tls: TlsSettings, host: str = "localhost", times: int = 1) -> tuple[Answer, int]:
    transport = PooledTransport(Limits(connect_seconds=5), tls)
    origin = Origin(True, host, port)
    deadline = asyncio.get_running_loop().time() + 10
    try:
        for _ in range(times):
            data = request_bytes("GET", "/", origin.authority, "", None)
            answer = await transport.exchange(origin, data, head_only=False, replayable=False, deadline=deadline)
        return answer, transport.pool(origin).open
    finally:
        await transport.aclose()
        await asyncio.sleep(0.02)
        assert transport.pool(origin).open == 0


async def test_trusted_server_answers_over_one_connection(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with tls_server(server_context(*authority.issue("localhost"))) as port:
        answer, connections = await get(port, TlsSettings(ca_file=authority.file), times=5)
        assert (answer.body, connections) == (b"ok", 1)


async def test_wrong_host_name_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with tls_server(server_context(*authority.issue("hospital.example"))) as port:
        with pytest.raises(TlsError):
            await get(port, TlsSettings(ca_file=authority.file))


async def test_address_is_checked_as_an_address(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with tls_server(server_context(*authority.issue("localhost", address="127.0.0.1"))) as port:
        answer, _ = await get(port, TlsSettings(ca_file=authority.file), host="127.0.0.1")
        assert answer.body == b"ok"


async def test_unknown_authority_is_refused(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "another authority")
    async with tls_server(server_context(*authority.issue("localhost"))) as port:
        with pytest.raises(TlsError):
            await get(port, TlsSettings(ca_file=other.file))
        with pytest.raises(TlsError):
            await get(port, TlsSettings())


async def test_plain_server_is_no_tls_server() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(OK)
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    with pytest.raises(TlsError):
        await get(server.sockets[0].getsockname()[1], TlsSettings())
    server.close()


async def test_client_certificate_is_shown_where_required(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("gateway", password=b"secret")
    context = server_context(*authority.issue("localhost"), clients=authority.file)
    mutual = TlsSettings(authority.file, certificate, key, "secret")
    async with tls_server(context) as port:
        answer, _ = await get(port, mutual)
        assert answer.body == b"ok"
        # With TLS 1.3 the server's refusal comes after the handshake, in place of the answer.
        with pytest.raises((TlsError, DisconnectedError)):
            await get(port, TlsSettings(ca_file=authority.file))


def test_old_protocol_versions_are_off() -> None:
    context = tls_context(TlsSettings())
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_unusable_files_are_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, _ = authority.issue("a")
    _, other_key = authority.issue("b")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    for settings in (TlsSettings(ca_file=nonsense), TlsSettings(ca_file=tmp_path / "absent.pem")):
        with pytest.raises(TlsSettingsError, match=str(settings.ca_file)):
            tls_context(settings)
    with pytest.raises(TlsSettingsError, match="belong together"):
        tls_context(TlsSettings(None, certificate, other_key))
    locked, key = authority.issue("c", password=b"right")
    with pytest.raises(TlsSettingsError):
        tls_context(TlsSettings(None, locked, key, "wrong"))


def test_key_password_is_never_shown() -> None:
    assert "hunter2" not in repr(TlsSettings(client_key_password="hunter2"))
