"""@authenticated, @requiresScopes and @policy of partners, decided with the matrix: plan, answer and introspection agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.explaining import explained_field, explained_plan
from gateway.federation.subgraph import SubgraphInput
from gateway.graph import Graph, GraphError, compose_graph
from gateway.requirements import role_scope
from gateway.scope import denied_fields
from policies.bundle import Policies
from policies.decision import Withhold
from policies.files import PolicyFileError, PolicyFiles
from policies.grants import Grants, Requirement
from policies.roles import RoleMatrix
from tests.gateway.partners.kit import (
    HEAD,
    NOTES,
    PERSON,
    Area,
    Foreign,
    demographics,
    gateway_of,
    listening,
    notes,
    subgraph,
    write_config,
)

GRANTS = """
[scopes]
"falls:read" = ["gp", "nurse"]
"falls:stars" = ["gp"]
[policies]
"team" = ["nurse"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "grants.toml").write_text(GRANTS)
    return folder


@pytest.fixture(scope="module")
def policies(folder: Path) -> Policies:
    return Policies.load(folder)


def graph(policies: Policies, sdl: str) -> Graph:
    return compose_graph([SubgraphInput("partner", HEAD + sdl, "http://partner.example")], policies)


def denied(graph: Graph, role: str) -> dict[str, str]:
    """What the role is denied by the partner's own rules."""
    scope = role_scope(graph.policies, graph.requirements, role)
    every = denied_fields(scope, graph.supergraph.api_schema)
    return {".".join(field): rule for field, rule in every.items() if rule.startswith("grants/")}


def test_scopes_of_a_field_are_needed_besides_its_section(policies: Policies) -> None:
    wanted = NOTES.replace("notes: [Note!]", 'notes: [Note!] @requiresScopes(scopes: [["falls:read", "falls:stars"]])')
    made = graph(policies, wanted)
    assert denied(made, "gp") == {}
    assert denied(made, "nurse") == {"Patient.notes": "grants/scopes/falls:read&falls:stars"}


def test_one_alternative_of_the_outer_list_suffices(policies: Policies) -> None:
    wanted = NOTES.replace("stars: Int", 'stars: Int @requiresScopes(scopes: [["falls:stars"], ["falls:read"]])')
    assert denied(graph(policies, wanted), "nurse") == {}


def test_different_directives_must_all_pass(policies: Policies) -> None:
    both = 'stars: Int @requiresScopes(scopes: [["falls:read"]]) @policy(policies: [["team"]])'
    made = graph(policies, NOTES.replace("stars: Int", both))
    assert denied(made, "nurse") == {}
    assert denied(made, "gp") == {"Note.stars": "grants/policies/team"}


def test_rule_on_a_type_holds_wherever_the_type_is_returned(policies: Policies) -> None:
    made = graph(policies, NOTES.replace("type Note", 'type Note @policy(policies: [["team"]])'))
    assert set(denied(made, "gp")) == {"Patient.notes", "Note.id", "Note.text", "Note.stars", "Note.kind"}


def test_rules_on_scalars_and_enums_hold_for_the_fields_that_return_them(policies: Policies) -> None:
    made = graph(policies, NOTES.replace("enum Kind", 'enum Kind @policy(policies: [["team"]])'))
    assert set(denied(made, "gp")) == {"Note.kind"}


def test_what_nobody_answers_is_denied_to_everybody(policies: Policies) -> None:
    made = graph(policies, NOTES.replace("stars: Int", 'stars: Int @policy(policies: [["unheard"]])'))
    assert all("Note.stars" in denied(made, role) for role in ("gp", "nurse", "patient", "social_worker"))


def test_authenticated_asks_for_a_role_of_the_table(policies: Policies) -> None:
    made = graph(policies, NOTES.replace("stars: Int", "stars: Int @authenticated"))
    assert denied(made, "gp") == {}
    assert isinstance(policies.grants.decide("nobody", Requirement(authenticated=True)), Withhold)


