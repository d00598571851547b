"""Where graphs come from besides partners' answers: supergraphs composed elsewhere, and files that change under us."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.config import Subgraph
from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput
from gateway.graph import GraphError, compose_graph, read_graph
from gateway.live import LiveGraph
from gateway.partner_check.register import keep
from gateway.reach import Reach
from policies.bundle import Policies
from resolvers.schema import record_sdl
from tests.gateway.partners.kit import (
    HEAD,
    NOTES,
    PERSON,
    Foreign,
    demographics,
    gateway_of,
    listening,
    notes,
    subgraph,
    write_config,
)

POLICIES = Policies.load()
QUERY = f'{{ patient(nhsNumber: "{PERSON}") {{ notes {{ text }} }} }}'


def supergraph(notes_sdl: str) -> str:
    inputs = [SubgraphInput("record", record_sdl()), SubgraphInput("notes", HEAD + notes_sdl, "http://notes.example")]
    result = compose(inputs)
    assert result.ok, result.errors
    return result.supergraph_sdl


def test_supergraph_composed_elsewhere_carries_the_classification() -> None:
    graph = read_graph(supergraph(NOTES), POLICIES)
    assert set(graph.classification.gates) == {"Note"}
    with pytest.raises(GraphError, match=r"Note.more: holds words"):
        read_graph(supergraph(NOTES.replace("stars: Int", "more: String")), POLICIES)


def test_supergraph_composed_elsewhere_is_held_to_nullable_fields() -> None:
    with pytest.raises(GraphError, match=r"NULLABILITY_LOST_FETCH: \"Patient.notes\""):
        read_graph(supergraph(NOTES.replace("[Note!] ", "[Note!]! ")), POLICIES)


def test_supergraph_without_the_record_is_refused() -> None:
    sdl = compose([SubgraphInput("notes", HEAD + NOTES + "type Query { x: ID }")]).supergraph_sdl
    with pytest.raises(GraphError, match="no subgraph 'record'"):
        read_graph(sdl, POLICIES)


@pytest.mark.parametrize("text", ["", "type Query { a: Int }", "{", HEAD + NOTES])
def test_text_that_is_no_supergraph_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"supergraph|join__Graph"):
        read_graph(text, POLICIES)


def test_feature_of_security_that_is_not_known_is_refused() -> None:
    link = 'extend schema @link(url: "https://specs.example/lock/v1.0", for: SECURITY)'
    with pytest.raises(GraphError, match="which this gateway does not know"):
        compose_graph([SubgraphInput("notes", HEAD.replace("extend schema", link) + NOTES)], POLICIES)


def test_feature_of_security_in_a_supergraph_is_refused_too() -> None:
    sdl = supergraph(NOTES)
    link = '@link(url: "https://specs.example/lock/v1.0", for: SECURITY)\n  @link(url: "https://specs.apollo.dev/join'
    with pytest.raises(GraphError, match="which this gateway does not know"):
        read_graph(sdl.replace('@link(url: "https://specs.apollo.dev/join', link, 1), POLICIES)


@pytest.mark.system
async def test_supergraph_file_is_served_and_watched(tmp_path: Path) -> None:
    foreign = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    (tmp_path / "supergraph.graphql").write_text(supergraph(NOTES))
    async with demographics() as pds, listening(foreign) as (url, _):
        federation = 'supergraph = "supergraph.graphql"'
        settings = write_config(tmp_path, pds, subgraph("notes", url), federation)
        async with gateway_of(settings) as area:
            assert (await area.ask(QUERY))["data"]["patient"]["notes"] == [{"text": "steady"}]
            (tmp_path / "supergraph.graphql").write_text("no supergraph")
            await area.until(lambda status: not status["ok"])
            assert (await area.ask(QUERY))["data"]["patient"]["notes"] == [{"text": "steady"}]
            (tmp_path / "supergraph.graphql").write_text(supergraph(NOTES.replace("stars: Int", "moons: Int")))
            await area.until(lambda status: status["ok"])
            foreign.sdl = HEAD + NOTES.replace("stars: Int", "moons: Int")
            foreign.data = {PERSON: {"notes": [{"id": "1", "text": "steady", "moons": 2}]}}
            assert (await area.ask(QUERY.replace("text", "moons")))["data"]["patient"]["notes"] == [{"moons": 2}]


async def test_supergraph_names_no_subgraph_without_an_address(tmp_path: Path) -> None:
    (tmp_path / "supergraph.graphql").write_text(supergraph(NOTES))
    settings = write_config(tmp_path, "http://127.0.0.1:1", "", 'supergraph = "supergraph.graphql"')
    graph = LiveGraph(settings, POLICIES, Reach(CollectorRegistry()))
    with pytest.raises(GraphError, match=r"subgraph 'notes' has no address; add \[\[subgraphs\]\] for it"):
        await graph.start()
    await graph.close()


@pytest.mark.system
async def test_faulty_configuration_changes_nothing(tmp_path: Path) -> None:
    foreign = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with demographics() as pds, listening(foreign) as (url, _):
        settings = write_config(tmp_path, pds)
        keep(settings, Subgraph(name="notes", url=url), foreign.sdl)
        async with gateway_of(settings) as area:
            file = tmp_path / "joinup.toml"
            good = file.read_text()
            file.write_text(good + "\n[colour]\n")
            status = await area.until(lambda status: not status["ok"])
            assert "unknown key" in status["reasons"][0]
            file.write_text(good)
            await area.until(lambda status: status["ok"])
            keep(settings, Subgraph(name="notes", url=url, signing_key="signing-key.pem"), foreign.sdl)
            status = await area.until(lambda status: not status["ok"])
            assert "signing_key" in status["reasons"][0]
            assert (await area.ask(QUERY))["data"]["patient"]["notes"] == [{"text": "steady"}]
