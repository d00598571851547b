"""Why an exchange gave no answer. Never carries a byte of what the other side sent.

TransportError
├── ConnectError             nothing was sent: refused, unreachable, name not found
│   ├── ConnectTimeoutError
│   └── TlsError             certificate, host name, protocol version, client certificate
├── NoConnectionError        nothing was sent: the origin's connections were all busy
├── AnswerTimeoutError       the request left, the whole answer did not come in time
├── DisconnectedError        the connection ended before the answer was whole
├── ProtocolError            what came is not unambiguous HTTP/1.1
└── TooLargeError            head or body over its cap
"""

from __future__ import annotations


class TransportError(Exception):
    """One exchange failed. `sent` says whether the other side may have seen the request."""

    sent = True


class ConnectError(TransportError):
    sent = False


class ConnectTimeoutError(ConnectError):
    pass


class TlsError(ConnectError):
    pass


class NoConnectionError(TransportError):
    sent = False


class AnswerTimeoutError(TransportError):
    pass


class DisconnectedError(TransportError):
    """`silent`: not one byte of the answer had come, so a reused connection was probably stale."""

    def __init__(self, message: str, *, silent: bool) -> None:
        super().__init__(message)
        self.silent = silent


class ProtocolError(TransportError):
    pass


class TooLargeError(TransportError):
    pass
