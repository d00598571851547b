"""Why a role does or does not see a field, and how an operation would be answered for it. No patient data is involved."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from graphql import GraphQLError, parse, validate

from gateway.federation.explain import explain
from gateway.federation.planner import GateNeed, Planner
from gateway.federation.stages import planning_stages
from gateway.federation.walk import PlanningError
from gateway.gates import PATIENT
from gateway.graph import PATIENT_NEEDS, PATIENT_TYPE, Graph
from gateway.requirements import role_scope
from gateway.scope import cut, denied_fields
from policies.decision import Show


class ExplainError(ValueError):
    """The question cannot be answered; says why."""


def explained_plan(
    graph: Graph,
    role: str,
    text: str,
    name: str | None = None,
    labels: frozenset[str] = frozenset(),
    *,
    stages: bool = False,
) -> str:
    """The plan of an operation for a role, as a tree with the reason for each hop, and what the role does not get.
    `labels` are those of @override that are active; `stages` prints what led to the plan, too."""
    _known_role(graph, role)
    api = graph.supergraph.api_schema
    try:
        document = parse(text)
    except GraphQLError as error:
        raise ExplainError(f"the operation is not GraphQL: {error.message}") from None
    faults = validate(api, document)
    if faults:
        raise ExplainError("\n".join(fault.message for fault in faults))
    denied = denied_fields(role_scope(graph.policies, graph.requirements, role), api)
    allowed, gone = cut(document, api, denied)
    gates = {PATIENT_TYPE: (GateNeed(PATIENT, PATIENT_NEEDS),), **graph.classification.gates}
    planner = Planner(graph.supergraph)
    try:
        if stages:
            made = planning_stages(planner, allowed, name, gates=gates, labels=labels)
            shown = "\n\n".join(f"# {title}\n{text}" for title, text in made)
        else:
            shown = explain(planner.plan(allowed, name, override_flags=labels, gates=gates))
    except PlanningError as error:
        raise ExplainError(str(error)) from None
    withheld = [f"not for {role}: {type_}.{field} ({denied[type_, field]})" for type_, field in sorted(gone)]
    return "\n".join([shown, *withheld])


def explained_field(graph: Graph, role: str, field: str) -> Iterator[str]:
    """Lines that say whether the role sees the field ("Type.field"), by which rule, and who does."""
    _known_role(graph, role)
    type_name, _, field_name = field.partition(".")
    api = graph.supergraph.api_schema
    fields = getattr(api.type_map.get(type_name), "fields", {})
    if field_name not in fields:
        every = [f"{name}.{one}" for name, type_ in api.type_map.items() for one in getattr(type_, "fields", {})]
        near = difflib.get_close_matches(field, every, 1)
        raise ExplainError(f"there is no field {field}" + (f"; did you mean {near[0]}?" if near else ""))
    why = graph.policies.roles.explain(role, type_name, field_name)
    decision = role_scope(graph.policies, graph.requirements, role).decide(type_name, field_name)
    yield f"{role} {'sees' if isinstance(decision, Show) else 'does not see'} {field}"
    yield f"  rule: {decision.rule}"
    yield f"  {why.text}" + (f" ({why.file}, line {why.line})" if why.line else "")
    if isinstance(why.decision, Show) and decision is not why.decision and not isinstance(decision, Show):
        yield "  The partner's subgraph asks for more than the section; grants.toml says who has it."
    seen_by = [
        other
        for other in sorted(graph.policies.roles.roles)
        if isinstance(role_scope(graph.policies, graph.requirements, other).decide(type_name, field_name), Show)
    ]
    yield f"  seen by: {', '.join(seen_by) or 'nobody'}"


def _known_role(graph: Graph, role: str) -> None:
    roles = sorted(graph.policies.roles.roles)
    if role not in roles:
        raise ExplainError(f"there is no role {role}; use one of {', '.join(roles)}")
