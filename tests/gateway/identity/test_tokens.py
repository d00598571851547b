"""Which tokens are believed, and that nothing else is: the table of known attacks, one test each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.errors import Refusal
from gateway.identity.token import TokenError, take_apart
from policies.caller import Caller
from tests.gateway.identity.attacks import ATTACKS, WITHOUT_RIGHTS, head, respelt, signed
from tests.gateway.kit import (
    AUDIENCE,
    ISSUER,
    NHS_NUMBER,
    authenticator,
    claims,
    client,
    ec_key,
    gateway,
    issuer_settings,
    token,
)


async def believed(text: str, scheme: str = "Bearer", **options: object) -> Caller:
    return await authenticator(**options).caller([f"{scheme} {text}".encode()])


async def code_for(text: str, **options: object) -> str:
    with pytest.raises(Refusal) as caught:
        await believed(text, **options)
    return caught.value.code.name


async def test_good_token_gives_its_caller() -> None:
    caller = await believed(token(name="Dr One", purpose="ETREAT"))
    assert caller == Caller(
        issuer=ISSUER,
        subject="dr-1",
        role="gp",
        organisation="F83004",
        purpose="ETREAT",
        name="Dr One",
        client="app",
        token_id="token-1",
    )


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_attack_is_refused(attack: Callable[[], str]) -> None:
    assert await code_for(attack()) == "UNAUTHENTICATED"


@pytest.mark.parametrize("attack", WITHOUT_RIGHTS.values(), ids=WITHOUT_RIGHTS.keys())
async def test_unknown_role_has_no_rights(attack: Callable[[], str]) -> None:
    assert await code_for(attack()) == "FORBIDDEN"


def test_the_table_is_whole() -> None:
    assert len(ATTACKS) + len(WITHOUT_RIGHTS) >= 64


@pytest.mark.parametrize("algorithm", ["PS256", "RS512", "RS384"])
async def test_key_verifies_only_the_algorithm_it_is_pinned_to(algorithm: str) -> None:
    settings = issuer_settings(algorithms=["RS256", "RS384", "RS512", "PS256", "ES256"])
    assert (await believed(token(), settings=settings)).role == "gp"
    assert await code_for(token(algorithm=algorithm), settings=settings) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (respelt(token()), "not-canonical"),
        (token() + "==", "not-compact"),
        (token(headers={"jku": "x"}), "foreign-header"),
        ("a" * 9000, "too-long"),
    ],
)
def test_spelling_is_refused_before_any_key_is_asked(text: str, reason: str) -> None:
    with pytest.raises(TokenError, match=reason):
        take_apart(text)


async def test_elliptic_curve_token_is_believed() -> None:
    assert (await believed(token(ec_key(), "ES256", {"kid": "two"}))).role == "gp"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_scheme_is_case_insensitive(scheme: str) -> None:
    assert (await believed(token(), scheme)).role == "gp"


@pytest.mark.parametrize("scheme", ["Basic", "Token", "DPoP", ""])
async def test_other_scheme_is_refused(scheme: str) -> None:
    with pytest.raises(Refusal):
        await believed(token(), scheme)


async def test_list_of_audiences_with_ours_is_a_setting() -> None:
    listed = token(aud=[AUDIENCE, "other"])
    assert (await believed(listed)).role == "gp"
    assert await code_for(listed, settings=issuer_settings(audience_lists=False)) == "UNAUTHENTICATED"


async def test_issuer_may_be_kept_to_roles() -> None:
    settings = issuer_settings(roles=["patient"])
    assert await code_for(token(), settings=settings) == "FORBIDDEN"
    assert (await believed(token(role="patient", nhs_number=NHS_NUMBER), settings=settings)).patient == NHS_NUMBER


async def test_issuer_may_be_kept_to_organisations() -> None:
    settings = issuer_settings(organisations=["RAL"])
    assert await code_for(token(), settings=settings) == "FORBIDDEN"
    assert (await believed(token(organisation="RAL"), settings=settings)).organisation == "RAL"


async def test_issuer_may_name_roles_and_claims_its_own_way() -> None:
    settings = issuer_settings(
        role_names={"GW-Nurse": "nurse"}, claims={"role": "realm.role", "organisation": "https://nhs.test/org"}
    )
    caller = await believed(
        token(realm={"role": "GW-Nurse"}, role=..., organisation=..., **{"https://nhs.test/org": "RAL"}),
        settings=settings,
    )
    assert (caller.role, caller.organisation) == ("nurse", "RAL")


async def test_own_number_is_for_patients_only() -> None:
    assert (await believed(token(nhs_number=NHS_NUMBER))).patient is None


async def test_patient_needs_no_organisation() -> None:
    caller = await believed(token(role="patient", nhs_number=NHS_NUMBER, organisation=...))
    assert (caller.patient, caller.organisation) == (NHS_NUMBER, "")


async def test_name_with_control_characters_is_dropped() -> None:
    assert (await believed(signed(head(), claims(name="Dr\nOne")))).name is None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("authorization", f"Bearer {token()}"), ("authorization", f"Bearer {token()}")],
        [("authorization", f"Bearer {token()}, Bearer {token()}")],
        [("authorization", f"Bearer {token().replace('.', chr(0x2024))}".encode())],
        [("cookie", f"access_token={token()}")],
        [("authorization", "Bearer")],
    ],
    ids=["none", "two headers", "comma list", "unicode dot", "cookie", "no token"],
)
async def test_only_one_authorization_header_counts(headers: list[tuple[str, str | bytes]]) -> None:
    async with client(gateway(), None) as http:
        reply = await http.post("/graphql", json={"query": "{hello}"}, headers=headers)  # type: ignore[arg-type]
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert reply.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_token_in_the_query_string_is_refused() -> None:
    async with client(gateway(), None) as http:
        posted = await http.post(f"/graphql?access_token={token()}", json={"query": "{hello}"})
        got = await http.get("/graphql", params={"access_token": token(), "query": "{hello}"})
    assert posted.status_code == got.status_code == 400


async def test_token_in_the_body_is_no_token() -> None:
    async with client(gateway(), None) as http:
        reply = await http.post("/graphql", json={"query": "{hello}", "access_token": token()})
    assert reply.status_code == 401


async def test_refusal_says_nothing_of_the_reason() -> None:
    async with client(gateway(), token(iat=1, exp=2)) as expired, client(gateway(), token(aud="other")) as strange:
        one = await expired.post("/graphql", json={"query": "{hello}"})
        two = await strange.post("/graphql", json={"query": "{hello}"})
    assert one.json() == two.json()
