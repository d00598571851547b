"""Subgraphs over HTTP: one POST per request, the answer read strictly, every fault typed.

Nothing of a faulty answer leaves this module: a FetchFailure says only what kind of fault it was.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from gateway.federation.fetcher import FetchFailure, SubgraphError, SubgraphRequest, SubgraphResponse
from gateway.federation.share import InFlight
from gateway.federation.unread import forget_lost
from resolvers.sources.upstream import Failure, Reply, Upstream, UpstreamError

JSON_TYPES = frozenset({"application/json", "application/graphql-response+json"})
HEADERS = {
    "accept": "application/graphql-response+json, application/json;q=0.9",
    "content-type": "application/json",
}
MAX_BODY = 20_000_000
"""Bytes of an answer that are read at most: room for the largest record, and an end to a faulty stream."""
MAX_ERRORS = 1_000
"""Errors of one answer that are looked at; the rest say nothing new."""


class _Envelope(msgspec.Struct):
    data: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    errors: list[dict[str, Any]] | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Envelope)


class Sending(msgspec.Struct, frozen=True):
    """What a request to a subgraph carries beside its body.

    `deadline` is in seconds of the event loop's clock. `share` is what identifies the caller for in-flight
    sharing; None (the default) shares nothing.
    """

    deadline: float
    headers: Mapping[str, str]
    share: str | None = None


class HttpFetcher:
    """Fetches from the subgraphs that it has an upstream for; each upstream's base URL is the endpoint."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        sending: Callable[[SubgraphRequest, Any], Sending],
        max_body: int = MAX_BODY,
    ) -> None:
        self._upstreams = upstreams
        self._sending = sending
        self._max_body = max_body
        self._in_flight: InFlight[Reply] = InFlight()

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        """Ask over HTTP. Raises FetchFailure."""
        upstream = self._upstreams.get(request.subgraph)
        if upstream is None:
            raise FetchFailure(Failure.UNAVAILABLE, "no upstream is configured")
        sending = self._sending(request, context)
        headers = {**sending.headers, **HEADERS} if sending.headers else HEADERS
        content = _content(request)
        may_repeat = request.kind == "query"

        def send() -> Coroutine[Any, Any, Reply]:
            return upstream.send(
                "POST", "", headers=headers, content=content, deadline=sending.deadline, idempotent=may_repeat
            )

        try:
            if sending.share is None or not may_repeat:
                reply = await send()
            else:
                reply = await self._in_flight.once((request.subgraph, content, sending.share), send)
        except UpstreamError as error:
            raise FetchFailure(error.failure, error.detail) from None
        return read_reply(reply, self._max_body, request.decoder)


def _content(request: SubgraphRequest) -> bytes:
    head = _head(request.document, request.operation_name)
    return b'%b,"variables":%b}' % (head, _encoder.encode(request.variables)) if request.variables else head + b"}"


@lru_cache(maxsize=4096)
def _head(document: str, operation_name: str | None) -> bytes:
    """A body's beginning, the same for every request of a plan's step."""
    named = {} if operation_name is None else {"operationName": operation_name}
    return _encoder.encode({"query": document, **named})[:-1]


def read_reply(
    reply: Reply, max_body: int = MAX_BODY, decoder: msgspec.json.Decoder[Any] | None = None
) -> SubgraphResponse:
    """Read an answer as GraphQL over HTTP says, by the decoder if it can. Raises FetchFailure."""
    if len(reply.body) > max_body:
        raise FetchFailure(Failure.MALFORMED, "the answer is too large")
    content_type = reply.headers.get("content-type", "")
    if content_type not in JSON_TYPES:
        content_type = content_type.partition(";")[0].strip().lower()
    graphql = content_type == "application/graphql-response+json"
    if not 200 <= reply.status < 300 and not graphql:
        raise FetchFailure(_status_failure(reply.status), f"status {reply.status}")
    if content_type not in JSON_TYPES:
        raise FetchFailure(Failure.MALFORMED, "the answer is not JSON by its content type")
    try:
        envelope = _decoder.decode(reply.body) if decoder is None else decoder.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if decoder is not None:
            return read_reply(reply, max_body)
        raise FetchFailure(Failure.MALFORMED, "the answer is not a GraphQL response") from None
    if envelope.data is msgspec.UNSET and not envelope.errors:
        raise FetchFailure(Failure.MALFORMED, "the answer has neither data nor errors")
    data = None if isinstance(envelope.data, msgspec.UnsetType) else envelope.data
    if envelope.errors:
        forget_lost(data, envelope.errors)
    return SubgraphResponse(data, tuple(map(_error, (envelope.errors or ())[:MAX_ERRORS])))


def _status_failure(status: int) -> Failure:
    if status in (401, 403):
        return Failure.REFUSED
    return Failure.UNAVAILABLE if status == 429 or status >= 500 else Failure.MALFORMED


def _error(entry: dict[str, Any]) -> SubgraphError:
    message, path, extensions = entry.get("message"), entry.get("path"), entry.get("extensions")
    return SubgraphError(
        message if isinstance(message, str) else "",
        tuple(path) if isinstance(path, list) else None,
        extensions if isinstance(extensions, dict) else {},
    )
