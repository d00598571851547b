"""An upstream that answers from memory and records what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from resolvers.sources.upstream import Reply, UpstreamError


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as the upstream saw it."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    content: bytes | None
    deadline: float

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.content or b"null")


Answer = Reply | UpstreamError
Handler = Callable[[Sent], Answer]


@dataclass
class Recorded:
    """Answers each request by `handler`; `delay` seconds go by first."""

    handler: Handler
    base_url: str = "https://practice.example/fhir"
    delay: float = 0.0
    sent: list[Sent] = field(default_factory=list)

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float,
        idempotent: bool | None = None,
    ) -> Reply:
        pairs = tuple(query.items()) if isinstance(query, Mapping) else tuple(query)
        request = Sent(method, path, pairs, dict(headers or {}), content, deadline)
        self.sent.append(request)
        await asyncio.sleep(self.delay)
        answer = self.handler(request)
        if isinstance(answer, UpstreamError):
            raise answer
        return answer


def ok(body: object, status: int = 200) -> Reply:
    """A JSON answer, from bytes or from a value."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Reply(status, raw, {"content-type": "application/fhir+json"})


def always(body: object, status: int = 200) -> Recorded:
    """An upstream that has one answer."""
    return Recorded(lambda _: ok(body, status))
