"""@override with a label: one partner's field moves to another for those callers for whom the label is active."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import parse

from gateway.explaining import explained_plan
from gateway.federation.subgraph import SubgraphInput
from gateway.generation import Generation
from gateway.graph import Graph, compose_graph
from gateway.labels import active
from policies.bundle import Policies
from tests.gateway.partners.kit import (
    HEAD,
    PATIENT_TIMES,
    PERSON,
    Foreign,
    demographics,
    gateway_of,
    listening,
    subgraph,
    write_config,
)

OLD = 'type Patient @key(fields: "nhsNumber") { nhsNumber: NHSNumber! badge: ID @section(name: "falls") }\n'
NEW = OLD.replace("badge: ID", 'badge: ID @override(from: "old", label: "LABEL")')
QUERY = f'{{ patient(nhsNumber: "{PERSON}") {{ badge }} }}'
CALLERS = [f"issuer|caller-{number}" for number in range(2000)]


def graph(label: str) -> Graph:
    partners = {"old": HEAD + OLD, "new": HEAD + NEW.replace("LABEL", label)}
    return compose_graph([SubgraphInput(name, sdl, "http://a") for name, sdl in partners.items()], Policies.load())


def asked(generation: Generation, labels: frozenset[str]) -> list[str]:
    ready = generation.ready("gp", "hash", QUERY, parse(QUERY), None, labels)
    return [step.subgraph for step in ready.plan.steps]


def test_a_percentage_is_a_share_of_callers_and_always_the_same_ones() -> None:
    for percent in (0, 2.5, 25, 100):
        label = f"percent({percent})"
        inside = [who for who in CALLERS if active([label], frozenset(), who)]
        assert inside == [who for who in CALLERS if active([label], frozenset(), who)]
        assert abs(len(inside) / len(CALLERS) - percent / 100) < 0.04
        assert percent not in (0, 100) or len(inside) == percent * len(CALLERS) // 100


@pytest.mark.parametrize("label", ["other", "percent", "percent(x)", "percent(-1)", "percent(1", "xpercent(100)"])
def test_any_other_label_is_on_only_where_it_is_named(label: str) -> None:
    assert active([label], frozenset(), "somebody") == frozenset()
    assert active([label, "percent(0)"], frozenset({label, "unknown"}), "somebody") == {label}


def test_callers_with_and_without_the_label_have_plans_of_their_own() -> None:
    generation = graph("percent(50)").generation({}, 10)
    views = {who: generation.labels(who) for who in CALLERS[:50]}
    assert set(views.values()) == {frozenset(), frozenset({"percent(50)"})}
    for labels in views.values():
        assert asked(generation, labels) == ["record", "new" if labels else "old"]


def test_both_plans_are_made_before_a_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (graph("percent(50)").generation({}, 10) for _ in range(2))
    both = [frozenset[str](), frozenset({"percent(50)"})]
    before = [asked(first, labels) for labels in both]
    second.warm(first.known())
    monkeypatch.setattr(Generation, "_prepare", lambda *_: pytest.fail("planned after the swap"))
    assert [asked(second, labels) for labels in both] == before


def test_a_plan_is_explained_with_the_label() -> None:
    composed = graph("moving")
    assert "] old" in explained_plan(composed, "gp", QUERY)
    assert "] new" in explained_plan(composed, "gp", QUERY, labels=frozenset({"moving"}))


@pytest.mark.system
async def test_a_label_is_switched_in_the_configuration(tmp_path: Path) -> None:
    partners = (
        Foreign(HEAD + OLD, {PERSON: {"badge": "from-old"}}),
        Foreign(HEAD + NEW.replace("LABEL", "moving"), {PERSON: {"badge": "from-new"}}),
    )
    async with demographics() as pds, listening(partners[0]) as (old, _), listening(partners[1]) as (new, _):
        tables = subgraph("old", old, PATIENT_TIMES) + subgraph("new", new, PATIENT_TIMES)
        async with gateway_of(write_config(tmp_path, pds, tables)) as area:
            assert (await area.ask(QUERY))["data"]["patient"]["badge"] == "from-old"
            write_config(tmp_path, pds, tables, 'override_labels = ["moving"]')
            assert (await area.status("POST")).status_code == 200
            assert (await area.ask(QUERY))["data"]["patient"]["badge"] == "from-new"
