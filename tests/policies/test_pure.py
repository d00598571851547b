"""The policy floor decides; it does not look at a clock, a network or, but for its own files at load, a disk."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import policies.bundle

FLOOR = Path(policies.bundle.__file__).parent
MAY_IMPORT = {
    "__future__", "ast", "base64", "binascii", "calendar", "collections", "csv", "dataclasses", "datetime", "enum",
    "functools", "hashlib", "html", "pathlib", "re", "tomllib", "typing", "unicodedata", "msgspec", "re2", "policies",
}  # fmt: skip
CLOCKS = {"now", "today", "utcnow", "fromtimestamp"}
READERS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob"}


def trees() -> Iterator[tuple[str, ast.Module]]:
    return ((str(path.relative_to(FLOOR)), ast.parse(path.read_text())) for path in sorted(FLOOR.rglob("*.py")))


def test_it_imports_nothing_that_acts() -> None:
    for name, tree in trees():
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {module.partition(".")[0] for module in modules} <= MAY_IMPORT, name


def test_it_asks_no_clock_and_reads_only_its_files() -> None:
    for name, tree in trees():
        called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not called & CLOCKS, name
        assert name == "files.py" or not called & READERS, name
        assert "open" not in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}, name
