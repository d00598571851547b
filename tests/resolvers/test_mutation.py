"""What a privacy officer may change, and what the register takes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.federation.fetcher import SubgraphRequest
from gateway.federation.local_fetcher import LocalFetcher
from resolvers.schema import graphql_core_schema
from resolvers.sources.upstream import Failure, UpstreamError
from tests.resolvers.kit import NUMBER, OTHER, People, Register, ask, context, person

OPT_OUT = 'mutation($reason: String!) {{ {field}(nhsNumber: "{number}", reason: $reason) {{ optedOut }} }}'


async def change(
    field: str, reason: str, register: Register, people: People | None = None
) -> tuple[object, list[object]]:
    text = OPT_OUT.format(field=field, number=NUMBER)
    request = SubgraphRequest("record", text, None, {"reason": reason}, "mutation")
    response = await LocalFetcher(graphql_core_schema()).fetch(
        request, context(register=register, people=people, role="privacy_officer")
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


async def test_who_opts_out_under_a_replaced_number_is_gone_under_the_current_one() -> None:
    register, people = Register(), People({NUMBER: person(OTHER, asked_number=NUMBER), OTHER: person(OTHER)})
    assert await change("optOut", "letter", register, people) == ({"optOut": {"optedOut": True}}, [])
    assert register.out == {NUMBER, OTHER}
    assert set(people.forgotten) == {NUMBER, OTHER}
    seen = await ask(f'{{ patient(nhsNumber: "{OTHER}") {{ nhsNumber }} }}', context(register=register, people=people))
    assert [error.extensions["code"] for error in seen.errors] == ["PATIENT_NOT_AVAILABLE"]


@pytest.mark.parametrize("people", [People({}), People({}, failure=UpstreamError(Failure.UNAVAILABLE))])
async def test_an_opt_out_holds_whether_or_not_the_demographics_service_knows_the_person(people: People) -> None:
    register = Register()
    assert await change("optOut", "letter", register, people) == ({"optOut": {"optedOut": True}}, [])
    assert register.out == {NUMBER}


async def test_the_opt_out_holds_before_anybody_is_asked() -> None:
    register = Register()

    class Late(People):
        async def person(self, *_: Any) -> None:
            assert register.out == {NUMBER}

    assert await change("optOut", "letter", register, Late({})) == ({"optOut": {"optedOut": True}}, [])
