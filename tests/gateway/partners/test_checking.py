"""`joinup subgraph check` and its kin: what is found, what is skipped, what the exit status says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.config import Subgraph
from gateway.partner_check.candidate import Candidate
from gateway.partner_check.check import CHANGES, COMPOSES, NULLABLE, POLICY, PROBE, REACH, SATISFIABLE, check_subgraph
from gateway.partner_check.probe import Asking, nobody, refused_numbers
from gateway.partner_check.register import RegisterError, keep, new_entry
from gateway.partner_check.report import Report
from gateway.settings import Settings
from policies.bundle import Policies
from tests.gateway.partners.kit import HEAD, NOTES, PERSON, Foreign, listening, notes, write_config

POLICIES = Policies.load()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return write_config(tmp_path, "http://127.0.0.1:1")


@pytest.fixture
async def partner() -> AsyncIterator[tuple[Foreign, str]]:
    foreign = Foreign(HEAD + NOTES, {PERSON: notes("steady")})
    async with listening(foreign) as (url, _):
        yield foreign, url


async def check(settings: Settings, url: str, *patients: str, **more: Any) -> Report:
    candidate = Candidate(new_entry(settings, "notes", url, more))
    return (await check_subgraph(settings, POLICIES, candidate, Asking(patients))).report


async def check_file(settings: Settings, sdl: str) -> Report:
    file = settings.path("sdl.graphql")
    file.write_text(sdl)
    candidate = Candidate(Subgraph(name="notes", url="http://127.0.0.1:1"), file, live=False)
    return (await check_subgraph(settings, POLICIES, candidate, Asking())).report


def states(report: Report) -> dict[str, str]:
    return {step.name: step.state for step in report.steps}


def findings(report: Report, level: str) -> list[str]:
    return [one.text for step in report.steps for one in step.findings if one.level.value == level]


async def test_good_subgraph_passes_every_step(settings: Settings, partner: tuple[Foreign, str]) -> None:
    report = await check(settings, partner[1], PERSON)
    assert report.ok
    assert set(states(report).values()) == {"passed"}
    assert "an unknown person is answered with null" in findings(report, "note")


async def test_unreachable_subgraph_skips_the_rest(settings: Settings) -> None:
    report = await check(settings, "http://127.0.0.1:1/graphql")
    assert not report.ok
    assert states(report)[REACH] == "failed"
    assert {states(report)[name] for name in (COMPOSES, SATISFIABLE, NULLABLE, POLICY, CHANGES, PROBE)} == {"skipped"}


async def test_malformed_sdl_is_named_with_its_place(settings: Settings) -> None:
    report = await check_file(settings, HEAD + "type Patient { nhsNumber")
    assert states(report)[COMPOSES] == "failed"
    assert "notes:" in findings(report, "error")[0]


async def test_federation_one_is_refused(settings: Settings) -> None:
    report = await check_file(settings, 'type Patient @key(fields: "nhsNumber") { nhsNumber: ID! }')
    assert "links no Federation 2 specification" in findings(report, "error")[0]


async def test_unknown_specification_is_refused(settings: Settings) -> None:
    head = HEAD.replace("extend schema", 'extend schema @link(url: "https://x.example/lock/v1.0", for: SECURITY)')
    report = await check_file(settings, head + NOTES)
    assert states(report)[COMPOSES] == "failed"


async def test_query_that_cannot_be_answered_is_found(settings: Settings) -> None:
    far = 'extend type Other @key(fields: "code") { code: ID! far: ID @section(name: "falls") }'
    other = 'type Query { other: Other @section(name: "falls") } type Other @key(fields: "id") { id: ID! @section(name: "falls") }'
    keep(settings, Subgraph(name="other", url="http://127.0.0.1:1"), HEAD + other)
    report = await check_file(settings, HEAD + NOTES + far)
    assert (states(report)[COMPOSES], states(report)[SATISFIABLE]) == ("passed", "failed")


async def test_policy_gaps_and_signatures_are_listed(settings: Settings) -> None:
    signed = NOTES.replace("stars: Int", 'team: String @neverSensitive(reason: "One team.")')
    report = await check_file(settings, HEAD + signed)
    assert "to be signed: Note.team is never sensitive, because: One team." in findings(report, "note")
    report = await check_file(settings, HEAD + NOTES.replace("stars: Int", "more: String"))
    assert states(report)[POLICY] == "failed"


async def test_scope_that_nobody_has_is_a_warning(settings: Settings) -> None:
    asks = NOTES.replace("stars: Int", 'stars: Int @requiresScopes(scopes: [["falls:count"]])')
    report = await check_file(settings, HEAD + asks)
    assert report.ok
    assert findings(report, "warning") == [
        "nobody fulfils 'falls:count'; add it to [scopes] in grants.toml with the roles that do"
    ]


async def test_non_null_field_is_refused(settings: Settings) -> None:
    report = await check_file(settings, HEAD + NOTES.replace("[Note!] ", "[Note!]! "))
    assert states(report)[NULLABLE] == "failed"


async def test_breaking_change_is_refused_where_nothing_is_recorded(settings: Settings) -> None:
    keep(settings, Subgraph(name="notes", url="http://127.0.0.1:1"), HEAD + NOTES)
    report = await check_file(settings, HEAD + NOTES.replace("stars: Int ", ""))
    assert states(report)[CHANGES] == "failed"
    assert "Note.stars was removed" in findings(report, "error")[0]


async def test_breaking_change_is_held_against_recorded_operations(tmp_path: Path) -> None:
    query = "query Stars { patient(nhsNumber: 1) { notes { stars } } }".replace("1", '"9990000026"')
    (tmp_path / "app.json").write_text(json.dumps({f"sha256:{sha256(query.encode()).hexdigest()}": query}))
    settings = write_config(tmp_path, "http://127.0.0.1:1", '[documents]\nmanifests = ["app.json"]\n')
    keep(settings, Subgraph(name="notes", url="http://127.0.0.1:1"), HEAD + NOTES)
    used = await check_file(settings, HEAD + NOTES.replace("stars: Int ", ""))
    assert states(used)[CHANGES] == "failed"
    assert "recorded operation Stars" in findings(used, "error")[0]
    unused = await check_file(settings, HEAD + NOTES.replace("kind: Kind ", "").replace("enum Kind { VISIT CALL }", ""))
    assert unused.ok
    assert any("Note.kind was removed" in text for text in findings(unused, "warning"))


async def test_answers_out_of_order_are_found(settings: Settings, partner: tuple[Foreign, str]) -> None:
    foreign, url = partner
    foreign.mode = "reversed"
    report = await check(settings, url, PERSON)
    assert any("order of the representations" in text for text in findings(report, "error"))


async def test_invented_stranger_is_found(settings: Settings, partner: tuple[Foreign, str]) -> None:
    foreign, url = partner
    foreign.data = {PERSON: notes("a"), nobody([PERSON]): notes("b")}
    report = await check(settings, url, PERSON)
    assert any("a number that nobody has" in text for text in findings(report, "error"))


async def test_wrong_types_are_found_and_not_quoted(settings: Settings, partner: tuple[Foreign, str]) -> None:
    foreign, url = partner
    foreign.mode = "wrong types"
    report = await check(settings, url, PERSON)
    assert "Patient.notes[].stars is no Int; answer what the SDL promises" in findings(report, "error")
    assert "many" not in str(report.as_json())


async def test_subgraph_that_believes_anybody_is_warned_about(settings: Settings, partner: tuple[Foreign, str]) -> None:
    report = await check(settings, partner[1], PERSON, signing_key="context-key.pem")
    assert any("without the signed joinup-context too" in text for text in findings(report, "warning"))


def test_only_test_numbers_are_asked_about() -> None:
    assert refused_numbers([PERSON]) == []
    assert len(refused_numbers(["9434765919", "9990000027", "x"])) == 3
    assert refused_numbers([nobody([])]) == []
    assert nobody([nobody([])]) != nobody([])


@pytest.mark.parametrize(
    ("name", "url", "given", "says"),
    [
        ("record", "https://a.example", {}, "gateway's own"),
        ("a b", "https://a.example", {}, "name"),
        ("a", "http://a.example", {}, "must be https"),
        ("a", "https://a.example", {"colour": 1}, "colour"),
        ("a", "https://a.example", {"signing_key": "no.pem"}, "no file or folder no.pem"),
        ("a", "https://u:p@a.example", {}, "must not hold credentials"),
    ],
)
def test_entry_is_checked_like_the_configuration(
    settings: Settings, name: str, url: str, given: dict[str, object], says: str
) -> None:
    with pytest.raises(RegisterError, match=says):
        new_entry(settings, name, url, given)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["subgraph", *arguments])
    return result.exit_code, result.output


async def test_commands_add_list_update_and_remove(settings: Settings, partner: tuple[Foreign, str]) -> None:
    foreign, url = partner
    config = ["-c", settings.file]

    async def command(*arguments: str) -> tuple[int, str]:
        return await asyncio.to_thread(run, *arguments, *config)

    status, text = await command("check", url, "--name", "notes", "--json", "--patient", PERSON)
    assert (status, json.loads(text)["ok"]) == (0, True)
    status, text = await command("add", "notes", url, "--patient", PERSON)
    assert (status, "running gateways take it in" in text) == (0, True)
    assert (await command("add", "notes", url))[0] == 2
    status, text = await command("list", "--json")
    assert [(row["name"], row["sdl"]) for row in json.loads(text)] == [("notes", "kept")]
    assert url in (await command("list"))[1]
    foreign.told = HEAD + NOTES.replace("stars: Int", "stars: Int more: String")
    assert (await command("update", "notes"))[0] == 1
    foreign.told = HEAD + NOTES.replace("stars: Int", "stars: Int more: Int")
    foreign.sdl = foreign.told
    assert (await command("update", "notes"))[0] == 0
    status, text = await command("remove", "notes")
    assert (status, "was removed" in text, "--force removes it" in text) == (1, True, True)
    assert (await command("remove", "notes", "--force"))[0] == 0
    assert (await command("remove", "notes"))[0] in (1, 2)


async def test_check_of_a_file_fails_in_ci_with_status_one(settings: Settings) -> None:
    file = settings.path("notes.graphql")
    file.write_text(HEAD + NOTES.replace("[Note!] ", "[Note!]! "))
    status, text = await asyncio.to_thread(run, "check", str(file), "-c", settings.file)
    assert status == 1
    assert "FAILED  a lost answer costs only itself" in text
    file.write_text(HEAD + NOTES)
    assert (await asyncio.to_thread(run, "check", str(file), "-c", settings.file))[0] == 0
