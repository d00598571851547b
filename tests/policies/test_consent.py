from __future__ import annotations

import pytest

from policies.bundle import Policies
from policies.consent import Dissent, decide
from policies.decision import Show, Withhold

NUMBER = "9990000018"


def test_who_has_opted_out_is_not_answered() -> None:
    assert decide(NUMBER, {NUMBER}) == Withhold("consent/opted-out")
    assert isinstance(decide(NUMBER, set()), Show)


def test_an_unreadable_registry_answers_nobody() -> None:
    assert decide(NUMBER, None) == Withhold("consent/registry-unavailable")


def said(policies: Policies, *statements: tuple[str, str, str | None]) -> bool:
    found = [Dissent(system, code, date, str(place)) for place, (system, code, date) in enumerate(statements)]
    return isinstance(policies.dissent.of_source(found), Show)


def test_a_sources_dissent_holds_until_consent(policies: Policies) -> None:
    no, yes = ("read2", "9Nd1.", "2020-01-01"), ("snomed", "417528008", "2021-01-01")
    assert said(policies)
    assert not said(policies, no)
    assert said(policies, no, yes)
    assert not said(policies, ("read2", "93C1.00", "2022-01-01"), yes)


def test_an_undated_statement_counts_as_the_latest(policies: Policies) -> None:
    assert not said(policies, ("snomed", "417528008", "2021-01-01"), ("ctv3", "XaKRw", None))


@pytest.mark.parametrize("code", ["9Nu0.", "9Nu4.", "9M1..", "9Ndo.", "93C3."])
def test_national_opt_outs_block_no_care(policies: Policies, code: str) -> None:
    assert said(policies, ("read2", code, "2024-01-01"))
