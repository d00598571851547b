"""How partners' subgraphs are asked: over HTTP, with a signed word on who asks, and nothing else unless allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.config import Subgraph
from gateway.connect import ConnectError, Connections
from gateway.federation.fetcher import Fetcher, SubgraphRequest
from gateway.federation.http_fetcher import HttpFetcher, Sending
from gateway.pipeline import RequestInfo
from gateway.settings import Settings
from gateway.subgraphs import Partner
from gateway.upstream.client import UpstreamClient
from gateway.upstream.context import CONTEXT_HEADER, ContextSigner, RequestContext
from resolvers.context import RecordContext

KEY = "nhsNumber"
NEVER_FORWARDED = frozenset({CONTEXT_HEADER, "authorization", "cookie", "host", "content-length", "connection"})
"""Headers of a caller that no configuration passes on: they are ours, or would let the partner act as the caller."""


@dataclass(slots=True, kw_only=True)
class GatewayContext(RecordContext):
    """A record context that also knows the HTTP request, of which a partner may be sent some headers."""

    request: RequestInfo = field(default_factory=lambda: RequestInfo("", 0.0))


def partner_fetchers(connections: Connections, partners: list[Partner]) -> dict[str, Fetcher]:
    """A fetcher for each partner, by subgraph name. Raises ConnectError."""
    return {partner.entry.name: _fetcher(connections, partner.entry) for partner in partners}


def _fetcher(connections: Connections, entry: Subgraph) -> Fetcher:
    client, introduction = meet(connections, entry)
    return HttpFetcher({entry.name: client}, introduction.sending, entry.max_response_bytes)


def meet(connections: Connections, entry: Subgraph) -> tuple[UpstreamClient, Introduction]:
    """A client for the partner, and what it is told with each request. Raises ConnectError."""
    extra = dict.fromkeys([name.lower() for name in entry.forward_headers] + [CONTEXT_HEADER], "")
    client = connections.client(entry.name, entry.url, entry, extra)
    return client, Introduction(entry, _signer(connections.settings, entry))


@dataclass(frozen=True, slots=True)
class Introduction:
    """What one partner is told with each request."""

    entry: Subgraph
    signer: ContextSigner | None

    def sending(self, request: SubgraphRequest, context: Any) -> Sending:
        """Headers, deadline and the key under which equal requests of one caller may share an answer."""
        assert isinstance(context, GatewayContext)
        forwarded = self._forwarded(context)
        alike = repr((context.caller.key, sorted(forwarded.items())))
        return Sending(context.deadline, self._headers(request, context, forwarded), alike)

    def signed(self, facts: RequestContext) -> dict[str, str]:
        """The header that says who asks; none where the partner is not told."""
        return dict([self.signer.header(self.entry.name, facts)]) if self.signer is not None else {}

    def _forwarded(self, context: GatewayContext) -> dict[str, str]:
        allowed = {name.lower() for name in self.entry.forward_headers} - NEVER_FORWARDED
        return {name: value for name, value in context.request.headers.items() if name in allowed}

    def _headers(
        self, request: SubgraphRequest, context: GatewayContext, forwarded: Mapping[str, str]
    ) -> dict[str, str]:
        caller = context.caller
        facts = RequestContext(
            subject=f"{caller.issuer}|{caller.subject}",
            role=caller.role,
            organisation=caller.organisation,
            purpose=caller.purpose,
            patient=_one_patient(request.variables),
            request_id=context.request_id,
        )
        return {**forwarded, **self.signed(facts), "x-request-id": context.request_id}


def _signer(settings: Settings, entry: Subgraph) -> ContextSigner | None:
    if entry.signing_key is None:
        return None
    try:
        pem = settings.path(entry.signing_key).read_bytes()
        return ContextSigner("joinup", entry.signing_key_id, pem, entry.signing_algorithm)
    except (OSError, ValueError) as error:
        raise ConnectError(f"{entry.name}: signing_key: {error}") from None


def _one_patient(variables: Mapping[str, Any]) -> str | None:
    """The NHS number that a request is about, where it is about one."""
    numbers = {
        value[KEY]
        for values in variables.values()
        if isinstance(values, list)
        for value in values
        if isinstance(value, dict) and isinstance(value.get(KEY), str)
    }
    return numbers.pop() if len(numbers) == 1 else None
