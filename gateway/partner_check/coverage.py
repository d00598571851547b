"""Does policy cover every field? Which roles will see what, and which promises are to be signed?"""

from __future__ import annotations

from collections import defaultdict

from gateway.classification import classify
from gateway.federation.composition.compose import Composition
from gateway.graph import RECORD, hidden_gaps
from gateway.partner_check.report import Step
from gateway.requirements import Requirements, read_requirements, role_scope
from gateway.requires import needs_of
from policies.bundle import Policies
from policies.decision import Show


def check_coverage(composition: Composition, policies: Policies, name: str, step: Step) -> None:
    """Hold the graph against the policy floor; notes speak of the subgraph `name` only."""
    assert composition.supergraph is not None
    supergraph = composition.supergraph
    classification = classify(supergraph, policies, RECORD)
    step.errors(str(fault) for fault in classification.faults)
    requirements = read_requirements(supergraph)
    covering = policies.with_fields(classification.sections)
    step.errors(hidden_gaps(supergraph, covering, requirements))
    own = [field for field in sorted(classification.sections) if name in composition.fields[".".join(field)].subgraphs]
    _who_sees(covering, requirements, own, step)
    _unanswered(policies, requirements, own, step)
    for (type_name, field_name), needs in sorted(needs_of(supergraph).items()):
        if name in composition.fields[f"{type_name}.{field_name}"].subgraphs:
            sent = ", ".join(".".join(one) for one in sorted(needs))
            step.note(f"to be agreed: {name} is sent {sent} for {type_name}.{field_name}")
    for signed in classification.signed:
        if name in composition.fields[signed.where].subgraphs:
            step.note(f"to be signed: {signed.where} is never sensitive, because: {signed.reason}")


def _who_sees(policies: Policies, requirements: Requirements, fields: list[tuple[str, str]], step: Step) -> None:
    by_roles: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for field in fields:
        seen_by = tuple(
            role
            for role in sorted(policies.roles.roles)
            if isinstance(role_scope(policies, requirements, role).decide(*field), Show)
        )
        by_roles[seen_by].append(".".join(field))
    for roles, names in by_roles.items():
        step.note(f"{', '.join(roles) or 'nobody'} will see {', '.join(names)}")


def _unanswered(policies: Policies, requirements: Requirements, fields: list[tuple[str, str]], step: Step) -> None:
    grants = policies.grants
    for kind, known in (("scopes", grants.scopes), ("policies", grants.policies)):
        asked = {
            name
            for field in fields
            for requirement in requirements.get(field, ())
            for names in getattr(requirement, kind)
            for name in names
        }
        for name in sorted(asked - known.keys()):
            step.warn(f"nobody fulfils {name!r}; add it to [{kind}] in grants.toml with the roles that do")
