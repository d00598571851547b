"""What a privacy officer may change, and what the register takes."""

from __future__ import annotations

import pytest

from gateway.federation.fetcher import SubgraphRequest
from gateway.federation.local_fetcher import LocalFetcher
from resolvers.schema import graphql_core_schema
from tests.resolvers.kit import NUMBER, Register, context

OPT_OUT = 'mutation($reason: String!) {{ {field}(nhsNumber: "{number}", reason: $reason) {{ optedOut }} }}'


async def change(field: str, reason: str, register: Register) -> tuple[object, list[object]]:
    text = OPT_OUT.format(field=field, number=NUMBER)
    request = SubgraphRequest("record", text, None, {"reason": reason}, "mutation")
    response = await LocalFetcher(graphql_core_schema()).fetch(
        request, context(register=register, role="privacy_officer")
    )
    return response.data, [error.extensions.get("code") for error in response.errors]


async def test_an_opt_out_and_its_withdrawal_are_recorded() -> None:
    register = Register()
    assert await change("optOut", "letter", register) == ({"optOut": {"optedOut": True}}, [])
    assert register.out == {NUMBER}
    assert await change("withdrawOptOut", "letter", register) == ({"withdrawOptOut": {"optedOut": False}}, [])
    assert register.out == set()


@pytest.mark.parametrize("reason", ["", "   ", "x" * 65])
async def test_a_reason_that_the_register_cannot_keep_is_the_callers_error(reason: str) -> None:
    register = Register()
    _, codes = await change("optOut", reason, register)
    assert codes == ["BAD_USER_INPUT"]
    assert register.out == set()


async def test_an_unreachable_register_is_said() -> None:
    _, codes = await change("optOut", "letter", Register(down=True))
    assert codes == ["REGISTRY_UNAVAILABLE"]
