"""Request bytes → Params: size cap, strict UTF-8, strict JSON, one object, typed members. Nothing else passes.

GraphQL over HTTP §5.4: unknown members of the object are ignored, batches (arrays) are refused.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from gateway.config import Limits
from gateway.errors import Refusal
from gateway.pipeline import Params
from gateway.strict_json import JsonError, read, read_text

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

MAX_FIELDS = 16
"""Parameters in a GET's query string."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


async def read_body(receive: Receive, length: bytes | None, limits: Limits, seconds: float) -> bytes:
    """The whole body. Raises Refusal when it is too large or too slow, ClientGone when it never ends."""
    if length is not None and (not length.isdigit() or len(length) > 12 or int(length) > limits.body_bytes):
        raise Refusal("PAYLOAD_TOO_LARGE" if length.isdigit() else "BAD_REQUEST")
    message = await _next(receive, seconds)
    if not message.get("more_body"):
        body = message.get("body", b"")
        if len(body) > limits.body_bytes:
            raise Refusal("PAYLOAD_TOO_LARGE")
        return bytes(body)
    chunks = bytearray(message.get("body", b""))
    deadline = asyncio.get_running_loop().time() + seconds
    while message.get("more_body"):
        if len(chunks) > limits.body_bytes:
            raise Refusal("PAYLOAD_TOO_LARGE")
        message = await _next(receive, deadline - asyncio.get_running_loop().time())
        chunks += message.get("body", b"")
    if len(chunks) > limits.body_bytes:
        raise Refusal("PAYLOAD_TOO_LARGE")
    return bytes(chunks)


async def _next(receive: Receive, seconds: float) -> MutableMapping[str, Any]:
    asked = receive().__await__()
    try:
        awaited = next(asked)
    except StopIteration as done:  # it had come already, as it mostly has: no timer is needed
        message: MutableMapping[str, Any] = done.value
    else:
        try:
            async with asyncio.timeout(seconds):
                message = await _Begun(asked, awaited)
        except TimeoutError:
            raise Refusal("REQUEST_TIMEOUT", headers=(("connection", "close"),)) from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


class _Begun:
    """The rest of an awaitable that has taken its first step, and what it waits for since."""

    def __init__(self, rest: Generator[Any, Any, Any], awaited: Any) -> None:
        self._rest = rest
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        try:
            yield self._awaited
        except BaseException as error:
            self._rest.throw(error)
            raise
        return (yield from self._rest)


def check_content_type(value: bytes | None, encoding: bytes | None) -> None:
    """Only `application/json`, in UTF-8 if it says so, uncompressed. Raises Refusal."""
    if value == b"application/json" and encoding is None:
        return
    parts = [part.strip() for part in (value or b"").decode("latin-1").lower().split(";")]
    charsets = {part.partition("=")[2].strip('"') for part in parts[1:] if part.startswith("charset=")}
    if parts[0] != "application/json" or charsets - {"utf-8", "utf8"} or encoding not in (None, b"identity"):
        raise Refusal("UNSUPPORTED_MEDIA_TYPE")


def params_of_body(raw: bytes, limits: Limits) -> Params:
    """The parameters of a POST. Raises Refusal."""
    try:
        value = read(raw, depth=limits.json_depth)
    except JsonError as failure:
        raise Refusal("BAD_REQUEST", f"The request body cannot be read: {failure}.") from None
    if isinstance(value, list):
        raise Refusal("BAD_REQUEST", "Batches of operations are not served; send one object.")
    if not isinstance(value, dict):
        raise Refusal("BAD_REQUEST", "The request body must be a JSON object.")
    return _typed(value)


def params_of_query(raw: bytes, limits: Limits) -> Params:
    """The parameters of a GET (GraphQL over HTTP §5.3): `variables` and `extensions` are JSON texts."""
    members: dict[str, Any] = {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise Refusal("BAD_REQUEST", "The query string cannot be read.") from None
    for name, text in pairs:
        if name in members:
            raise Refusal("BAD_REQUEST", "A parameter is given twice.")
        members[name] = text
    if "access_token" in members:
        raise Refusal("BAD_REQUEST", "Tokens belong into the Authorization header.")
    for name in ("variables", "extensions"):
        if text := members.pop(name, ""):
            members[name] = _json_parameter(name, text, limits)
    if not members.get("operationName", "-"):
        del members["operationName"]
    return _typed(members)


def _json_parameter(name: str, text: str, limits: Limits) -> Any:
    try:
        return read_text(text, depth=limits.json_depth)
    except JsonError:
        raise Refusal("BAD_REQUEST", f"The parameter `{name}` must be a JSON object.") from None


def _typed(members: Mapping[str, Any]) -> Params:
    query, name = _string(members, "query"), _string(members, "operationName")
    variables, extensions = _object(members, "variables"), _object(members, "extensions")
    return Params(query, name, variables, _document_id(members, extensions))


def _string(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Refusal("BAD_REQUEST", f"`{name}` must be a string.")


def _object(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise Refusal("BAD_REQUEST", f"`{name}` must be an object.")


def _document_id(members: Mapping[str, Any], extensions: Mapping[str, Any]) -> str | None:
    persisted = extensions.get("persistedQuery")
    if persisted is None and "documentId" not in members and "id" not in members:
        return None
    named = [_string(members, name) for name in ("documentId", "id")]
    if isinstance(persisted, dict):
        named.append(_string(persisted, "sha256Hash"))
    given = {name for name in named if name is not None}
    if len(given) > 1:
        raise Refusal("BAD_REQUEST", "The request names two documents.")
    return given.pop() if given else None


def as_json(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
