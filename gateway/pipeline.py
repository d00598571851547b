"""The life of a query, as named stages, and the seam to what executes it.

    HTTP        gateway/http/        bytes → Params            refuses what is no GraphQL request
    Identity    gateway/identity/    Authorization → Caller    refuses who cannot be believed
    Operation   gateway/operation/   Params → Operation        refuses what is invalid or too large
    Engine      Engine.answer        scope, plan, execute, gate, project, audit
    Reply       gateway/http/reply   Answer → bytes on the wire

A stage refuses by raising `gateway.errors.Refusal`. The engine does so too, for whole requests (AUDIT_UNAVAILABLE,
REGISTRY_UNAVAILABLE, FORBIDDEN); what fails inside an answer stands in that answer's `errors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from policies.caller import Caller

OperationKind = Literal["query", "mutation"]


NOT_FORWARDED = frozenset({b"authorization", b"proxy-authorization", b"cookie"})


class Params(msgspec.Struct, frozen=True):
    """What a request asks for, well typed and nothing more. `document_id` is a trusted document's hash."""

    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Any] = {}
    document_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A parsed and validated document with the one operation that is to run. Cached and shared by requests.

    `hash` is the SHA-256 of `text` in hex: the audit names a document by it. `shape` is that of the text as it is written
    without regard to space and comments: an operation is planned once for each `(visible.key, shape, name)`.
    """

    text: str
    hash: str
    shape: str
    ast: DocumentNode
    definition: OperationDefinitionNode
    name: str | None
    kind: OperationKind


class Operation(msgspec.Struct, frozen=True, eq=False):
    """What the caller asks for, checked: a document, and variables that fit their types.

    `variables` are as sent, without those that the operation does not declare (for passing on to subgraphs);
    `values` are coerced, with defaults filled in (for executing). `trusted` says that the document came from
    a manifest. `cost` is the static estimate that passed the limit.
    """

    document: Document
    variables: Mapping[str, Any]
    values: Mapping[str, Any]
    cost: int = 0
    trusted: bool = False

    @property
    def ast(self) -> DocumentNode:
        return self.document.ast

    @property
    def definition(self) -> OperationDefinitionNode:
        return self.document.definition

    @property
    def name(self) -> str | None:
        return self.document.name

    @property
    def kind(self) -> OperationKind:
        return self.document.kind

    @property
    def hash(self) -> str:
        return self.document.hash

    @property
    def shape(self) -> str:
        return self.document.shape

    @property
    def text(self) -> str:
        return self.document.text


class RequestInfo(msgspec.Struct, frozen=True):
    """Facts of the HTTP request that execution may need.

    `id` goes out as `X-Request-Id` and into audit and log. `started` is `loop.time()` at arrival. `incremental`
    says that the client reads multipart/mixed, so `@defer` may answer in frames; otherwise one answer is due.
    """

    id: str
    started: float
    incremental: bool = False
    all_headers: Mapping[bytes, bytes] = {}

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers (lower-case names) without Authorization and Cookie; the engine forwards only configured ones."""
        return {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in self.all_headers.items()
            if name not in NOT_FORWARDED
        }


class Complete(msgspec.Struct, frozen=True):
    """The whole answer as JSON bytes, with a `data` member. `errors` says whether it has `errors`, too."""

    body: bytes
    errors: bool = False


@dataclass(frozen=True, slots=True)
class Frames:
    """An answer in parts: JSON bytes each, in the incremental delivery format, `hasNext` false in the last.

    The iterator is closed (`aclose`) when the client goes away.
    """

    parts: AsyncIterator[bytes]


Answer = Complete | Frames


class Visible(msgspec.Struct, frozen=True):
    """The schema that a caller's role may see.

    `key` differs whenever the schema does (generation and role): it is part of every cache key of checked
    documents. Without `may_introspect`, introspection is refused and validation gives one generic message.
    """

    schema: GraphQLSchema
    key: str
    may_introspect: bool


class Engine(Protocol):
    """Everything between a checked operation and its answer. One per process; started by the ASGI lifespan."""

    async def start(self) -> None:
        """Open pools and stores, load supergraph and policy. Raises when it can never serve."""
        ...

    async def close(self) -> None:
        """Finish and release everything; called after the last request in flight has been answered."""
        ...

    def ready(self) -> Mapping[str, bool]:
        """Named conditions for readiness (supergraph, policy, stores). One dead source makes nothing false."""
        ...

    def schema_for(self, caller: Caller) -> Visible:
        """The caller's view of the schema. Called once per request: a look-up, no building."""
        ...

    async def answer(self, operation: Operation, caller: Caller, request: RequestInfo) -> Answer:
        """Answer the operation. Raises Refusal when the request as a whole is refused."""
        ...
