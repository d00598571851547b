"""Signing keys of one issuer: what may be a key, and which algorithm each is pinned to.

A key set is public data from elsewhere. Symmetric keys, private keys, encryption keys and short RSA keys in it
are left out; a key whose algorithm is not certain is left out, too (RFC 8725 §3.1, §3.5).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from gateway.strict_json import JsonError, read

MIN_RSA_BITS = 2048
MAX_KEYS = 64
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
_BY_CURVE = {("EC", "P-256"): "ES256", ("EC", "P-384"): "ES384", ("EC", "P-521"): "ES512", ("OKP", "Ed25519"): "EdDSA"}
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})


class KeySetError(Exception):
    """A key set cannot be used; the message says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with the one algorithm it verifies."""

    id: str | None
    algorithm: str
    public: Any


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of a set. Two sets with the same `fingerprint` hold the same keys."""

    keys: tuple[Key, ...]
    fingerprint: str

    def find(self, key_id: str | None) -> Key | None:
        """The key that a token names. Without a name, on either side, only a set of one key is unambiguous."""
        if len(self.keys) == 1 and (key_id is None or self.keys[0].id is None):
            return self.keys[0]
        if key_id is None:
            return None
        return next((key for key in self.keys if key.id == key_id), None)


def read_key_set(raw: bytes, algorithms: Iterable[str]) -> KeySet:
    """The usable keys of a JWK set (RFC 7517 §5). Raises KeySetError when it is none or holds none."""
    try:
        document = read(raw, depth=6)
    except JsonError as failure:
        raise KeySetError(f"not a key set: {failure}") from None
    entries = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise KeySetError(f"not a key set of at most {MAX_KEYS} keys")
    allowed = frozenset(algorithms)
    keys = tuple(key for entry in entries if (key := _usable(entry, allowed)) is not None)
    if not keys:
        raise KeySetError(f"no usable key among {len(entries)}")
    named = [key.id for key in keys]
    if len(set(named)) != len(named):
        raise KeySetError("two keys have the same kid")
    return KeySet(keys, sha256(raw).hexdigest())


def read_key_file(path: Path, algorithms: Iterable[str]) -> KeySet:
    """The keys of a PEM public key, JWK or JWK set file. Raises KeySetError, naming the file."""
    try:
        raw = path.read_bytes()
        if not raw.lstrip().startswith(b"-----BEGIN"):
            return read_key_set(raw, algorithms)
        if b"PRIVATE KEY" in raw:
            raise KeySetError("holds a private key; give the issuer's public key")
        return _one(load_pem_public_key(raw), algorithms, raw)
    except (OSError, ValueError, UnsupportedAlgorithm) as failure:
        raise KeySetError(f"{path.name}: cannot be read as keys ({type(failure).__name__})") from None
    except KeySetError as failure:
        raise KeySetError(f"{path.name}: {failure}") from None


def public_of_signing_key(path: Path, algorithms: Iterable[str]) -> KeySet:
    """The public half of a PEM private key, for the demo issuer. Raises KeySetError, naming the file."""
    try:
        raw = path.read_bytes()
        public = load_pem_private_key(raw, None).public_key()
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise KeySetError(f"{path.name}: no PEM private key without password ({type(failure).__name__})") from None
    return _one(public, algorithms, raw)


def _one(public: Any, algorithms: Iterable[str], raw: bytes) -> KeySet:
    for algorithm in algorithms:
        try:
            entry = jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True)
        except (TypeError, AttributeError, ValueError, jwt.PyJWTError):
            continue
        key = _usable({**entry, "alg": algorithm}, frozenset(algorithms))
        if key is not None:
            return KeySet((key,), sha256(raw).hexdigest())
    raise KeySetError("the key fits none of the issuer's algorithms, or is too short")


def _usable(entry: object, allowed: frozenset[str]) -> Key | None:
    if not isinstance(entry, dict) or _PRIVATE & entry.keys() or entry.get("use", "sig") != "sig":
        return None
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    key_id, algorithm = entry.get("kid"), _pinned(entry, allowed)
    if algorithm is None or not isinstance(key_id, str | None):
        return None
    try:
        public = jwt.PyJWK(json.loads(json.dumps(entry)), algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size < MIN_RSA_BITS:
        return None
    return Key(key_id, algorithm, public)


def _pinned(entry: Mapping[str, Any], allowed: frozenset[str]) -> str | None:
    """The key's one algorithm: its own `alg`, its curve's, or the only RSA one that the issuer is configured for."""
    kty, named = entry.get("kty"), entry.get("alg")
    possible = _RSA if kty == "RSA" else {_BY_CURVE.get((str(kty), str(entry.get("crv"))))}
    candidates = {algorithm for algorithm in possible if algorithm in allowed}
    if named is not None:
        candidates &= {named} if isinstance(named, str) else set()
    return candidates.pop() if len(candidates) == 1 else None
