"""The seeded partner: its secrets are withheld, the rest is shown, and it composes with the record."""

from __future__ import annotations

from datetime import date

from gateway.federation.subgraph import SubgraphInput
from gateway.graph import compose_graph
from policies.bundle import Policies
from policies.decision import Show
from seeds.falls import SECRETS, adaptations, assessments
from seeds.people import people
from seeds.servers.partner import SCHEMA

TODAY = date(2026, 11, 22)
POLICIES = Policies.load()


def test_every_secret_is_withheld_and_nothing_else() -> None:
    judge = POLICIES.sensitivity.judge
    secrets = set()
    for person in people(TODAY):
        for one in assessments(person, TODAY):
            read = {"madeOn": one.made.isoformat(), "risk": one.risk, "summary": one.summary}
            assert isinstance(judge(read), Show) is (one.secret is None), one
            secrets.add(one.secret)
        for fitted in adaptations(person, TODAY):
            assert isinstance(judge({"what": fitted.what, "fittedOn": fitted.fitted.isoformat()}), Show)
    assert secrets == {None, *SECRETS}


def test_data_are_the_same_every_time() -> None:
    first, second = people(TODAY), people(TODAY)
    assert [assessments(one, TODAY) for one in first] == [assessments(one, TODAY) for one in second]


def test_ids_are_unique_and_without_an_order() -> None:
    ids = [one.id for person in people(TODAY) for one in (*assessments(person, TODAY), *adaptations(person, TODAY))]
    assert len(set(ids)) == len(ids)
    assert not any(one[-2:] in ("-0", "-1", "-2") for one in ids)


def test_subgraph_composes_and_is_covered() -> None:
    graph = compose_graph([SubgraphInput("falls", SCHEMA.as_str(), "http://falls.example")], POLICIES)
    assert set(graph.classification.gates) == {"FallsAssessment", "HousingAdaptation"}
    assert graph.classification.signed == []
