"""The issuers that are believed, and the check of a token: issuer first, then its keys, then the claims.

Order matters (RFC 8725 §3.8): a token's `iss` only chooses one configured issuer, whose own keys must then have
signed it. Keys are never searched across issuers, and a key only ever verifies the algorithm it is pinned to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

import jwt
import structlog

from gateway.config import Issuer
from gateway.errors import Refusal
from gateway.identity.claims import RoleOfCode, caller_of, check_shape
from gateway.identity.denied import Denied
from gateway.identity.jwks import Keys, RemoteKeys, StaticKeys
from gateway.identity.keys import public_of_signing_key, read_key_file
from gateway.identity.token import TokenError, Unverified, bearer, take_apart
from gateway.settings import Settings
from policies.caller import Caller

log = structlog.get_logger("gateway.identity")

_CHALLENGE = (("www-authenticate", 'Bearer realm="joinup", error="invalid_token"'),)
_INVITATION = (("www-authenticate", 'Bearer realm="joinup"'),)


@dataclass(frozen=True, slots=True)
class Trusted:
    """A configured issuer with its keys."""

    settings: Issuer
    keys: Keys


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A verified token. Good until `expires`, while the issuer's keys are the ones that verified it."""

    caller: Caller
    issuer: Trusted
    fingerprint: str
    expires: int


class Authenticator:
    """Authorization headers → Caller. Remembers at most `remember` verified tokens, by digest of their text."""

    def __init__(
        self,
        issuers: Iterable[Trusted],
        roles: frozenset[str],
        *,
        role_of_code: RoleOfCode | None = None,
        denied: Denied | None = None,
        remember: int = 10_000,
        clock: Callable[[], float] = time.time,
        on_refused: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._issuers = {issuer.settings.issuer: issuer for issuer in issuers}
        self._roles = roles
        self._role_of_code = role_of_code
        self._denied = denied
        self._remember = remember
        self._clock = clock
        self._on_refused = on_refused
        self._remembered: dict[bytes, _Remembered] = {}

    async def caller(self, authorization: list[bytes]) -> Caller:
        """The caller whom the request's Authorization headers prove. Raises Refusal."""
        try:
            token = bearer(authorization)
            digest = sha256(token.encode("ascii")).digest()
            caller = self._recall(digest) or await self._verify(token, digest)
            self._refuse_denied(caller)
        except TokenError as failure:
            self._on_refused(failure.reason)
            log.info("token_refused", reason=failure.reason)
            headers = _INVITATION if failure.reason == "no-token" else _CHALLENGE
            raise Refusal("UNAUTHENTICATED", headers=headers) from None
        return caller

    def ready(self) -> bool:
        """True when at least one issuer's keys are in force: one issuer's outage is not the gateway's."""
        return any(issuer.keys.fingerprint() is not None for issuer in self._issuers.values())

    async def warm(self) -> None:
        """Fetch key sets ahead of the first request; failures are logged and tried again later."""
        keys = [issuer.keys for issuer in self._issuers.values()]
        for outcome in await asyncio.gather(*(key.find("") for key in keys), return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, TokenError | Refusal):
                raise outcome

    async def close(self) -> None:
        for issuer in self._issuers.values():
            await issuer.keys.close()

    def _recall(self, digest: bytes) -> Caller | None:
        entry = self._remembered.get(digest)
        if entry is None:
            return None
        if entry.expires <= self._clock() or entry.issuer.keys.fingerprint() != entry.fingerprint:
            del self._remembered[digest]
            return None
        return entry.caller

    async def _verify(self, token: str, digest: bytes) -> Caller:
        parts = take_apart(token)
        name = parts.claims.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise TokenError("unknown-issuer")
        if parts.type not in issuer.settings.token_types:
            raise TokenError("type")
        if parts.algorithm not in issuer.settings.algorithms:
            raise TokenError("algorithm")
        key = await issuer.keys.find(parts.key_id)
        if parts.algorithm != key.algorithm:
            raise TokenError("algorithm")
        check_shape(parts.claims, issuer.settings)
        _check_signature_and_claims(parts, key.public, issuer.settings)
        caller = caller_of(parts.claims, issuer.settings, self._roles, self._role_of_code)
        self._keep(digest, caller, issuer, parts.claims["exp"] + issuer.settings.leeway_s)
        return caller

    def _keep(self, digest: bytes, caller: Caller, issuer: Trusted, expires: int) -> None:
        if (fingerprint := issuer.keys.fingerprint()) is None:
            return
        while len(self._remembered) >= self._remember:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[digest] = _Remembered(caller, issuer, fingerprint, expires)

    def _refuse_denied(self, caller: Caller) -> None:
        if self._denied is None:
            return
        if caller.token_id is None:
            raise TokenError("no-token-id")
        if self._denied.holds(caller.issuer, caller.token_id):
            raise TokenError("denied")


def _check_signature_and_claims(parts: Unverified, key: object, issuer: Issuer) -> None:
    """Signature, exp, nbf, iat, aud, iss, sub by PyJWT; our own readings of the same claims have gone before."""
    try:
        jwt.decode(
            parts.text,
            key,  # type: ignore[arg-type]
            algorithms=[parts.algorithm],
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=issuer.leeway_s,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as failure:
        raise TokenError(type(failure).__name__) from None
    except (ValueError, TypeError, RecursionError, OverflowError):
        raise TokenError("undecodable") from None


def trusted_issuers(settings: Settings) -> tuple[Trusted, ...]:
    """The issuers of a configuration with their keys. Raises KeySetError for key files that cannot be used."""
    return tuple(Trusted(issuer, _keys(issuer, settings)) for issuer in settings.config.identity.issuers.values())


def _keys(issuer: Issuer, settings: Settings) -> Keys:
    if issuer.demo_signing_key is not None:
        return StaticKeys(public_of_signing_key(settings.path(issuer.demo_signing_key), issuer.algorithms))
    if issuer.keys_file is not None:
        return StaticKeys(read_key_file(settings.path(issuer.keys_file), issuer.algorithms))
    return RemoteKeys(
        issuer.jwks_url or "", tuple(issuer.algorithms), fresh=issuer.jwks_fresh_s, stale=issuer.jwks_stale_s
    )
