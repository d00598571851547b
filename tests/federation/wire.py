"""Answers of subgraphs in this process as they would be read off the wire, by the request's own decoder if it has one."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.federation.fetcher import Fetcher, SubgraphRequest, SubgraphResponse
from gateway.federation.http_fetcher import read_reply
from resolvers.sources.upstream import Reply


def read(request: SubgraphRequest, response: SubgraphResponse) -> SubgraphResponse:
    """The response, written as JSON and read again; as it is where JSON cannot say it."""
    body: dict[str, Any] = {"data": response.data}
    if response.errors:
        body["errors"] = [
            {"message": each.message, "path": each.path, "extensions": each.extensions} for each in response.errors
        ]
    try:
        content = msgspec.json.encode(body)
    except (TypeError, msgspec.MsgspecError):
        return response
    reply = Reply(200, content, {"content-type": "application/json"})
    return read_reply(reply, decoder=request.decoder)


class OnWire:
    """A fetcher whose answers are read off the wire; `typed` counts those that came as Structs."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self.typed = 0

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        response = read(request, await self.fetcher.fetch(request, context))
        self.typed += isinstance(response.data, msgspec.Struct)
        return response
