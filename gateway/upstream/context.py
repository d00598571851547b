"""Who asks, and why, told to a partner's subgraph in a signed token that lives for a minute.

A subgraph must never trust a plain header for this: anyone who reaches it could write one. It verifies the
token with the gateway's public key, its own name as audience, and then applies its own rules.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

CONTEXT_HEADER = "joinup-context"
TOKEN_TYPE = "joinup-context+jwt"
LIFETIME_SECONDS = 60
ALGORITHMS = frozenset({"EdDSA", "ES256", "ES384", "RS256", "PS256"})


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a partner learns of the caller. `patient` is an NHS number, or None for none in particular."""

    subject: str
    role: str
    organisation: str  # ODS code
    purpose: str
    patient: str | None = None
    request_id: str | None = None


class ContextSigner:
    """Makes context tokens with the gateway's private key."""

    def __init__(
        self,
        issuer: str,
        key_id: str,
        private_key_pem: bytes,
        algorithm: str = "EdDSA",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises ValueError when key and algorithm cannot sign together."""
        if algorithm not in ALGORITHMS:
            raise ValueError(f"context tokens are signed with one of {', '.join(sorted(ALGORITHMS))}")
        self._issuer = issuer
        self._algorithm = algorithm
        self._headers = {"kid": key_id, "typ": TOKEN_TYPE}
        self._clock = clock
        self._key: PrivateKeyTypes = _load(private_key_pem)
        self.token("self-check", RequestContext("s", "r", "o", "p"))

    def __repr__(self) -> str:
        return f"ContextSigner(issuer={self._issuer!r}, key_id={self._headers['kid']!r})"

    def token(self, audience: str, context: RequestContext) -> str:
        """A signed token for one subgraph, `audience` being its configured name."""
        now = int(self._clock())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": audience,
            "sub": context.subject,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": uuid.uuid4().hex,
            "role": context.role,
            "organisation": context.organisation,
            "purpose": context.purpose,
        }
        if context.patient is not None:
            claims["patient"] = context.patient
        if context.request_id is not None:
            claims["request_id"] = context.request_id
        try:
            return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=self._headers)  # type: ignore[arg-type]
        except (jwt.PyJWTError, TypeError, ValueError, NotImplementedError):
            pass
        raise ValueError(f"the private key does not fit the algorithm {self._algorithm}")

    def header(self, audience: str, context: RequestContext) -> tuple[str, str]:
        """The header that carries the token."""
        return CONTEXT_HEADER, self.token(audience, context)


def write_context_key(private: Path, public: Path) -> None:
    """A new Ed25519 pair as PEM: the private key readable by its owner only, the public one for partners."""
    key = Ed25519PrivateKey.generate()
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _load(pem: bytes) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise ValueError("the context key is not an unencrypted PEM private key") from None
