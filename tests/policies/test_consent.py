from __future__ import annotations

from policies.consent import decide
from policies.decision import Show, Withhold

NUMBER = "9990000018"


def test_who_has_opted_out_is_not_answered() -> None:
    assert decide(NUMBER, {NUMBER}) == Withhold("consent/opted-out")
    assert isinstance(decide(NUMBER, set()), Show)


def test_an_unreadable_registry_answers_nobody() -> None:
    assert decide(NUMBER, None) == Withhold("consent/registry-unavailable")
