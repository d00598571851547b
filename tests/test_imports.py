"""The floors of the house: imports go down only, and nobody imports the seeds but the demo."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "policies": {"policies"},
    "resolvers": {"policies", "resolvers"},
    "gateway": {"policies", "resolvers", "gateway"},
    "seeds": {"policies", "resolvers", "gateway", "seeds"},
}
ALL = {*FLOORS, "tests", "bench"}
DEMO = "gateway/cli/demo.py"
FORBIDDEN_BELOW = {
    "policies": {
        "asyncio",
        "httpx",
        "starlette",
        "strawberry",
        "graphql",
        "sqlalchemy",
        "socket",
        "time",
        "random",
        "logging",
    },
    "resolvers": {"starlette", "uvicorn", "sqlalchemy", "httpx", "socket", "random", "logging", "structlog"},
}


def modules(floor: str) -> Iterator[tuple[str, str]]:
    """(file, imported top-level name or dotted module) of every import of a floor."""
    for path in sorted((ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: imports are absolute"
                names = [node.module or ""]
            for name in names:
                yield path.relative_to(ROOT).as_posix(), name.partition(".")[0]


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_go_down_only(floor: str) -> None:
    wrong = {
        (file, name)
        for file, name in modules(floor)
        if name in ALL - FLOORS[floor] and not (file == DEMO and name == "seeds")
    }
    assert not wrong


@pytest.mark.parametrize("floor", FORBIDDEN_BELOW)
def test_floors_do_not_reach_for_what_belongs_above(floor: str) -> None:
    assert not {(file, name) for file, name in modules(floor) if name in FORBIDDEN_BELOW[floor]}


def test_packages_export_nothing_of_their_own() -> None:
    filled = [
        path for floor in FLOORS for path in (ROOT / floor).rglob("__init__.py") if path.read_text("utf-8").strip()
    ]
    assert filled == []
