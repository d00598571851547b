"""Frames of an incremental answer as multipart/mixed (RFC 1341, GraphQL over HTTP's incremental delivery)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from gateway.http.body import Receive
from gateway.http.reply import PRIVATE, Header, Send

CONTENT_TYPE = b'multipart/mixed; boundary="-"'
_HEAD = b"\r\n---\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
_END = b"\r\n-----\r\n"


async def send_frames(send: Send, receive: Receive, parts: AsyncIterator[bytes], extra: tuple[Header, ...]) -> int:
    """Send every frame as it comes; stop asking for frames when the client goes away. Returns their number."""
    headers = [(b"content-type", CONTENT_TYPE), *PRIVATE, *extra]
    sending = asyncio.current_task()
    watcher = asyncio.create_task(_watch(receive, sending))
    count = 0
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for part in parts:
            await send({"type": "http.response.body", "body": _HEAD + part, "more_body": True})
            count += 1
        await send({"type": "http.response.body", "body": _END, "more_body": False})
    except asyncio.CancelledError:
        if not (watcher.done() and not watcher.cancelled() and watcher.result()):
            raise
        if sending is not None:
            sending.uncancel()
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()
    return count


async def _watch(receive: Receive, sending: asyncio.Task[object] | None) -> bool:
    """Cancel the sender once the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        continue
    if sending is not None:
        sending.cancel()
    return True
