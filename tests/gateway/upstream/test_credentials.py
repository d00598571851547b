"""How requests are signed: OAuth 2, HMAC, and the context token for partners."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.upstream.auth import Outgoing
from gateway.upstream.client import UpstreamClient
from gateway.upstream.context import ContextSigner, RequestContext
from gateway.upstream.oauth import OAuth2, OAuth2Settings
from gateway.upstream.settings import UpstreamSettings
from gateway.upstream.signing import HmacSigner
from resolvers.sources.upstream import Failure, Reply, UpstreamError

PATIENT = "9990000018"
OUT = Outgoing("GET", "/x", "h", None)
TOKEN_URL = "https://token.example/oauth2/token"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


RSA_KEY = rsa.generate_private_key(65537, 2048)


class TokenServer:
    """Answers with numbered tokens, and remembers the forms."""

    base_url = TOKEN_URL

    def __init__(self, reply: Reply | UpstreamError | None = None, wait: float = 0.0) -> None:
        self.reply = reply
        self.wait = wait
        self.forms: list[dict[str, list[str]]] = []
        self.headers: list[Mapping[str, str]] = []

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: object = (),
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline: float,
        idempotent: bool | None = None,
    ) -> Reply:
        self.forms.append(parse_qs((content or b"").decode()))
        self.headers.append(headers or {})
        number = len(self.forms)
        await asyncio.sleep(self.wait)
        if isinstance(self.reply, UpstreamError):
            raise self.reply
        return self.reply or Reply(
            200, json.dumps({"access_token": f"t{number}", "token_type": "Bearer", "expires_in": 300}).encode()
        )


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def settings(**given: object) -> OAuth2Settings:
    values: dict[str, object] = {"client_secret": "hunter2", **given}
    return OAuth2Settings(TOKEN_URL, "client", **values)  # type: ignore[arg-type]


def soon(seconds: float = 5) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_token_is_fetched_once_for_all_and_renewed_in_time() -> None:
    server, clock = TokenServer(wait=0.02), Clock()
    credentials = OAuth2(settings(scope="read"), server, clock)
    results = await asyncio.gather(*(credentials.headers(OUT, soon()) for _ in range(20)))
    assert results == [(("authorization", "Bearer t1"),)] * 20
    assert server.forms == [{"grant_type": ["client_credentials"], "scope": ["read"]}]
    assert server.headers[0]["authorization"] == "Basic Y2xpZW50Omh1bnRlcjI="
    clock.now += 269
    assert await credentials.headers(OUT, soon()) == (("authorization", "Bearer t1"),)
    clock.now += 2
    assert await credentials.headers(OUT, soon()) == (("authorization", "Bearer t2"),)


async def test_secret_may_go_in_the_body() -> None:
    server = TokenServer()
    await OAuth2(settings(secret_in="body"), server).headers(OUT, soon())
    assert (server.forms[0]["client_id"], server.forms[0]["client_secret"]) == (["client"], ["hunter2"])
    assert "authorization" not in server.headers[0]


async def test_signed_assertion_proves_the_client() -> None:
    server = TokenServer()
    key = pem(RSA_KEY).decode()
    made = OAuth2(settings(client_secret=None, private_key_pem=key, key_id="k1"), server)
    await made.headers(OUT, soon())
    token = server.forms[0]["client_assertion"][0]
    assert jwt.get_unverified_header(token) == {"alg": "RS512", "typ": "JWT", "kid": "k1"}
    claims = jwt.decode(token, RSA_KEY.public_key(), ["RS512"], audience=TOKEN_URL)
    assert (claims["iss"], claims["sub"]) == ("client", "client")
    assert claims["exp"] - claims["iat"] <= 300
    broken = OAuth2(settings(client_secret=None, private_key_pem="nonsense"), server)
    with pytest.raises(UpstreamError) as caught:
        await broken.headers(OUT, soon())
    assert caught.value.failure is Failure.REFUSED


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, b'{"error":"invalid_client"}'), Failure.REFUSED),
        (Reply(400, b'{"error":"invalid_scope"}'), Failure.REFUSED),
        (Reply(503, b""), Failure.UNAVAILABLE),
        (Reply(302, b""), Failure.UNAVAILABLE),
        (Reply(200, b"not json"), Failure.MALFORMED),
        (Reply(200, b"\xff"), Failure.MALFORMED),
        (Reply(200, b'{"access_token":""}'), Failure.MALFORMED),
        (Reply(200, b'{"access_token":"a\\r\\nb"}'), Failure.MALFORMED),
        (Reply(200, b'{"access_token":"a","token_type":"mac"}'), Failure.MALFORMED),
        (UpstreamError(Failure.TIMED_OUT), Failure.TIMED_OUT),
    ],
)
async def test_no_token_is_a_typed_failure_and_not_asked_for_at_once_again(
    reply: Reply | UpstreamError, kind: Failure
) -> None:
    server, clock = TokenServer(reply), Clock()
    credentials = OAuth2(settings(), server, clock)
    for _ in range(3):
        with pytest.raises(UpstreamError) as caught:
            await credentials.headers(OUT, soon())
        assert caught.value.failure is kind
    assert len(server.forms) == 1
    clock.now += 1.1
    server.reply = None
    assert await credentials.headers(OUT, soon()) == (("authorization", "Bearer t2"),)


async def test_slow_token_is_finished_for_those_who_come_next() -> None:
    server = TokenServer(wait=0.1)
    credentials = OAuth2(settings(), server)
    with pytest.raises(UpstreamError) as caught:
        await credentials.headers(OUT, soon(0.02))
    assert caught.value.failure is Failure.TIMED_OUT
    await asyncio.sleep(0.15)
    assert await credentials.headers(OUT, soon(0.02)) == (("authorization", "Bearer t1"),)
    assert len(server.forms) == 1


@pytest.mark.parametrize("life", ["null", '"300"', '"soon"', "-5", "1e400"])
async def test_odd_lifetimes_still_give_a_token(life: str) -> None:
    body = f'{{"access_token":"a","expires_in":{life}}}'.encode()
    credentials = OAuth2(settings(), TokenServer(Reply(200, body)))
    if life == "1e400":
        with pytest.raises(UpstreamError):
            await credentials.headers(OUT, soon())
    else:
        assert await credentials.headers(OUT, soon()) == (("authorization", "Bearer a"),)


async def test_rejected_token_is_replaced_once() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return httpx.Response(401 if sent[-1] == "Bearer t1" else 200)

    credentials = OAuth2(settings(), TokenServer())
    client = UpstreamClient(UpstreamSettings("x", "http://h"), auth=credentials, transport=httpx.MockTransport(answer))
    assert (await client.send("GET", "a", deadline=soon())).status == 200
    assert sent == ["Bearer t1", "Bearer t2"]


async def test_failure_of_the_token_server_is_the_requests_failure() -> None:
    called = []
    credentials = OAuth2(settings(), TokenServer(Reply(401, b"")))
    transport = httpx.MockTransport(lambda request: called.append(request) or httpx.Response(200))  # type: ignore[func-returns-value]
    client = UpstreamClient(UpstreamSettings("x", "http://h"), auth=credentials, transport=transport)
    with pytest.raises(UpstreamError) as caught:
        await client.send("GET", "a", deadline=soon())
    assert (caught.value.failure, called) == (Failure.REFUSED, [])


def test_exactly_one_proof_is_configured() -> None:
    for given in ({"client_secret": None}, {"private_key_pem": "x"}):
        with pytest.raises(ValueError, match="either"):
            settings(**given)


def test_secrets_are_never_shown() -> None:
    credentials = OAuth2(settings(), TokenServer())
    key_only = settings(client_secret=None, private_key_pem="hunter2")
    signer = HmacSigner("k", b"hunter2" * 8)
    context = ContextSigner("i", "k", pem(ed25519.Ed25519PrivateKey.generate()))
    assert "hunter2" not in repr(credentials) + repr(settings()) + repr(key_only) + repr(signer)
    assert "PRIVATE" not in repr(context)


async def test_signature_covers_the_whole_request() -> None:
    key = b"k" * 32
    signer = HmacSigner("partner-1", key, lambda: 1_700_000_000.9)
    ((name, value),) = await signer.headers(Outgoing("POST", "/a?b=c", "h:1", b"body"), 0)
    parts = dict(part.split("=", 1) for part in value.split(", "))
    body = hashlib.sha256(b"body").hexdigest()
    text = f"joinup-1\n1700000000\n{parts['nonce']}\nPOST\nh:1\n/a?b=c\n{body}\n"
    assert (name, parts["key"], parts["ts"]) == ("joinup-signature", "partner-1", "1700000000")
    assert parts["sig"] == hmac.new(key, text.encode(), "sha256").hexdigest()
    (other,) = await signer.headers(Outgoing("POST", "/a?b=c", "h:1", b"body"), 0)
    assert other[1] != value


def test_short_signing_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        HmacSigner("k", b"short")


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("RS256", RSA_KEY),
    ],
)
def test_partner_learns_who_asks_and_why(
    algorithm: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
) -> None:
    signer = ContextSigner("https://gateway.example", "k1", pem(key), algorithm)
    context = RequestContext("user-1", "gp", "F83004", "direct-care", PATIENT, "req-1")
    name, token = signer.header("camden-social-care", context)
    claims = jwt.decode(token, key.public_key(), [algorithm], audience="camden-social-care")
    assert name == "joinup-context"
    assert jwt.get_unverified_header(token)["typ"] == "joinup-context+jwt"
    assert {name: claims[name] for name in ("iss", "sub", "role", "organisation", "purpose", "patient")} == {
        "iss": "https://gateway.example",
        "sub": "user-1",
        "role": "gp",
        "organisation": "F83004",
        "purpose": "direct-care",
        "patient": PATIENT,
    }
    assert claims["exp"] - claims["iat"] == 60
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key.public_key(), [algorithm], audience="other-partner")
    assert signer.token("a", context) != signer.token("a", context)


def test_key_that_cannot_sign_is_refused_at_once() -> None:
    for key, algorithm in ((pem(RSA_KEY), "EdDSA"), (b"nonsense", "EdDSA"), (pem(RSA_KEY), "HS256")):
        with pytest.raises(ValueError, match=r"key|signed"):
            ContextSigner("i", "k", key, algorithm)
