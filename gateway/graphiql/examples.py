"""Example operations for GraphiQL's tabs, one file each, chosen by role and only if the role's schema takes them.

A file opens with remarks: `# roles: gp, nurse` (or `all`), and `# variables: {…}` as JSON on one line. Tabs are
titled by the operation's name and stand in the order of the file names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, parse, validate

BUILT_IN = Path(__file__).parent / "examples"
EXAMPLE_NUMBER = "9990000018"
"""Whom the built-in examples ask for: a number of the test range, that a demo replaces by somebody whom it has."""
_REMARK = re.compile(r"#\s*(roles|variables):\s*(.+)")


@dataclass(frozen=True, slots=True)
class Example:
    """One tab. An empty `roles` means every role."""

    name: str
    query: str
    variables: dict[str, Any] | None
    roles: frozenset[str]

    def fits(self, role: str, schema: GraphQLSchema) -> bool:
        """True when the role is meant and its schema accepts the operation."""
        if self.roles and role not in self.roles:
            return False
        try:
            return not validate(schema, parse(self.query), max_errors=1)
        except GraphQLError:
            return False


def read_examples(folder: Path) -> tuple[Example, ...]:
    """The examples of a folder. Raises ValueError, naming the file, when a remark cannot be read."""
    return tuple(_read(path) for path in sorted(folder.glob("*.graphql")))


def _read(path: Path) -> Example:
    lines = path.read_text("utf-8").splitlines()
    remarks: dict[str, str] = {}
    while lines and (match := _REMARK.fullmatch(lines[0].strip())):
        remarks[match.group(1)] = match.group(2)
        del lines[0]
    try:
        variables = json.loads(remarks["variables"]) if "variables" in remarks else None
    except ValueError:
        raise ValueError(f"{path.name}: the remark `# variables:` must be JSON on one line") from None
    roles = {role.strip() for role in remarks.get("roles", "all").split(",")}
    return Example(path.stem, "\n".join(lines).strip() + "\n", variables, frozenset(roles - {"all"}))
