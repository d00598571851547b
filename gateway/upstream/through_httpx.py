"""The client's slower way: any httpx transport, any httpx.Auth, through httpx's own objects."""

from __future__ import annotations

import asyncio

import httpx

from gateway.upstream.auth import Outgoing
from gateway.upstream.fault import Fault
from gateway.upstream.transport.answer import Answer
from gateway.upstream.transport.decode import decompress
from gateway.upstream.transport.errors import TooLargeError, TransportError
from gateway.upstream.transport.limits import Limits
from gateway.upstream.transport.request import Origin
from resolvers.sources.upstream import Failure

MAX_AUTH_STEPS = 5


class HttpxExchange:
    """Exchanges over an httpx transport, with the same caps and the same failures as our own."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, origin: Origin, limits: Limits, auth: httpx.Auth | None
    ) -> None:
        self._transport = transport
        self._origin = origin
        self._limits = limits
        self._auth = auth

    async def exchange(self, outgoing: Outgoing, lines: str, deadline: float) -> Answer | Fault:
        """Send a request, read the whole answer; never raises but for cancellation and programming errors."""
        now = asyncio.get_running_loop().time()
        request = self._request(outgoing, lines, max(deadline - now, 0.001))
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self._flow(request)
                answer.body = decompress(answer, self._limits.max_body_bytes)
                return answer
        except TransportError as error:
            return Fault.of(error)
        except Exception as error:
            return fault_of(error)

    def _request(self, outgoing: Outgoing, lines: str, seconds: float) -> httpx.Request:
        headers = []
        for line in lines.split("\r\n")[:-1]:
            name, _, value = line.partition(": ")
            headers.append((name.encode("latin-1"), value.encode("latin-1")))
        limits = self._limits
        timeout = {
            "connect": min(limits.connect_seconds, seconds),
            "read": min(limits.read_seconds, seconds),
            "write": seconds,
            "pool": seconds,
        }
        return httpx.Request(
            outgoing.method,
            f"{self._origin}{outgoing.target}",
            headers=headers,
            content=outgoing.content,
            extensions={"timeout": timeout},
        )

    async def _flow(self, request: httpx.Request) -> Answer:
        if self._auth is None:
            return await self._once(request)
        flow = self._auth.async_auth_flow(request)
        try:
            request = await anext(flow)
            for _ in range(MAX_AUTH_STEPS):
                answer = await self._once(request)
                try:
                    request = await flow.asend(_response(answer, request))
                except StopAsyncIteration:
                    return answer
        finally:
            await flow.aclose()
        raise httpx.ProtocolError("the authentication flow does not end")

    async def _once(self, request: httpx.Request) -> Answer:
        response = await self._transport.handle_async_request(request)
        stream = response.stream
        chunks: list[bytes] = []
        size = 0
        try:
            if not isinstance(stream, httpx.AsyncByteStream):
                raise httpx.ProtocolError("not an asynchronous transport")
            async for chunk in stream:
                size += len(chunk)
                if size > self._limits.max_body_bytes:
                    raise TooLargeError("the body of the answer is over its cap")
                chunks.append(chunk)
        finally:
            await response.aclose()
        headers = [(name.lower(), value) for name, value in response.headers.raw]
        coding = next((value for name, value in headers if name == b"content-encoding"), None)
        return Answer(response.status_code, headers, b"".join(chunks), coding)


def _response(answer: Answer, request: httpx.Request) -> httpx.Response:
    headers = [(n, v) for n, v in answer.headers if n not in (b"content-encoding", b"transfer-encoding")]
    return httpx.Response(answer.status, headers=headers, content=answer.body, request=request)


def fault_of(error: Exception) -> Fault:
    """The fault that a foreign exception amounts to; nothing of its text is kept."""
    if isinstance(error, httpx.ConnectTimeout):
        return Fault(Failure.TIMED_OUT, "connecting", sent=False, reached=False)
    if isinstance(error, httpx.PoolTimeout):
        return Fault(Failure.UNAVAILABLE, "no free connection", sent=False)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Fault(Failure.TIMED_OUT, "answering", reached=True)
    if isinstance(error, httpx.ConnectError):
        return Fault(Failure.UNAVAILABLE, "connecting", sent=False, reached=False)
    if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError):
        return Fault(Failure.MALFORMED, "not well-formed HTTP", reached=True)
    return Fault(Failure.UNAVAILABLE, "connection lost", reached=True)
