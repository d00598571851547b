"""What a partner is told with a request: the signed context, what is allowed, and nothing else."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest

from gateway.cli.token import demo_token
from gateway.federation.share import InFlight
from gateway.upstream.auth import Outgoing
from gateway.upstream.signing import sign
from tests.gateway.partners.kit import (
    HEAD,
    NOTES,
    OPTED_OUT,
    OTHER,
    PATIENT_TIMES,
    PERSON,
    Area,
    Foreign,
    demographics,
    gateway_of,
    listening,
    notes,
    subgraph,
    write_config,
)
from tests.gateway.upstream.certificates import Authority

pytestmark = pytest.mark.system
QUERY = f'{{ patient(nhsNumber: "{PERSON}") {{ notes {{ text }} }} }}'
SECRET = "a-shared-secret-of-more-than-32-bytes"
Start = Callable[[str], AbstractAsyncContextManager[tuple[Area, Foreign]]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    @asynccontextmanager
    async def started(more: str) -> AsyncIterator[tuple[Area, Foreign]]:
        foreign = Foreign(HEAD + NOTES, {PERSON: notes("steady"), OTHER: notes("brisk")})
        (tmp_path / "hmac").write_text(SECRET)
        async with demographics() as pds, listening(foreign) as (url, _):
            settings = write_config(tmp_path, pds, subgraph("notes", url, PATIENT_TIMES + more))
            async with gateway_of(settings) as area:
                foreign.seen.clear()
                yield area, foreign

    return started


async def test_no_header_is_forwarded_unless_allowed(start: Start) -> None:
    sent = {"x-ward": "12", "x-secret": "s", "cookie": "c=1", "joinup-context": "forged", "user-agent": "browser"}
    async with start('forward_headers = ["X-Ward"]\n') as (area, foreign):
        await area.ask(QUERY, headers=sent)
    (seen,) = foreign.seen
    assert seen["x-ward"] == "12"
    assert set(seen) == {
        "host", "accept", "accept-encoding", "content-type", "content-length", "x-ward", "x-request-id",
    }  # fmt: skip


async def test_callers_own_credentials_are_never_forwarded(start: Start) -> None:
    async with start('forward_headers = ["Authorization", "Cookie", "Joinup-Context"]\n') as (area, foreign):
        await area.ask(QUERY, headers={"cookie": "c=1", "joinup-context": "forged"})
    assert not {"authorization", "cookie", "joinup-context"} & set(foreign.seen[0])


async def test_signed_context_says_who_asks_why_and_for_whom(start: Start, tmp_path: Path) -> None:
    async with start('signing_key = "context-key.pem"\nsigning_key_id = "k7"\n') as (area, foreign):
        await area.ask(QUERY)
    token = foreign.seen[0]["joinup-context"]
    public = (tmp_path / "context-key.pub.pem").read_bytes()
    claims = jwt.decode(token, public, ["EdDSA"], audience="notes", issuer="joinup")
    assert (claims["role"], claims["organisation"], claims["purpose"]) == ("gp", "Y99001", "TREAT")
    assert (claims["patient"], claims["sub"]) == (PERSON, "https://demo.joinup.example|test-gp")
    assert claims["exp"] - claims["iat"] == 60
    assert claims["request_id"] == foreign.seen[0]["x-request-id"]
    assert jwt.get_unverified_header(token)["kid"] == "k7"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, public, ["EdDSA"], audience="another")


async def test_patient_is_named_only_where_there_is_one(start: Start, tmp_path: Path) -> None:
    query = f'{{ a: patient(nhsNumber: "{PERSON}") {{ notes {{ text }} }} b: patient(nhsNumber: "{OTHER}") {{ notes {{ text }} }} }}'
    async with start('signing_key = "context-key.pem"\n') as (area, foreign):
        await area.ask(query)
    claims = jwt.decode(foreign.seen[0]["joinup-context"], options={"verify_signature": False})
    assert "patient" not in claims
    assert len(foreign.asked[-1]["variables"]["representations"]) == 2


async def test_body_is_signed_with_the_shared_secret(start: Start) -> None:
    async with start('hmac_secret = "file:hmac"\nsigning_key_id = "h1"\n') as (area, foreign):
        await area.ask(QUERY)
    parts = dict(part.split("=", 1) for part in foreign.seen[0]["joinup-signature"].split(", "))
    outgoing = Outgoing("POST", "/", foreign.seen[0]["host"], foreign.bodies[-1])
    assert parts["key"] == "h1"
    assert parts["sig"] == sign(SECRET.encode(), outgoing, parts["ts"], parts["nonce"])


async def test_client_certificate_is_shown_to_a_partner_that_asks_for_one(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("partner.test", address="127.0.0.1")
    authority.issue("gateway.test")
    known = f'ca_file = "{authority.file.name}"'
    own = 'cert_file = "gateway.test.pem", key_file = "gateway.test.key"'
    served: dict[str, Any] = {
        "ssl_certfile": certificate, "ssl_keyfile": key,
        "ssl_ca_certs": str(authority.file), "ssl_cert_reqs": ssl.CERT_REQUIRED,
    }  # fmt: skip
    foreign = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with demographics() as pds, listening(foreign, **served) as (url, _):
        table = subgraph("notes", url, PATIENT_TIMES + f"tls = {{ {known} }}\n")
        async with gateway_of(write_config(tmp_path, pds, table)) as area:
            assert (await area.status()).json()["waiting"] == ["notes"]
            assert foreign.seen == []
            write_config(tmp_path, pds, table.replace(known, f"{known}, {own}"))
            assert (await area.status("POST")).json()["waiting"] == []
            assert (await area.ask(QUERY))["data"]["patient"]["notes"] == [{"text": "steady"}]


async def test_person_who_has_opted_out_is_not_asked_about(start: Start) -> None:
    async with start("") as (area, foreign):
        asked = len(foreign.asked)
        query = f'mutation {{ optOut(nhsNumber: "{OPTED_OUT}", reason: "asked") {{ optedOut }} }}'
        await area.ask(query, role="privacy_officer")
        answer = await area.ask(QUERY.replace(PERSON, OPTED_OUT))
        assert answer["data"] == {"patient": None}
        assert len(foreign.asked) == asked


async def test_only_what_cannot_change_an_answer_is_left_out_of_sharing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[Hashable] = []
    once: Any = InFlight.once

    async def noted(self: object, key: Hashable, make: object) -> object:
        keys.append(key)
        return await once(self, key, make)

    monkeypatch.setattr(InFlight, "once", noted)
    person: dict[str, Any] = {"organisation": "Y99001", "subject": "a", "name": "Test"}
    async with start('forward_headers = ["X-Ward"]\nsigning_key = "context-key.pem"\n') as (area, _):

        async def asked(query: str = QUERY, ward: str = "12", role: str = "gp", **who: str) -> Hashable:
            token = demo_token(area.settings, role, **{**person, **who})
            keys.clear()
            await area.ask(query, headers={"authorization": f"Bearer {token}", "x-ward": ward, "x-other": token})
            (key,) = keys
            return key

        first = await asked()
        assert await asked() == first
        others = [
            await asked(QUERY.replace(PERSON, OTHER)),
            await asked(QUERY.replace("text", "stars")),
            await asked(ward="13"),
            await asked(role="nurse"),
            await asked(subject="b"),
            await asked(organisation="Y99002"),
            await asked(purpose="ETREAT"),
        ]
    assert len({first, *others}) == 8
