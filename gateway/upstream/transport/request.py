"""The bytes of a request, from parts that cannot smuggle a second one into it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

_NOT_IN_TARGET = re.compile(r"[^\x21\x22\x24-\x7e]")  # visible ASCII without the fragment's "#"
_NOT_IN_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_NOT_IN_NAME = re.compile(r"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")

# The transport's own business; a caller that sets one of these would frame the message itself.
FRAMING = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "te", "trailer", "upgrade",
     "proxy-connection", "proxy-authorization", "expect"}
)  # fmt: skip


class BadRequestPartError(ValueError):
    """A method, target or header that must not go on the wire; the message never repeats a value."""


class Origin(msgspec.Struct, frozen=True):
    """Scheme, host and port: what a connection belongs to (RFC 9110 §4.3.1)."""

    tls: bool
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.authority}"


def check_target(target: str) -> str:
    """An origin-form request target, or BadRequestPartError."""
    if not target.startswith("/") or _NOT_IN_TARGET.search(target):
        raise BadRequestPartError("the request target has a character that must be percent-encoded")
    return target


def header_line(name: str, value: str) -> str:
    """One header line, ended by CRLF. Raises BadRequestPartError, naming the header."""
    if not name or _NOT_IN_NAME.search(name):
        raise BadRequestPartError("a header name is not a token")
    if name.lower() in FRAMING:
        raise BadRequestPartError(f"the header {name.lower()} belongs to the transport")
    if _NOT_IN_VALUE.search(value):
        raise BadRequestPartError(f"the value of {name.lower()} has a control or non-Latin-1 character")
    return f"{name}: {value}\r\n"


def header_lines(headers: Iterable[tuple[str, str]]) -> str:
    """Header lines, each ended by CRLF. Raises BadRequestPartError, naming the header."""
    return "".join([header_line(name, value) for name, value in headers])


def request_bytes(method: str, target: str, authority: str, lines: str, content: bytes | None) -> bytes:
    """The whole request. `lines` come from `header_lines`, `target` from `check_target`."""
    if content is None and method in ("POST", "PUT", "PATCH"):
        content = b""
    if content is None:
        return f"{method} {target} HTTP/1.1\r\nhost: {authority}\r\n{lines}\r\n".encode("latin-1")
    head = f"{method} {target} HTTP/1.1\r\nhost: {authority}\r\n{lines}content-length: {len(content)}\r\n\r\n"
    return head.encode("latin-1") + content
