"""Which roles fulfil the scopes and policies that partners' subgraphs ask for (grants.toml).

Semantics of @authenticated, @requiresScopes and @policy (Federation 2.5, 2.6): of an outer list one suffices, of an
inner list all are needed, and different directives must all pass. What the file does not answer is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from policies.decision import Decision, Show, Withhold
from policies.files import PolicyFile, PolicyFiles
from policies.roles import RoleMatrix

FILE: Final = "grants.toml"
AnyOf = tuple[tuple[str, ...], ...]
"""Alternatives, each a set of names that are all needed. Empty asks for nothing."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one element of a partner's schema asks of the caller."""

    authenticated: bool = False
    scopes: AnyOf = ()
    policies: AnyOf = ()


@dataclass(frozen=True, slots=True)
class Grants:
    """The whole file: roles by scope and by policy."""

    roles: frozenset[str] = frozenset()
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    policies: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, files: PolicyFiles, matrix: RoleMatrix) -> Grants:
        """Read grants.toml. Raises PolicyFileError."""
        file = files.get(FILE)
        data = file.toml()
        file.only(data, ("scopes", "policies"))
        return cls(matrix.roles, *(_table(file, data, name, matrix) for name in ("scopes", "policies")))

    def decide(self, role: str, requirement: Requirement) -> Decision:
        """Whether the role fulfils the requirement; the rule names what is not fulfilled."""
        if role not in self.roles:
            return Withhold("grants/authenticated")
        for kind, held, alternatives in (
            ("scopes", self.scopes, requirement.scopes),
            ("policies", self.policies, requirement.policies),
        ):
            if alternatives and not any(_has_all(held, role, names) for names in alternatives):
                return Withhold(f"grants/{kind}/{_shown(alternatives)}")
        return Show("grants/fulfilled")


def _has_all(held: Mapping[str, frozenset[str]], role: str, names: tuple[str, ...]) -> bool:
    return all(role in held.get(name, frozenset()) for name in names)


def _shown(alternatives: AnyOf) -> str:
    return "|".join("&".join(names) for names in alternatives)


def _table(file: PolicyFile, data: Mapping[str, Any], name: str, matrix: RoleMatrix) -> dict[str, frozenset[str]]:
    place = f"[{name}]"
    entries = data.get(name, {})
    if not isinstance(entries, dict):
        raise file.error(file.at(place), f"'{name}' is a table", f'Write {place} and "name" = ["role"] below it.')
    for key, roles in entries.items():
        if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
            raise file.error(file.at(place, key), f"'{key}' is not a list of roles", 'Write a list such as ["gp"].')
        unknown = sorted(set(roles) - matrix.roles)
        if unknown:
            mend = f"Use one of {', '.join(sorted(matrix.roles))}."
            raise file.error(file.at(place, key), f"unknown role '{unknown[0]}'", mend)
    return {key: frozenset(roles) for key, roles in entries.items()}
