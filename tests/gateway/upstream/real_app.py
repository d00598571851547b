"""What uvicorn serves in the conformance tests; the Node and nginx servers offer the same paths."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from typing import Any

LARGE = b"a" * 1_000_000


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    path = scope["path"]
    status, headers, parts = 200, [(b"content-type", b"text/plain")], [b"ok"]
    if path == "/large":
        parts = [LARGE]
    elif path == "/gzip":
        headers.append((b"content-encoding", b"gzip"))
        parts = [gzip.compress(LARGE)]
    elif path == "/none":
        status, parts = 204, [b""]
    elif path == "/chunked":
        parts = [b"a" * 10] * 100
    elif path == "/echo":
        parts = [body]
    if len(parts) == 1 and status != 204:
        headers.append((b"content-length", str(len(parts[0])).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
