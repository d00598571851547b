"""The seam between the executor and a subgraph, wherever the subgraph lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from gateway.federation.plan import OperationKind
from gateway.federation.shape import Shapes
from resolvers.sources.upstream import Failure


class SubgraphRequest(msgspec.Struct, frozen=True):
    """One operation for one subgraph, with only the variables that it uses."""

    subgraph: str
    document: str
    operation_name: str | None
    variables: Mapping[str, Any]
    kind: OperationKind
    decoder: msgspec.json.Decoder[Any] | None = None
    """Reads an answer's JSON as the executor likes it best: `data` as a Struct of its own. Needs not be used."""
    read: frozenset[str] | None = None
    """Response keys of the objects that the executor reads. An answer that tells its `shapes` may hold Structs under
    others, which encode alike and have attributes `f_` and the response key. None: it reads all."""


@dataclass(frozen=True, slots=True)
class SubgraphError:
    """One error of a subgraph's answer, as it wrote it: nothing here may go to a client unchecked."""

    message: str = ""
    path: tuple[Any, ...] | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)


class SubgraphResponse(msgspec.Struct, frozen=True):
    """A subgraph's answer: `data` is a dict, or what the request's decoder made of it. The executor takes it over and
    changes it in place."""

    data: Any
    errors: tuple[SubgraphError, ...] = ()
    shapes: Shapes | None = None
    """The selections of the subgraph's own schema to which `data` was completed in this process."""


class FetchFailure(Exception):
    """A subgraph gave no usable answer. `detail` is ours and safe to log; it carries nothing of the answer."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure.value}: {detail}" if detail else failure.value)
        self.failure = failure
        self.detail = detail


class Fetcher(Protocol):
    """Answers requests for one or more subgraphs."""

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        """Ask the subgraph. `context` is the request's own, passed through by the executor.

        Raises FetchFailure; asyncio.CancelledError passes through.
        """
        ...
