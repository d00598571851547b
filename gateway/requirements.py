"""What partners' @authenticated, @requiresScopes and @policy ask for, by field; one decision together with the matrix.

A rule on a type holds for its fields and wherever the type is returned; one on an interface's field holds for that
field of every type behind it. What is denied is cut like any other field: no fetch, null, FORBIDDEN with the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.federation.features import directive_names
from gateway.federation.supergraph import Applied, Supergraph
from policies.bundle import Policies
from policies.decision import Decision, Show, Withhold
from policies.grants import AnyOf, Grants, Requirement
from policies.roles import Scope

Field = tuple[str, str]
Requirements = Mapping[Field, tuple[Requirement, ...]]
SPECIFICATIONS = {
    "authenticated": "https://specs.apollo.dev/authenticated",
    "requiresScopes": "https://specs.apollo.dev/requiresScopes",
    "policy": "https://specs.apollo.dev/policy",
}


@dataclass(frozen=True, slots=True)
class RoleScope:
    """A role's view of fields: the matrix, and what partners ask for besides. Implements `scope.FieldScope`."""

    scope: Scope
    grants: Grants
    requirements: Requirements

    def decide(self, type_name: str, field_name: str) -> Decision:
        """The first that withholds, the matrix before partners' own rules."""
        decision = self.scope.decide(type_name, field_name)
        if isinstance(decision, Withhold):
            return decision
        for requirement in self.requirements.get((type_name, field_name), ()):
            asked = self.grants.decide(self.scope.role, requirement)
            if isinstance(asked, Withhold):
                return asked
        assert isinstance(decision, Show)
        return decision


def role_scope(policies: Policies, requirements: Requirements, role: str) -> RoleScope:
    """What this role may see of a graph."""
    return RoleScope(policies.roles.scope(role), policies.grants, requirements)


def read_requirements(supergraph: Supergraph) -> dict[Field, tuple[Requirement, ...]]:
    """What is asked of the caller, for each field that asks for anything."""
    names = {
        directive: directive_names(supergraph.sdl, specification, [directive])[directive]
        for directive, specification in SPECIFICATIONS.items()
    }
    of_type = {
        name: asked
        for name, definition in supergraph.types.items()
        if (asked := _requirement(definition.directives, names)) is not None
    }
    found: dict[Field, tuple[Requirement, ...]] = {}
    for owner in supergraph.types.values():
        if owner.kind not in ("object", "interface"):
            continue
        for one in owner.fields.values():
            own = _requirement(one.directives, names)
            inherited = _of_interfaces(supergraph, owner.name, one.name, names)
            several: tuple[Requirement | None, ...] = (of_type.get(owner.name), own, *inherited, of_type.get(one.base))
            together = [each for each in several if each is not None]
            if together:
                found[owner.name, one.name] = tuple(dict.fromkeys(together))
    return found


def _of_interfaces(
    supergraph: Supergraph, type_name: str, field_name: str, names: Mapping[str, str]
) -> Iterable[Requirement | None]:
    implements = supergraph.types[type_name].implements.values()
    for interface in sorted({one for each in implements for one in each}):
        definition = supergraph.types[interface].fields.get(field_name)
        if definition is not None:
            yield _requirement(definition.directives, names)


def _requirement(directives: tuple[Applied, ...], names: Mapping[str, str]) -> Requirement | None:
    applied = {one.name: one.arguments for one in directives}
    present = {directive: applied[name] for directive, name in names.items() if name in applied}
    if not present:
        return None
    return Requirement(
        "authenticated" in present,
        _alternatives(present.get("requiresScopes", {}).get("scopes")),
        _alternatives(present.get("policy", {}).get("policies")),
    )


def _alternatives(value: object) -> AnyOf:
    outer = value if isinstance(value, list | tuple) else ()
    return tuple(tuple(str(name) for name in inner) for inner in outer if isinstance(inner, list | tuple))
