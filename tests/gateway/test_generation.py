"""Plans are kept by everything that changes them, and are made before another graph is swapped in."""

from __future__ import annotations

import pytest
from graphql import parse

from gateway.generation import Generation, Parts
from gateway.graph import compose_graph
from policies.bundle import Policies

DEFERRED = """query($n: NHSNumber!, $slow: Boolean!) { patient(nhsNumber: $n) {
  nhsNumber name { family } ... @defer(if: $slow) { allergies { completeness } } } }"""


@pytest.fixture
def generation() -> Generation:
    return compose_graph([], Policies.load()).generation({}, 3)


def split(generation: Generation, slow: bool, role: str = "gp") -> Parts:
    document = parse(DEFERRED)
    ready = generation.ready(role, "h", DEFERRED, document, None)
    assert ready.deferring == ("slow",)
    return generation.parts(role, "h", document, None, ready.deferring, {"slow": slow})


def test_a_split_is_kept_for_each_value_that_decides_it(generation: Generation) -> None:
    for _ in range(2):
        assert [len(split(generation, slow).deferred) for slow in (True, False)] == [1, 0]
    assert split(generation, True) is split(generation, True)


def test_a_split_is_kept_for_each_role(generation: Generation) -> None:
    steps = [split(generation, True, role).deferred[0][1].plan.steps for role in ("gp", "receptionist")]
    assert ["allergies" in step[0].document for step in steps] == [True, False]


def test_a_plan_is_kept_for_each_role_and_operation(generation: Generation) -> None:
    text = "query a { viewer { role } } query b { viewer { purpose } }"
    made = {
        (role, name): generation.ready(role, "h", text, parse(text), name)
        for role in ("gp", "nurse")
        for name in ("a", "b")
    }
    assert len({id(one) for one in made.values()}) == 4


def test_no_more_plans_are_kept_than_configured(generation: Generation) -> None:
    texts = [f"{{ a{number}: viewer {{ role }} }}" for number in range(5)]
    for text in texts:
        generation.ready("gp", text, text, parse(text), None)
    assert [one.text for one in generation.known()] == texts[-3:]


def test_all_that_was_planned_is_planned_again_beforehand(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slow in (True, False):
        split(generation, slow)
    following = compose_graph([], Policies.load()).generation({}, 3)
    following.warm(generation.known())
    monkeypatch.setattr(Generation, "_plan", lambda *_: pytest.fail("planned after the swap"))
    assert [len(split(following, slow).deferred) for slow in (True, False)] == [1, 0]


def test_what_is_not_valid_any_more_does_not_stop_the_others(generation: Generation) -> None:
    first, second = "{ viewer { role } }", "{ viewer { purpose } }"
    for text in (first, second):
        generation.ready("gp", text, text, parse(text), None)
    known = generation.known()
    following = compose_graph([], Policies.load()).generation({}, 3)
    broken = [type(one)(one.key, "{ nowhere }" if one.text == first else one.text, one.split) for one in known]
    following.warm(broken)
    assert [one.text for one in following.known()] == [second]
