"""Decisions are values with a reason, never booleans."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Show:
    """May be seen. `rule` names the line of policy that says so."""

    rule: str


@dataclass(frozen=True, slots=True)
class Withhold:
    """May not be seen. `rule` names the line of policy that says so; it never reaches a caller where the
    rule itself would reveal what was withheld (sensitive categories), only the audit store."""

    rule: str


Decision = Show | Withhold
