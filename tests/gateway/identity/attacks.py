"""Tokens that must not be believed, by name. Each differs from a good one in one respect."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.gateway.kit import AUDIENCE, ISSUER, claims, jwk, other_rsa_key, rsa_key, token


def now() -> int:
    """When an attack is made, not when this module was read: whole runs take longer than tokens live."""
    return int(time.time())


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: dict[str, Any] | bytes, payload: dict[str, Any] | bytes, key: Any = None) -> str:
    """A token of exactly these parts under a right RS256 signature."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signing_input = ".".join(map(b64, parts)).encode()
    return (
        f"{signing_input.decode()}.{b64((key or rsa_key()).sign(signing_input, padding.PKCS1v15(), hashes.SHA256()))}"
    )


def head(**changes: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in {"alg": "RS256", "typ": "at+jwt", "kid": "one", **changes}.items()
        if value is not ...
    }


def hmac_signed(secret: bytes, algorithm: str = "HS256") -> str:
    text = f"{b64(json.dumps(head(alg=algorithm)).encode())}.{b64(json.dumps(claims()).encode())}"
    code = HMAC(secret, hashes.SHA256())
    code.update(text.encode())
    return f"{text}.{b64(code.finalize())}"


def public_pem() -> bytes:
    return rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def raw_claims(extra: bytes) -> bytes:
    """Good claims with `extra` members appended as text, so that they may be doubled or no JSON at all."""
    return json.dumps(claims()).encode()[:-1] + b", " + extra + b"}"


def without_exp(text: bytes) -> bytes:
    return json.dumps(claims(exp=...)).encode()[:-1] + b', "exp": ' + text + b"}"


def unsigned(algorithm: Any) -> str:
    return f"{b64(json.dumps(head(alg=algorithm)).encode())}.{b64(json.dumps(claims()).encode())}."