def test_empty_outer_list_asks_for_nothing(policies: Policies) -> None:
    made = graph(policies, NOTES.replace("stars: Int", "stars: Int @requiresScopes(scopes: [])"))
    assert denied(made, "nurse") == {}


def test_protected_field_must_be_nullable(policies: Policies) -> None:
    wanted = NOTES.replace("stars: Int", 'stars: Int! @policy(policies: [["team"]])')
    with pytest.raises(GraphError, match=r"Note.stars: .*gp.* may not see it, but it may not be null"):
        graph(policies, wanted)


def test_nobody_sees_through_requires_what_they_may_not_see(policies: Policies) -> None:
    taken = 'isDeceased: Boolean @external notes: [Note!] @requires(fields: "isDeceased")'
    needs = NOTES.replace("notes: [Note!]", taken)
    graph(policies, needs)
    with pytest.raises(GraphError, match=r"Patient.notes: requires Patient.restricted, which patient may not see"):
        graph(policies, needs.replace("isDeceased", "restricted"))


def test_plan_asks_for_nothing_that_is_denied(policies: Policies) -> None:
    made = graph(policies, NOTES.replace("notes: [Note!]", 'notes: [Note!] @policy(policies: [["team"]])'))
    query = '{ patient(nhsNumber: "9990000026") { nhsNumber notes { id } } }'
    assert "partner" in explained_plan(made, "nurse", query)
    plan = explained_plan(made, "gp", query)
    assert "partner" not in plan
    assert "not for gp: Patient.notes (grants/policies/team)" in plan


def test_explanation_names_the_partners_rule(policies: Policies) -> None:
    made = graph(policies, NOTES.replace("notes: [Note!]", 'notes: [Note!] @policy(policies: [["team"]])'))
    lines = list(explained_field(made, "gp", "Patient.notes"))
    assert lines[0] == "gp does not see Patient.notes"
    assert "  rule: grants/policies/team" in lines
    assert lines[-1] == "  seen by: nurse"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[scopes]\n"a" = "gp"', "not a list of roles"),
        ('[scopes]\n"a" = ["doctor"]', "unknown role 'doctor'"),
        ("[more]", "unknown key 'more'"),
        ("scopes = 1", "'scopes' is a table"),
    ],
)
def test_grants_file_that_is_not_understood_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "grants.toml").write_text(text)
    files = PolicyFiles(tmp_path)
    with pytest.raises(PolicyFileError, match=says):
        Grants.load(files, RoleMatrix.load(files))


@pytest.fixture
async def area(tmp_path: Path, folder: Path) -> AsyncIterator[tuple[Area, Foreign]]:
    sdl = HEAD + NOTES.replace("notes: [Note!]", 'notes: [Note!] @policy(policies: [["team"]])')
    foreign = Foreign(sdl, {PERSON: notes("steady")})
    async with demographics() as pds, listening(foreign) as (url, _):
        settings = write_config(tmp_path, pds, f'[policy]\ndirectory = "{folder}"\n' + subgraph("notes", url))
        async with gateway_of(settings) as area:
            yield area, foreign


@pytest.mark.system
async def test_denied_field_is_null_with_path_and_rule_and_no_request(area: tuple[Area, Foreign]) -> None:
    gateway, foreign = area
    asked = len(foreign.asked)
    answer = await gateway.ask(f'{{ patient(nhsNumber: "{PERSON}") {{ nhsNumber notes {{ text }} }} }}')
    assert answer["data"]["patient"] == {"nhsNumber": PERSON, "notes": None}
    (error,) = answer["errors"]
    assert error["path"] == ["patient", "notes"]
    assert error["extensions"] == {"code": "FORBIDDEN", "rule": "grants/policies/team"}
    assert len(foreign.asked) == asked
    shown = await gateway.ask('{ __type(name: "Patient") { fields { name } } }')
    assert "notes" not in [field["name"] for field in shown["data"]["__type"]["fields"]]
    answer = await gateway.ask(f'{{ patient(nhsNumber: "{PERSON}") {{ notes {{ text }} }} }}', role="nurse")
    assert answer["data"]["patient"]["notes"] == [{"text": "steady"}]
