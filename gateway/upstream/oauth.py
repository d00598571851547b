"""OAuth 2 client credentials (RFC 6749 §4.4): one token for all requests, fetched once, renewed in time.

The client proves itself by a secret (Basic or in the body, §2.3.1) or by a signed assertion (RFC 7523), which
is what the NHS API platform asks of application-restricted APIs.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote_plus, urlencode

import jwt
import msgspec

from gateway.stores.singleflight import SingleFlight
from gateway.upstream.auth import Outgoing
from resolvers.sources.upstream import Failure, Upstream, UpstreamError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 300  # the NHS API platform's longest
DEFAULT_LIFETIME_SECONDS = 60.0  # of a token whose answer names none
FETCH_SECONDS = 10.0  # one fetch serves many requests: it may outlive the one that started it
BACK_OFF_SECONDS = 1.0  # after a failed fetch, so that a dead token server is not asked per request
MAX_TOKEN_CHARS = 16_384


@dataclass(frozen=True, slots=True)
class OAuth2Settings:
    """The client and how it proves itself. Exactly one of `client_secret` and `private_key_pem`."""

    token_url: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    secret_in: Literal["basic", "body"] = "basic"
    private_key_pem: str | None = field(default=None, repr=False)
    key_id: str | None = None
    algorithm: str = "RS512"
    scope: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()  # such as audience or resource
    renew_before_seconds: float = 30.0

    def __post_init__(self) -> None:
        if (self.client_secret is None) == (self.private_key_pem is None):
            raise ValueError("OAuth 2: give either client_secret or private_key_pem, not both and not neither")


class _TokenAnswer(msgspec.Struct):
    access_token: str
    token_type: str = "Bearer"
    expires_in: float | str | None = None


class OAuth2:
    """A cached access token. Concurrent requests share one fetch."""

    def __init__(
        self,
        settings: OAuth2Settings,
        endpoint: Upstream,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`endpoint` is an upstream whose base URL is the token URL."""
        self._settings = settings
        self._endpoint = endpoint
        self._clock = clock
        self._wall_clock = wall_clock
        self._flight: SingleFlight[str, tuple[tuple[str, str], ...]] = SingleFlight(finish=True)
        self._headers: tuple[tuple[str, str], ...] = ()
        self._renew_at = 0.0
        self._failure: UpstreamError | None = None
        self._fail_until = 0.0

    def __repr__(self) -> str:
        return f"OAuth2({self._settings!r})"

    async def headers(self, outgoing: Outgoing, deadline: float) -> tuple[tuple[str, str], ...]:
        """The Authorization header. Raises UpstreamError: REFUSED where the token server says no."""
        now = self._clock()
        if now < self._renew_at:
            return self._headers
        if self._failure is not None and now < self._fail_until:
            raise UpstreamError(self._failure.failure, "no access token", self._failure.status)
        try:
            async with asyncio.timeout_at(deadline):
                return await self._flight.run("token", self._fetch)
        except TimeoutError:
            pass
        raise UpstreamError(Failure.TIMED_OUT, "access token")

    def rejected(self) -> bool:
        had, self._renew_at = self._renew_at > 0.0, 0.0
        return had

    async def _fetch(self) -> tuple[tuple[str, str], ...]:
        try:
            token = await self._ask(asyncio.get_running_loop().time() + FETCH_SECONDS)
        except UpstreamError as error:
            self._failure, self._fail_until = error, self._clock() + BACK_OFF_SECONDS
            raise
        self._failure = None
        self._headers = (("authorization", f"Bearer {token.access_token}"),)
        lifetime = _seconds(token.expires_in)
        margin = min(self._settings.renew_before_seconds, lifetime / 2)
        self._renew_at = self._clock() + lifetime - margin
        return self._headers

    async def _ask(self, deadline: float) -> _TokenAnswer:
        form, headers = self._form()
        reply = await self._endpoint.send("POST", "", headers=headers, content=form, deadline=deadline, idempotent=True)
        if reply.status in (400, 401, 403):
            raise UpstreamError(Failure.REFUSED, "token server refuses the client", reply.status)
        if reply.status != 200:
            raise UpstreamError(Failure.UNAVAILABLE, "token server", reply.status)
        return _token(reply.body)

    def _form(self) -> tuple[bytes, dict[str, str]]:
        settings = self._settings
        form = [("grant_type", "client_credentials")]
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        if settings.scope:
            form.append(("scope", settings.scope))
        form.extend(settings.parameters)
        if settings.client_secret is None:
            form += [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", self._assertion())]
        elif settings.secret_in == "basic":
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form += [("client_id", settings.client_id), ("client_secret", settings.client_secret)]
        return urlencode(form).encode(), headers

    def _assertion(self) -> str:
        settings = self._settings
        now = int(self._wall_clock())
        claims = {
            "iss": settings.client_id,
            "sub": settings.client_id,
            "aud": settings.token_url,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        header = {"kid": settings.key_id} if settings.key_id else None
        try:
            return jwt.encode(claims, settings.private_key_pem or "", algorithm=settings.algorithm, headers=header)
        except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
            pass
        raise UpstreamError(Failure.REFUSED, "the client's private key cannot sign")


def _token(body: bytes) -> _TokenAnswer:
    try:
        answer = msgspec.json.decode(body, type=_TokenAnswer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        answer = None
    if (
        answer is None
        or answer.token_type.lower() != "bearer"
        or not 0 < len(answer.access_token) <= MAX_TOKEN_CHARS
        or not answer.access_token.isascii()
        or not answer.access_token.isprintable()
        or " " in answer.access_token
    ):
        raise UpstreamError(Failure.MALFORMED, "token server's answer")
    return answer


def _seconds(value: float | str | None) -> float:
    """`expires_in` as a number; some servers send it as a string."""
    try:
        seconds = float(value) if value is not None else DEFAULT_LIFETIME_SECONDS
    except ValueError:
        return DEFAULT_LIFETIME_SECONDS
    return seconds if 0 < seconds < 1e9 else DEFAULT_LIFETIME_SECONDS
