"""What may be a signing key, and that each is pinned to one algorithm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.http.body import as_json
from gateway.identity.keys import KeySet, KeySetError, public_of_signing_key, read_key_file, read_key_set
from tests.gateway.kit import ec_key, jwk, rsa_key

ALL = ["RS256", "PS256", "ES256", "EdDSA"]


def key_set(*entries: Any, algorithms: list[str] | None = None) -> KeySet:
    return read_key_set(as_json({"keys": entries}), algorithms or ALL)


def good(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in jwk(rsa_key(), "one", "RS256", **changes).items() if value is not ...}


PRIVATE = jwt.get_algorithm_by_name("RS256").to_jwk(rsa_key(), as_dict=True)
BAD = {
    "symmetric": {"kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256"},
    "private": {**PRIVATE, "kid": "p"},
    "for encryption": good(kid="e", use="enc"),
    "not for verifying": good(kid="v", key_ops=["encrypt"]),
    "operations no list": good(kid="o", key_ops=5),
    "algorithm not configured": good(kid="a", alg="RS512"),
    "algorithm of another kind": good(kid="k", alg="ES256"),
    "algorithm a list": good(kid="l", alg=["RS256"]),
    "short RSA": jwk(rsa_key(1024), "short", "RS256"),
    "no modulus": good(kid="n", n=...),
    "kid a number": good(kid=7),
    "unknown curve": {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "c"},
    "point off the curve": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "c"},
    "not an object": "key",
}


@pytest.mark.parametrize("entry", BAD.values(), ids=BAD.keys())
def test_unfit_key_is_left_out(entry: Any) -> None:
    assert [key.id for key in key_set(good(), entry).keys] == ["one"]
    with pytest.raises(KeySetError, match="no usable key"):
        key_set(entry)


def test_key_without_alg_is_pinned_when_only_one_fits() -> None:
    assert key_set(good(alg=...), algorithms=["RS256", "ES256"]).keys[0].algorithm == "RS256"


def test_key_without_alg_is_left_out_when_two_fit() -> None:
    with pytest.raises(KeySetError):
        key_set(good(alg=...), algorithms=["RS256", "PS256"])


def test_same_kid_twice_is_refused() -> None:
    with pytest.raises(KeySetError, match="same kid"):
        key_set(good(), jwk(ec_key(), "one", "ES256"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"keys": 1}',
        b'{"keys": [], "keys": []}',
        b"\xff",
        b'{"keys":' + b"[" * 50,
        b'{"keys":[' + b"{}," * 70 + b"{}]}",
    ],
)
def test_malformed_set_is_refused(raw: bytes) -> None:
    with pytest.raises(KeySetError):
        read_key_set(raw, ALL)


def test_pem_public_key_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(ec_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert read_key_file(file, ALL).keys[0].algorithm == "ES256"


def test_private_key_in_keys_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(ec_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeySetError, match="private key"):
        read_key_file(file, ALL)


def test_demo_key_gives_its_public_half(tmp_path: Path) -> None:
    file = tmp_path / "demo.pem"
    key = ed25519.Ed25519PrivateKey.generate()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert public_of_signing_key(file, ALL).keys[0].algorithm == "EdDSA"


@pytest.mark.parametrize("content", [b"", b"-----BEGIN NONSENSE-----", b"{}", b"\x00"])
def test_unreadable_key_file_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "strange.pem"
    file.write_bytes(content)
    with pytest.raises(KeySetError, match=r"strange\.pem"):
        read_key_file(file, ALL)
