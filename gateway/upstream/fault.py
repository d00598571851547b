"""One attempt that gave no answer, as a value: what to tell the adapter, the breaker and the retry."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.upstream.transport.errors import (
    AnswerTimeoutError,
    ConnectError,
    ConnectTimeoutError,
    NoConnectionError,
    ProtocolError,
    TlsError,
    TooLargeError,
    TransportError,
)
from resolvers.sources.upstream import Failure, UpstreamError


@dataclass(frozen=True, slots=True)
class Fault:
    """No answer. `reached`: True when the upstream was reached, False when not, None when that says nothing."""

    failure: Failure
    detail: str
    sent: bool = True
    reached: bool | None = None
    label: str | None = None

    @property
    def outcome(self) -> str:
        return self.label or self.failure.value

    def error(self) -> UpstreamError:
        return UpstreamError(self.failure, self.detail)

    @staticmethod
    def of(error: TransportError) -> Fault:
        """The fault that a transport's error amounts to."""
        if isinstance(error, ConnectTimeoutError):
            return Fault(Failure.TIMED_OUT, "connecting", sent=False, reached=False)
        if isinstance(error, TlsError):
            return Fault(Failure.UNAVAILABLE, "TLS handshake", sent=False, reached=False)
        if isinstance(error, ConnectError):
            return Fault(Failure.UNAVAILABLE, "connecting", sent=False, reached=False)
        if isinstance(error, NoConnectionError):
            return Fault(Failure.UNAVAILABLE, "no free connection", sent=False)
        if isinstance(error, AnswerTimeoutError):
            return Fault(Failure.TIMED_OUT, "answering", reached=True)
        if isinstance(error, ProtocolError | TooLargeError):
            return Fault(Failure.MALFORMED, str(error), reached=True)
        return Fault(Failure.UNAVAILABLE, "connection lost", reached=True)