def respelt(text: str) -> str:
    """The same bytes in another spelling: unused bits of the signature's last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]


GOOD_JWK = {name: value for name, value in jwk(other_rsa_key(), "x", "RS256").items() if name in ("kty", "n", "e")}

ATTACKS: dict[str, Callable[[], str]] = {
    "alg none": lambda: unsigned("none"),
    "alg nOnE": lambda: unsigned("nOnE"),
    "alg NONE with a signature": lambda: signed(head(alg="NONE"), claims()),
    "alg missing": lambda: signed(head(alg=...), claims()),
    "alg list": lambda: signed(head(alg=["RS256"]), claims()),
    "alg null": lambda: signed(head(alg=None), claims()),
    "empty signature": lambda: token().rsplit(".", 1)[0] + ".",
    "stripped signature": lambda: token().rsplit(".", 1)[0],
    "blank secret": lambda: hmac_signed(b""),
    "weak secret": lambda: hmac_signed(b"secret"),
    "RS to HS with the PEM": lambda: hmac_signed(public_pem()),
    "RS to HS with the PEM, no newline": lambda: hmac_signed(public_pem().rstrip()),
    "RS to HS with the JWK": lambda: hmac_signed(json.dumps(jwk(rsa_key(), "one", "RS256")).encode()),
    "PS256 with the RS256 key": lambda: token(algorithm="PS256"),
    "RS512 with the RS256 key": lambda: token(algorithm="RS512"),
    "ES256 named for the RSA key": lambda: signed(head(alg="ES256"), claims()),
    "RS256 named for the EC key": lambda: signed(head(kid="two"), claims()),
    "other key": lambda: token(other_rsa_key()),
    "1024-bit key": lambda: signed(head(), claims(), rsa_key(1024)),
    "altered claim": lambda: _altered(),
    "jwk header": lambda: token(other_rsa_key(), headers={"jwk": GOOD_JWK}),
    "jwk header, right key": lambda: token(headers={"jwk": GOOD_JWK}),
    "jku header": lambda: token(headers={"jku": "https://evil.test/jwks"}),
    "x5u header": lambda: token(headers={"x5u": "https://evil.test/cert"}),
    "x5c header": lambda: token(headers={"x5c": ["MIIB"]}),
    "kid traversal": lambda: token(headers={"kid": "../../../../dev/null"}),
    "kid SQL": lambda: token(headers={"kid": "' UNION SELECT 'key"}),
    "kid URL": lambda: token(headers={"kid": "https://evil.test/key"}),
    "kid number": lambda: signed(head(kid=1), claims()),
    "kid list": lambda: signed(head(kid=["one"]), claims()),
    "kid empty": lambda: signed(head(kid=""), claims()),
    "kid missing among several keys": lambda: signed(head(kid=...), claims()),
    "kid of 300 characters": lambda: token(headers={"kid": "o" * 300}),
    "kid unknown": lambda: token(headers={"kid": "three"}),
    "expired": lambda: token(iat=now() - 900, exp=now() - 300),
    "not yet valid": lambda: token(nbf=now() + 300),
    "issued in the future": lambda: token(iat=now() + 300, exp=now() + 900),
    "expires before it is issued": lambda: token(iat=now() + 20, exp=now() + 10),
    "no exp": lambda: token(exp=...),
    "no iat": lambda: token(iat=...),
    "no aud": lambda: token(aud=...),
    "no iss": lambda: token(iss=...),
    "no sub": lambda: token(sub=...),
    "exp in 30 years": lambda: token(exp=now() + 30 * 365 * 86_400),
    "exp a numeric string": lambda: signed(head(), claims(exp=str(now() + 600))),
    "exp a fraction": lambda: signed(head(), claims(exp=now() + 600.5)),
    "exp true": lambda: signed(head(), claims(exp=True)),
    "exp null": lambda: signed(head(), claims(exp=None)),
    "exp NaN": lambda: signed(head(), without_exp(b"NaN")),
    "exp Infinity": lambda: signed(head(), without_exp(b"Infinity")),
    "exp 1e400": lambda: signed(head(), without_exp(b"1e400")),
    "exp negative": lambda: signed(head(), claims(exp=-1)),
    "nbf a string": lambda: signed(head(), claims(nbf="0")),
    "wrong aud": lambda: token(aud="other"),
    "aud a prefix of ours": lambda: token(aud=AUDIENCE[:-1]),
    "ours a prefix of aud": lambda: token(aud=f"{AUDIENCE}-test"),
    "aud list without ours": lambda: token(aud=["a", "b"]),
    "aud an object": lambda: signed(head(), claims(aud={AUDIENCE: True})),
    "wrong iss": lambda: token(iss="https://evil.test"),
    "iss a prefix of ours": lambda: token(iss=ISSUER[:-1]),
    "ours a prefix of iss": lambda: token(iss=f"{ISSUER}.evil.test"),
    "iss with a slash": lambda: token(iss=f"{ISSUER}/"),
    "iss a list": lambda: signed(head(), claims(iss=[ISSUER])),
    "sub a number": lambda: signed(head(), claims(sub=1)),
    "sub a list": lambda: signed(head(), claims(sub=["dr-1"])),
    "sub with a line break": lambda: signed(head(), claims(sub="dr\n1")),
    "sub empty": lambda: signed(head(), claims(sub="")),
    "role twice": lambda: signed(head(), raw_claims(b'"role": "privacy_officer"')),
    "a key twice, nested": lambda: signed(head(), raw_claims(b'"deep": {"a": [{"b": 1, "b": 2}]}')),
    "a header member twice": lambda: signed(
        b'{"alg": "none", "alg": "RS256", "typ": "at+jwt", "kid": "one"}', claims()
    ),
    "role a list": lambda: token(role=["gp"]),
    "role a number": lambda: token(role=1),
    "role missing": lambda: token(role=...),
    "crit unknown": lambda: signed(head(crit=["exp2"], exp2=1), claims()),
    "crit empty": lambda: signed(head(crit=[]), claims()),
    "b64 false": lambda: signed(head(b64=False, crit=["b64"]), claims()),
    "zip": lambda: signed(head(zip="DEF"), claims()),
    "typ logout+jwt": lambda: token(headers={"typ": "logout+jwt"}),
    "typ missing": lambda: signed(head(typ=...), claims()),
    "typ a list": lambda: signed(head(typ=["JWT"]), claims()),
    "id token by nonce": lambda: token(nonce="n"),
    "id token by at_hash": lambda: token(at_hash="h"),
    "logout token by events": lambda: token(events={}),
    "refresh token": lambda: token(typ="Refresh"),
    "nested JWT": lambda: signed(head(cty="JWT"), token().encode()),
    "JWE": lambda: ".".join(["eyJhbGciOiJSU0EtT0FFUCJ9", "a", "b", "c", "d"]),
    "payload a list": lambda: signed(head(), b"[]"),
    "payload null": lambda: signed(head(), b"null"),
    "payload empty": lambda: signed(head(), b""),
    "integer of 5000 digits": lambda: signed(head(), raw_claims(b'"n": ' + b"9" * 5000)),
    "JSON 3000 deep": lambda: signed(head(), raw_claims(b'"n": ' + b"[" * 1500 + b"]" * 1500)),
    "header not UTF-8": lambda: signed(b'{"alg": "RS256", "kid": "\xff"}', claims()),
    "header UTF-16": lambda: signed(json.dumps(head()).encode("utf-16"), claims()),
    "half a character in a claim": lambda: signed(head(), raw_claims(b'"x": "\\ud800"')),
    "line break inside": lambda: token().replace(".", ".\n", 1),
    "trailing dot": lambda: token() + ".",
    "one megabyte": lambda: token(filler="x" * 1_000_000),
    "padding": lambda: token() + "==",
    "signature spelt otherwise": lambda: respelt(token()),
    "organisation missing": lambda: token(organisation=...),
    "organisation malformed": lambda: token(organisation="f83004; --"),
    "purpose malformed": lambda: token(purpose="treat & more"),
    "patient without a number": lambda: token(role="patient"),
    "patient with a bad check digit": lambda: token(role="patient", nhs_number="9990000017"),
}

WITHOUT_RIGHTS: dict[str, Callable[[], str]] = {
    "role unknown": lambda: token(role="admin"),
    "role in capitals": lambda: token(role="GP"),
    "role look-alike": lambda: token(role="g\u0440"),
    "role with NUL": lambda: token(role="gp\x00"),
    "role with a blank": lambda: token(role="gp "),
    "role empty": lambda: token(role=""),
}


def _altered() -> str:
    header, _, signature = token().split(".")
    return f"{header}.{b64(json.dumps(claims(role='privacy_officer')).encode())}.{signature}"


assert jwt.decode(signed(head(), claims()), rsa_key().public_key(), ["RS256"], audience=AUDIENCE)
