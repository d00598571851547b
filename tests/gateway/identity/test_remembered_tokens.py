"""Verified tokens are remembered, and forgotten when they must be."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import gateway.identity.issuers as issuers
from gateway.errors import Refusal
from gateway.http.body import as_json
from gateway.identity.denied import DeniedFile
from gateway.identity.jwks import StaticKeys
from gateway.identity.keys import read_key_set
from tests.gateway.kit import ISSUER, authenticator, jwk, other_rsa_key, rsa_key, token


class Counting:
    """Counts the signatures that are checked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checks = 0
        check = issuers._check_signature_and_claims

        def counted(*arguments: object) -> None:
            self.checks += 1
            check(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(issuers, "_check_signature_and_claims", counted)


async def test_second_use_checks_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    counting, identity = Counting(monkeypatch), authenticator()
    header = [f"Bearer {token()}".encode()]
    assert await identity.caller(header) is await identity.caller(header)
    assert counting.checks == 1


async def test_remembered_token_expires() -> None:
    now = [time.time()]
    identity = authenticator(clock=lambda: now[0])
    header = [f"Bearer {token(iat=int(now[0]) - 60, exp=int(now[0]) + 1)}".encode()]
    await identity.caller(header)
    now[0] += 32
    assert identity._recall(next(iter(identity._remembered))) is None
    assert not identity._remembered


async def test_refused_token_is_not_remembered() -> None:
    identity = authenticator()
    with pytest.raises(Refusal):
        await identity.caller([f"Bearer {token(other_rsa_key())}".encode()])
    assert not identity._remembered


async def test_memory_is_bounded() -> None:
    identity = authenticator(remember=3)
    for number in range(5):
        await identity.caller([f"Bearer {token(jti=str(number))}".encode()])
    assert len(identity._remembered) == 3


async def test_change_of_keys_ends_remembered_tokens() -> None:
    keys = StaticKeys(read_key_set(as_json({"keys": [jwk(rsa_key(), "one", "RS256")]}), ["RS256"]))
    identity = authenticator(keys=keys)
    header = [f"Bearer {token()}".encode()]
    await identity.caller(header)
    keys._keys = read_key_set(as_json({"keys": [jwk(other_rsa_key(), "one", "RS256")]}), ["RS256"])
    with pytest.raises(Refusal):
        await identity.caller(header)


async def test_revoked_token_is_refused_though_remembered(tmp_path: Path) -> None:
    file, now = tmp_path / "denied.txt", [0.0]
    file.write_text("# nobody yet\n")
    identity = authenticator(denied=DeniedFile(file, clock=lambda: now[0]))
    header = [f"Bearer {token()}".encode()]
    assert (await identity.caller(header)).role == "gp"
    file.write_text(f"{ISSUER} token-1\n")
    now[0] += 2
    with pytest.raises(Refusal, match="UNAUTHENTICATED"):
        await identity.caller(header)


async def test_revoked_token_stays_revoked_when_spelt_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "denied.txt"
    file.write_text(f"{ISSUER} token-1\n")
    identity = authenticator(denied=DeniedFile(file))
    for text in (token(), token(name="other text, same jti"), token() + "="):
        with pytest.raises(Refusal, match="UNAUTHENTICATED"):
            await identity.caller([f"Bearer {text}".encode()])


async def test_token_without_jti_is_refused_where_revocation_is_on(tmp_path: Path) -> None:
    file = tmp_path / "denied.txt"
    file.write_text("")
    with pytest.raises(Refusal, match="UNAUTHENTICATED"):
        await authenticator(denied=DeniedFile(file)).caller([f"Bearer {token(jti=...)}".encode()])


async def test_unreadable_revocations_believe_nobody(tmp_path: Path) -> None:
    identity = authenticator(denied=DeniedFile(tmp_path / "absent.txt"))
    with pytest.raises(Refusal, match="IDENTITY_UNAVAILABLE"):
        await identity.caller([f"Bearer {token()}".encode()])
