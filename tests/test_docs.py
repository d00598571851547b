"""The documentation holds: links lead somewhere, commands and metrics exist, examples are in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.metrics import Metrics
from gateway.reach import Reach
from gateway.settings import parse

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md")])
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


def links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in links(page) if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


def commands(page: Path) -> set[tuple[str, ...]]:
    """`joinup` with its first one or two words, wherever a page has it as code."""
    text = page.read_text("utf-8")
    indented = re.findall(r"^ {4,}(.+)$", text, re.MULTILINE)
    code = (
        indented
        + re.findall(r"`([^`\n]+)`", text)
        + [line for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    )
    found = set()
    for line in code:
        match = re.search(r"(?:^|/|\s)joinup ((?:[a-z]+)(?: [a-z]+)?)(?= |$|`)", line)
        if match:
            found.add(tuple(match.group(1).split()))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    for words in sorted(commands(page)):
        result = CliRunner().invoke(app, [words[0], "--help"])
        assert result.exit_code == 0, words
        group = "COMMAND [ARGS]" in result.output
        if group and len(words) > 1:
            assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0, words


def test_commands_are_found_at_all() -> None:
    assert ("audit", "verify") in commands(ROOT / "docs" / "operations.md")
    assert ("config", "check") in commands(ROOT / "README.md")


def test_the_metrics_page_is_the_metrics() -> None:
    registry = CollectorRegistry(auto_describe=True)
    Reach(registry)
    names = {family.name for family in Metrics(registry).registry.collect()}
    documented = set(re.findall(r"^\| `(joinup_\w+)`", OPERATIONS, re.MULTILINE))
    assert documented == names


def test_the_events_worth_an_alert_are_written_somewhere() -> None:
    (named,) = re.findall(r"Worth an alert: (.*?)\n\n", OPERATIONS, re.DOTALL)
    code = "".join(file.read_text("utf-8") for file in (ROOT / "gateway").rglob("*.py"))
    for event in re.findall(r"`([a-z_]+)`", named):
        assert f'"{event}"' in code, event


def test_the_worked_example_of_a_source_is_in_order() -> None:
    text = (ROOT / "docs" / "sources.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (source,) = parse(example, secrets=False).config.sources
    assert source.options["own_urls"].startswith("https://")
