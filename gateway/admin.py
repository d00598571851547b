"""`/admin/graph`: what graph is at work, and, on POST, read everything anew. For operators, behind a token of its own.

Without `[federation] admin_token` there is nothing at this address.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import msgspec

from gateway.http.reply import PRIVATE, Header, Send, send_body

Scope = MutableMapping[str, Any]
PATH = "/admin/graph"
_encode = msgspec.json.encode


class Graphs(Protocol):
    """The graph at work, as `gateway.live.LiveGraph` has it."""

    @property
    def status(self) -> Any: ...

    async def reload(self) -> Any: ...


class GraphAdmin:
    """GET answers the status; POST reloads first. 200 where the last attempt put a graph to work, 409 where not."""

    def __init__(self, graph: Graphs, token: str, reloaded: Callable[[], None] = lambda: None) -> None:
        self._graph = graph
        self._expected = b"Bearer " + token.encode("utf-8")
        self._reloaded = reloaded

    async def __call__(self, scope: Scope, _receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) != 1 or not hmac.compare_digest(given[0], self._expected):
            await _send(
                send, 401, {"error": "give the admin token as a bearer token"}, [(b"www-authenticate", b"Bearer")]
            )
        elif scope["method"] == "GET":
            await _send(send, 200, self._graph.status)
        elif scope["method"] == "POST":
            status = await self._graph.reload()
            self._reloaded()
            await _send(send, 200 if status.ok else 409, status)
        else:
            await _send(send, 405, {"error": "GET or POST"}, [(b"allow", b"GET, POST")])


async def _send(send: Send, status: int, body: object, more: list[Header] | None = None) -> None:
    headers: list[Header] = [(b"content-type", b"application/json"), *PRIVATE, *(more or [])]
    await send_body(send, status, headers, _encode(body))
