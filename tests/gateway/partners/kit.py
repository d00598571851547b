"""A whole gateway on a real socket, over a demographics server and foreign subgraphs that can be made to misbehave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from graphql import build_ast_schema, execute, parse

from gateway.cli.token import demo_token, write_key
from gateway.serve import build
from gateway.settings import Settings, load
from gateway.upstream.context import write_context_key
from seeds.organisations import DEMOGRAPHICS
from seeds.people import people
from seeds.servers import pds
from seeds.servers.faults import FaultMiddleware, Faults

ADMIN = "an-admin-token-of-the-tests"
PERSON, OTHER, OPTED_OUT = "9990000026", "9990000034", "9990000042"

HEAD = """\
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
    "@key", "@external", "@requires", "@shareable", "@override", "@composeDirective", "@authenticated",
    "@requiresScopes", "@policy"])
  @link(url: "https://specs.joinup.example/record/v1.0", import: ["@section", "@entry", "@neverSensitive"])
  @composeDirective(name: "@section") @composeDirective(name: "@entry") @composeDirective(name: "@neverSensitive")
directive @section(name: String!) on OBJECT | INTERFACE | FIELD_DEFINITION
directive @entry(codings: [String!]! = [], text: [String!]! = [], labels: [String!]! = []) on OBJECT | INTERFACE
directive @neverSensitive(reason: String!) on OBJECT | FIELD_DEFINITION
scalar NHSNumber
"""
NOTES = """\
type Patient @key(fields: "nhsNumber") { nhsNumber: NHSNumber! notes: [Note!] @section(name: "falls") }
type Note @section(name: "falls") @entry(text: ["text"]) { id: ID! text: String stars: Int kind: Kind }
enum Kind { VISIT CALL }
"""
VISITS = """\
type Patient @key(fields: "nhsNumber") { nhsNumber: NHSNumber! calls: [Call!] @section(name: "falls") }
type Call @section(name: "falls") @entry(text: ["text"]) { id: ID! text: String }
"""
_MACHINERY = """
scalar _Any type _Service { sdl: String! } union _Entity = Patient
type Query { _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
"""

Data = Mapping[str, Mapping[str, Any]]


def notes(*texts: str) -> dict[str, Any]:
    return {"notes": [{"id": f"n{index}", "text": text, "stars": 1} for index, text in enumerate(texts)]}


@dataclass(slots=True, eq=False)
class Foreign:
    """A subgraph that no library of ours serves. `mode` says how it answers; `seen` keeps the headers it got."""

    sdl: str
    data: Data
    mode: str = "well"
    told: str | None = None
    """What it tells of its SDL, if that is not what it executes."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    """With the mode "held", a request arrives and waits for its release."""
    seen: list[dict[str, str]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await _lifespan(receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.seen.append({name.decode(): value.decode() for name, value in scope["headers"]})
        self.bodies.append(body)
        request = json.loads(body)
        self.asked.append(request)
        await self._answer(request, receive, send)

    async def _answer(self, request: dict[str, Any], receive: Any, send: Any) -> None:
        answer = json.dumps(await self._executed(request)).encode()
        status, kind = 200, b"application/json"
        if self.mode == "html":
            answer, kind = b"<html>Sign in</html>", b"text/html"
        elif self.mode == "500":
            answer, status = b'{"errors":[{"message":"secret of the upstream 9990000026"}]}', 500
        elif self.mode == "truncated":
            answer = answer[: len(answer) // 2]
        elif self.mode == "length":
            answer = b'{"data":{"_entities":[]}}'
        elif self.mode == "mute":
            answer = b'{"data":null,"errors":[{"message":"no"}]}'
        elif self.mode == "huge":
            answer = b'{"data":{"_entities":["' + b"x" * 400_000 + b'"]}}'
        elif self.mode == "array":
            answer = b"[1,2]"
        elif self.mode == "held":
            self.arrived.set()
            await self.release.wait()
        elif self.mode == "never":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        if self.mode == "closes":
            await send({"type": "http.response.body", "body": answer[:10], "more_body": True})
            raise ConnectionAbortedError
        await send({"type": "http.response.body", "body": answer})

    async def _executed(self, request: dict[str, Any]) -> dict[str, Any]:
        schema = build_ast_schema(parse(self.sdl + _MACHINERY), assume_valid_sdl=True)
        root = {
            "_service": {"sdl": self.told or self.sdl},
            "_entities": lambda _info, representations: [self._entity(one) for one in representations],
        }
        result = execute(schema, parse(request["query"]), root, variable_values=request.get("variables"))
        shown: dict[str, Any] = {"data": result.data}
        if result.errors:
            shown["errors"] = [{"message": error.message, "path": error.path} for error in result.errors]
        if self.mode == "wrong types":
            shown = json.loads(
                json.dumps(shown).replace('"stars": 1', '"stars": "many"').replace('s": 1', 's": "many"')
            )
        if self.mode == "failing entries" and result.data:
            shown["errors"] = _fail_marked(shown["data"])
        if self.mode == "reversed" and result.data and "_entities" in result.data:
            shown["data"]["_entities"].reverse()
        if self.mode in ("loses what the gate reads", "loses it without a path", "omits what the gate reads"):
            shown["errors"] = _lose(shown["data"], omitted=self.mode.startswith("omits"))
            if self.mode == "loses it without a path":
                shown["errors"] = [{"message": "lost"} for _ in shown["errors"]]
        if self.mode == "unknown typename":
            shown = json.loads(json.dumps(shown).replace('"Note"', '"Somebody"'))
        return shown

    def _entity(self, representation: Mapping[str, Any]) -> dict[str, Any] | None:
        known = self.data.get(representation["nhsNumber"])
        return None if known is None else {"__typename": "Patient", **representation, **known}


def _fail_marked(data: dict[str, Any]) -> list[dict[str, Any]]:
    """An error for each note whose id ends in "!", whose stars are then lost."""
    errors = []
    for index, entity in enumerate(data.get("_entities", [])):
        for position, note in enumerate((entity or {}).get("notes") or []):
            if note["id"].endswith("!"):
                note["stars"] = None
                path = ["_entities", index, "notes", position, "stars"]
                errors.append({"message": f"cannot count {note['id']}", "path": path})
            if note["id"].endswith("?"):
                note["stars"] = "many"
    return errors


def _lose(data: dict[str, Any], *, omitted: bool) -> list[dict[str, Any]]:
    """An error for each note that has a second text for the gate, which is lost while the client's own is not."""
    errors = []
    for index, entity in enumerate(data.get("_entities", [])):
        for position, note in enumerate((entity or {}).get("notes") or []):
            for key in [key for key in note if key.startswith("__g_") and note["id"].endswith("!")]:
                if omitted:
                    del note[key]
                    continue
                note[key] = None
                errors.append({"message": "lost", "path": ["_entities", index, "notes", position, key]})
    return errors


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


@asynccontextmanager
async def listening(app: Any, port: int = 0, **tls: Any) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """An application on a free loopback port: its address, and its server. `tls` are uvicorn's own options."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, ws="none", **tls)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    address = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{address[1]}", server
    finally:
        server.should_exit = True
        for connection in list(server.server_state.connections):
            connection.transport.close()
        await task


CONFIG = """
[identity.issuers.demo]
issuer = "https://demo.joinup.example"
audience = ["joinup"]
algorithms = ["ES256"]
demo_signing_key = "signing-key.pem"

[stores]
optout_url = "sqlite+aiosqlite:///optout.sqlite3"
audit_url = "sqlite+aiosqlite:///audit.sqlite3"

[rate]
patients = 1000

[federation]
deadline_s = {deadline}
subgraphs_file = "subgraphs.json"
admin_token = "file:admin-token"
{federation}

[[sources]]
id = "pds"
ods = "X26"
name = "Demographics"
kind = "pds"
base_url = "{pds}"
timeouts = {{ connect_s = 20, read_s = 20, total_s = 20 }}
[sources.options]
requests_per_second = "100000"

{more}
"""


def subgraph(name: str, url: str, more: str = "") -> str:
    """A `[[subgraphs]]` table."""
    return f'[[subgraphs]]\nname = "{name}"\nurl = "{url}"\n{more}\n'


PATIENT_TIMES = "timeouts = { connect_s = 20, read_s = 20, total_s = 20 }\n"


def write_config(folder: Path, pds_url: str, more: str = "", federation: str = "", deadline: float = 20.0) -> Settings:
    """The configuration file of a gateway in a folder, its keys beside it."""
    if not (folder / "signing-key.pem").exists():
        write_key(folder / "signing-key.pem")
        write_context_key(folder / "context-key.pem", folder / "context-key.pub.pem")
        (folder / "admin-token").write_text(ADMIN)
    file = folder / "joinup.toml"
    file.write_text(CONFIG.format(pds=pds_url, more=more, federation=federation, deadline=deadline))
    return load(file)


@dataclass(slots=True)
class Area:
    """A running gateway and how to ask it."""

    url: str
    settings: Settings
    client: httpx.AsyncClient

    def token(self, role: str = "gp") -> str:
        return demo_token(self.settings, role, organisation="Y99001", subject=f"test-{role}", name="Test")

    async def ask(self, query: str, role: str = "gp", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One query's answer; its status is 200."""
        given = {"authorization": f"Bearer {self.token(role)}", **(headers or {})}
        reply = await self.client.post(f"{self.url}/graphql", json={"query": query}, headers=given)
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    async def status(self, method: str = "GET", token: str = ADMIN) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        return await self.client.request(method, f"{self.url}/admin/graph", headers=headers)

    async def until(self, wanted: Any) -> dict[str, Any]:
        """The status as soon as it is as wanted."""
        for _ in range(600):
            status: dict[str, Any] = (await self.status()).json()
            if wanted(status):
                return status
            await asyncio.sleep(0.05)
        raise AssertionError(f"the graph never came to be as wanted: {status}")


@asynccontextmanager
async def demographics() -> AsyncIterator[str]:
    """The made-up demographics service."""
    faults = Faults()
    app = pds.application(DEMOGRAPHICS, people(datetime.now(UTC).date()), faults)
    async with listening(FaultMiddleware(app, faults)) as (url, _):
        yield url


@asynccontextmanager
async def gateway_of(settings: Settings) -> AsyncIterator[Area]:
    """The gateway of a configuration, serving."""
    async with AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(listening(build(settings)))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=60, trust_env=False))
        yield Area(url, settings, client)
