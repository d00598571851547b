"""Asking a subgraph for its SDL: `_service { sdl }` (Apollo Federation subgraph specification)."""

from __future__ import annotations

import asyncio

import msgspec

from gateway.config import Subgraph
from gateway.connect import Connections
from gateway.partners import meet
from gateway.reach import Reach
from gateway.settings import Settings
from gateway.upstream.context import RequestContext
from resolvers.sources.upstream import UpstreamError

QUERY = msgspec.json.encode({"query": "{ _service { sdl } }"})
HEADERS = {"content-type": "application/json", "accept": "application/graphql-response+json, application/json"}
GATEWAY = RequestContext("joinup", "gateway", "", "HOPERAT")
"""Who asks for an SDL: nobody but the gateway itself."""
MAX_SDL = 1_048_576
"""Characters of an SDL. A larger one is a mistake."""


class SdlError(Exception):
    """A subgraph did not tell its SDL; says why and how to mend it."""


class _Service(msgspec.Struct):
    sdl: str


class _Data(msgspec.Struct):
    service: _Service | None = msgspec.field(name="_service", default=None)


class _Answer(msgspec.Struct):
    data: _Data | None = None


async def ask_sdl(settings: Settings, entry: Subgraph, reach: Reach, seconds: float = 5.0) -> str:
    """The subgraph's SDL as it tells it now. Raises SdlError, ConnectError."""
    connections = Connections(settings, reach)
    try:
        client, introduction = meet(connections, entry)
        headers = {**HEADERS, **introduction.signed(GATEWAY)}
        deadline = asyncio.get_running_loop().time() + seconds
        reply = await client.send("POST", "", headers=headers, content=QUERY, deadline=deadline, idempotent=True)
    except UpstreamError as error:
        raise SdlError(f"{entry.name}: {entry.url} does not answer ({error}); check address, network and TLS") from None
    finally:
        await connections.resources.aclose()
    if reply.status != 200:
        raise SdlError(f"{entry.name}: {entry.url} answers {reply.status}; check the path and the credentials")
    try:
        answer = msgspec.json.decode(reply.body, type=_Answer)
    except msgspec.MsgspecError:
        raise SdlError(
            f"{entry.name}: {entry.url} does not answer GraphQL JSON; is this the GraphQL endpoint?"
        ) from None
    if answer.data is None or answer.data.service is None:
        raise SdlError(f"{entry.name}: no _service {{ sdl }}; serve the schema with a Federation 2 subgraph library")
    if len(answer.data.service.sdl) > MAX_SDL:
        raise SdlError(f"{entry.name}: its SDL is larger than {MAX_SDL} characters")
    return answer.data.service.sdl
