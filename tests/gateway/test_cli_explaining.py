"""`joinup plan` and `joinup explain`: what a role gets, and why not, without a running gateway."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.config import Subgraph
from gateway.partner_check.register import keep
from tests.gateway.partners.kit import HEAD, NOTES, write_config

QUERY = '{ patient(nhsNumber: "9990000026") { nhsNumber name { text } conditions { completeness } notes { id } } }'


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def configured(folder: Path) -> list[str]:
    settings = write_config(folder, "http://127.0.0.1:1")
    keep(settings, Subgraph(name="notes", url="http://127.0.0.1:1"), HEAD + NOTES)
    (folder / "q.graphql").write_text(QUERY)
    return ["-c", settings.file]


def test_plan_shows_hops_gates_and_what_the_role_does_not_get(tmp_path: Path) -> None:
    config = configured(tmp_path)
    status, text = run("plan", "--role", "social_worker", str(tmp_path / "q.graphql"), *config)
    assert status == 0
    assert "why: Patient enters notes by its key { nhsNumber }" in text
    assert "gate: entry on Note at notes reads { text: __g_text }" in text
    assert "gate: patient on Patient" in text
    assert "not for social_worker: Patient.conditions (roles/social_worker/no-conditions)" in text
    assert "completeness" not in text


def test_every_stage_can_be_printed(tmp_path: Path) -> None:
    config = configured(tmp_path)
    file = str(tmp_path / "q.graphql")
    status, text = run("plan", "--stages", file, *config)
    assert status == 0
    titles = [line for line in text.splitlines() if line.startswith("# ")]
    assert titles == ["# normal form", "# chosen ways", "# units", "# plan", "# projection"]
    stages = dict(zip(titles, re.split(r"(?m)^# .*$", text)[1:], strict=True))
    assert 'patient(nhsNumber: "9990000026") { ' in stages["# normal form"]
    assert "Patient/RECORD -key Patient-> Patient/NOTES" in stages["# chosen ways"]
    assert "-field id-> ID/NOTES" in stages["# chosen ways"]
    assert "[1] Patient in notes at patient by { nhsNumber } after 0" in stages["# units"]
    assert "  gate entry at notes" in stages["# units"]
    assert stages["# plan"].strip() == run("plan", file, *config)[1].strip()
    assert "def " in stages["# projection"]


def test_role_that_sees_nothing_of_a_partner_asks_it_nothing(tmp_path: Path) -> None:
    config = configured(tmp_path)
    _, text = run("plan", "--role", "receptionist", str(tmp_path / "q.graphql"), *config)
    assert "enters" not in text
    assert "not for receptionist: Patient.notes" in text


def test_plan_refuses_what_it_does_not_understand(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "bad.graphql").write_text("{ patient ")
    (tmp_path / "odd.graphql").write_text("{ nobody }")
    assert run("plan", str(tmp_path / "bad.graphql"), *config)[0] == 2
    assert "Cannot query field 'nobody'" in run("plan", str(tmp_path / "odd.graphql"), *config)[1]
    assert "there is no role doctor" in run("plan", "--role", "doctor", str(tmp_path / "q.graphql"), *config)[1]
    assert run("plan", str(tmp_path / "none.graphql"), *config)[0] == 2


def test_explain_names_rule_line_and_who_sees_it(tmp_path: Path) -> None:
    config = configured(tmp_path)
    status, text = run("explain", "receptionist", "Patient.notes", *config)
    assert status == 0
    assert "receptionist does not see Patient.notes" in text
    assert "roles/receptionist/no-falls" in text
    assert "roles.toml, line" in text
    assert "seen by: emergency_clinician, gp, hospital_clinician, nurse, patient, social_worker" in text


def test_explain_offers_the_field_that_was_meant(tmp_path: Path) -> None:
    status, text = run("explain", "gp", "Patient.nam", "-c", str(tmp_path / "none.toml"))
    assert (status, "did you mean Patient.name?" in text) == (2, True)
    assert run("explain", "gp", "Patient.name", "-c", str(tmp_path / "none.toml"))[0] == 0
