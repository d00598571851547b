"""The demo's configuration: it is in order, its examples fit the graph with the partner, its keys are its own."""

from __future__ import annotations

import asyncio
import re
import stat
from datetime import date
from pathlib import Path

import pytest

from gateway.cli.demo import ROLES, prepare, show
from gateway.federation.subgraph import SubgraphInput
from gateway.graph import compose_graph
from gateway.graphiql.examples import read_examples
from gateway.identity.issuers import Authenticator, trusted_issuers
from policies.bundle import Policies
from seeds.people import people
from seeds.servers.partner import SCHEMA

SHOWN = next(person for person in people(date(2026, 11, 22)) if person.why)


def test_demo_prepares_a_configuration_that_loads(tmp_path: Path) -> None:
    settings = prepare(tmp_path / "demo", 8000, 9100, SHOWN)
    (partner,) = settings.config.subgraphs
    assert (partner.name, partner.url, partner.signing_key) == (
        "falls",
        "http://127.0.0.1:9150/graphql",
        "context-key.pem",
    )
    for name in ("signing-key.pem", "context-key.pem", "admin-token"):
        assert stat.S_IMODE((tmp_path / "demo" / name).stat().st_mode) == 0o600
    again = prepare(tmp_path / "demo", 8000, 9100, SHOWN)
    assert again.secret("file:admin-token").reveal() == settings.secret("file:admin-token").reveal()


def test_every_role_of_the_demo_gets_examples_that_run(tmp_path: Path) -> None:
    prepare(tmp_path, 8000, 9100, SHOWN)
    graph = compose_graph([SubgraphInput("falls", SCHEMA.as_str(), "http://falls.example")], Policies.load())
    schema = graph.supergraph.api_schema
    examples = read_examples(tmp_path / "examples")
    assert any("fallsAssessments" in one.query for one in examples)
    asked = {one.variables["nhsNumber"] for one in examples if one.variables and one.roles != {"privacy_officer"}}
    assert asked == {SHOWN.nhs_number}
    for role in (*ROLES, "patient"):
        meant = [one for one in examples if not one.roles or role in one.roles]
        assert meant
        assert all(one.fits(role, schema) for one in meant)


def test_demo_prints_people_a_token_for_every_role_and_the_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each token is believed by the gateway of that configuration, and is its role's."""
    settings = prepare(tmp_path, 8123, 9100, SHOWN)
    today = date(2026, 11, 22)
    worth_it = [person for person in people(today) if person.why]
    show(settings, worth_it, today, 8123)
    printed = capsys.readouterr().out
    for person in worth_it:
        assert person.nhs_number in printed
        assert person.why[:20] in printed
    assert "http://127.0.0.1:8123/graphiql" in printed
    assert "http://127.0.0.1:8123/graphql" in printed
    tokens = dict(re.findall(r"^(\w+) .*\n(eyJ[\w.-]+)$", printed, re.MULTILINE))
    roles = Policies.load().roles.roles
    assert tokens.keys() == roles

    async def believed() -> dict[str, str]:
        identity = Authenticator(trusted_issuers(settings), roles)
        try:
            return {role: (await identity.caller([f"Bearer {token}".encode()])).role for role, token in tokens.items()}
        finally:
            await identity.close()

    assert asyncio.run(believed()) == {role: role for role in roles}
