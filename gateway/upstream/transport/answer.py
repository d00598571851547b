"""One HTTP/1.1 answer, read from bytes: unambiguous or refused.

llhttp (through httptools) parses strictly: bare LF, obs-fold, white space before the colon, conflicting or
repeated Content-Length, Content-Length beside Transfer-Encoding, malformed chunks. Added here: only `chunked`
as transfer coding, only HTTP/1.0 and 1.1, no protocol switch, caps on head, body and framing (RFC 9112 §6, §11).
"""

from __future__ import annotations

import httptools
import msgspec

from gateway.upstream.transport.errors import ProtocolError, TooLargeError, TransportError

MAX_HEADERS = 200
MAX_INFORMATIONAL = 8  # 1xx answers before the final one
MIN_FRAMING_BYTES = 1024 * 1024  # chunk sizes, extensions and trailers may always take this much


class Answer(msgspec.Struct):
    """A whole answer as it came: header names in lower case, body not yet decompressed. `coding` is the first
    Content-Encoding."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    coding: bytes | None = None


class AnswerReader:
    """Reads answers, one after the other, from the bytes of one connection."""

    __slots__ = (
        "_body_size",
        "_chunks",
        "_coding",
        "_done",
        "_error",
        "_head_done",
        "_head_only",
        "_headers",
        "_informational",
        "_max_body",
        "_max_head",
        "_parser",
        "_raw",
        "_raw_limit",
        "_spent",
        "_status",
        "_until_eof",
        "keep_alive",
        "reusable",
    )

    def __init__(self, max_head_bytes: int, max_body_bytes: int) -> None:
        self._max_head = max_head_bytes
        self._max_body = max_body_bytes
        self._raw_limit = 2 * max_head_bytes + max_body_bytes + max(max_body_bytes, MIN_FRAMING_BYTES)
        self._parser = httptools.HttpResponseParser(self)
        self._spent = False
        self.start(head_only=False)

    def start(self, *, head_only: bool) -> None:
        """Expect the answer to a request that is about to be written (`head_only`: it is a HEAD)."""
        if self._spent:
            self._spent = False
            self._parser = httptools.HttpResponseParser(self)
        self._head_only = head_only
        self._headers: list[tuple[bytes, bytes]] = []
        self._coding: bytes | None = None
        self._chunks: list[bytes] = []
        self._body_size = 0
        self._raw = 0
        self._status = 0
        self._informational = 0
        self._head_done = False
        self._done = False
        self.reusable = False  # whether the connection may carry another request after this answer
        self._until_eof = False
        self.keep_alive: bytes | None = None  # the server's hint about idling
        self._error: TransportError | None = None

    @property
    def silent(self) -> bool:
        """Whether not one byte has come."""
        return self._raw == 0

    def feed(self, data: bytes) -> bool:
        """Take bytes; True when the answer is whole. Raises TransportError."""
        self._raw += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.reusable = False
            if not self._done:
                raise self._error or ProtocolError("not a well-formed HTTP/1.1 answer") from None
        if not self._done:
            if not self._head_done and self._raw > self._max_head:
                raise TooLargeError("the head of the answer is over its cap")
            if self._raw > self._raw_limit:
                raise TooLargeError("the framing of the answer is over its cap")
        return self._done

    def end(self) -> bool:
        """The other side ended the stream; True when that is how this answer ends (RFC 9112 §6.3, 8)."""
        self.reusable = False
        if self._until_eof and not self._done:
            self._done = True
        return self._done

    def answer(self) -> Answer:
        """The whole answer; call once, after `feed` or `end` said so."""
        chunks = self._chunks
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        return Answer(self._status, self._headers, body, self._coding)

    # Called by the parser.

    def on_message_begin(self) -> None:
        if self._done:  # bytes after a whole answer: the two sides disagree about where it ended
            self.reusable = False
            raise self._refuse(ProtocolError("bytes after the answer"))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_done:  # a trailer: of no use here, and httptools hands the last one to the next answer
            self.reusable = False
            return
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        self._status = status = parser.get_status_code()
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise self._refuse(ProtocolError("not HTTP/1.1"))
        headers = self._headers
        if len(headers) > MAX_HEADERS or (self._raw > self._max_head and self._head_size() > self._max_head):
            raise self._refuse(TooLargeError("the head of the answer is over its cap"))
        if status < 200:
            self._interim(status)
            return
        self._head_done = True
        self._framing(parser, version)
        if self._head_only:
            self._done = True
            self._spent = True  # it waits for the body that a HEAD's answer only announces

    def _interim(self, status: int) -> None:
        self._informational += 1
        if status == 101 or self._informational > MAX_INFORMATIONAL:
            raise self._refuse(ProtocolError("unexpected interim answer"))

    def _head_size(self) -> int:
        return sum(len(name) + len(value) + 4 for name, value in self._headers)

    def _framing(self, parser: httptools.HttpResponseParser, version: str) -> None:
        length = codings = None
        for name, value in self._headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                codings = value if codings is None else codings + b"," + value
            elif name == b"keep-alive":
                self.keep_alive = value
            elif name == b"content-encoding" and self._coding is None:
                self._coding = value
        if codings is not None and (codings.lower() != b"chunked" or version == "1.0"):
            raise self._refuse(ProtocolError("a transfer coding other than chunked"))
        if self._head_only or self._status in (204, 304):
            self.reusable = parser.should_keep_alive()
            return
        if length is not None and length > self._max_body:
            raise self._refuse(TooLargeError("the body of the answer is over its cap"))
        self._until_eof = length is None and codings is None
        self.reusable = not self._until_eof and parser.should_keep_alive()

    def on_body(self, chunk: bytes) -> None:
        if self._done:
            self.reusable = False
            return
        self._body_size += len(chunk)
        if self._body_size > self._max_body:
            raise self._refuse(TooLargeError("the body of the answer is over its cap"))
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        if self._head_done:
            self._done = True
        else:
            self._headers = []

    def _refuse(self, error: TransportError) -> TransportError:
        self._error = error
        return error
