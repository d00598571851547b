"""Key sets over HTTP: rotation, outage, floods of unknown names, and answers that are no key set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.errors import Refusal
from gateway.http.body import as_json
from gateway.identity.jwks import MAX_BYTES, REFRESH_GAP, RemoteKeys
from gateway.identity.token import TokenError
from tests.gateway.kit import ec_key, jwk, rsa_key

ONE = as_json({"keys": [jwk(rsa_key(), "one", "RS256")]})
BOTH = as_json({"keys": [jwk(rsa_key(), "one", "RS256"), jwk(ec_key(), "two", "ES256")]})


class IssuerSite:
    """An issuer's key set address that records how often it is asked."""

    def __init__(self, answer: Callable[[], httpx.Response]) -> None:
        self.answer = answer
        self.asked = 0
        self.now = 1000.0
        transport = httpx.MockTransport(self.handle)
        self.keys = RemoteKeys(
            "https://issuer.test/jwks",
            ("RS256", "ES256"),
            fresh=300,
            stale=3600,
            client=httpx.AsyncClient(transport=transport),
            clock=lambda: self.now,
        )

    async def handle(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer()

    async def settle(self) -> None:
        if self.keys._refreshing is not None:
            await asyncio.gather(self.keys._refreshing)


def answering(content: bytes, status: int = 200, **more: Any) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(status, content=content, **more)


async def test_keys_are_fetched_once_for_many() -> None:
    site = IssuerSite(answering(ONE))
    found = await asyncio.gather(*(site.keys.find("one") for _ in range(20)))
    assert {key.id for key in found} == {"one"}
    assert site.asked == 1


async def test_rotated_key_is_found_at_once() -> None:
    site = IssuerSite(answering(ONE))
    await site.keys.find("one")
    site.answer = answering(BOTH)
    site.now += REFRESH_GAP + 1
    assert (await site.keys.find("two")).algorithm == "ES256"


async def test_flood_of_unknown_names_asks_once_in_thirty_seconds() -> None:
    site = IssuerSite(answering(ONE))
    await site.keys.find("one")
    site.now += REFRESH_GAP + 1
    for number in range(50):
        with pytest.raises(TokenError):
            await site.keys.find(f"invented-{number}")
    assert site.asked == 2


async def test_old_keys_are_renewed_without_waiting() -> None:
    site = IssuerSite(answering(ONE))
    await site.keys.find("one")
    before = site.keys.fingerprint()
    site.answer = answering(BOTH)
    site.now += 301
    assert site.keys.fingerprint() == before
    await site.settle()
    assert site.keys.fingerprint() != before


async def test_withdrawn_key_stops_to_verify() -> None:
    site = IssuerSite(answering(BOTH))
    await site.keys.find("two")
    site.answer = answering(ONE)
    site.now += 301
    site.keys.fingerprint()
    await site.settle()
    with pytest.raises(TokenError):
        await site.keys.find("two")


async def test_keys_survive_an_outage_for_a_while() -> None:
    site = IssuerSite(answering(ONE))
    await site.keys.find("one")
    site.answer = answering(b"", 500)
    site.now += 3000
    assert (await site.keys.find("one")).id == "one"
    site.now += 700
    assert site.keys.fingerprint() is None
    with pytest.raises(Refusal, match="IDENTITY_UNAVAILABLE"):
        await site.keys.find("one")


def _broken() -> httpx.Response:
    raise httpx.ConnectError("refused")


UNUSABLE: dict[str, Callable[[], httpx.Response]] = {
    "down": _broken,
    "redirect": answering(b"", 302, headers={"location": "https://evil.test/jwks"}),
    "not found": answering(ONE, 404),
    "page": answering(b"<html>"),
    "too large": answering(b" " * (MAX_BYTES + 1) + ONE),
    "no keys": answering(b'{"keys": []}'),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_unusable_answer_is_no_key_set(answer: Callable[[], httpx.Response]) -> None:
    site = IssuerSite(answer)
    with pytest.raises(Refusal, match="IDENTITY_UNAVAILABLE"):
        await site.keys.find("one")
    assert site.asked == 1


async def test_bad_set_does_not_replace_a_good_one() -> None:
    site = IssuerSite(answering(ONE))
    await site.keys.find("one")
    site.answer = answering(b'{"keys": []}')
    site.now += 301
    site.keys.fingerprint()
    await site.settle()
    assert (await site.keys.find("one")).id == "one"
    await site.keys.close()
