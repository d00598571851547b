"""The rules that one subgraph must keep by itself, in the order that gives the plainest errors.

A stage runs only when the one before it found nothing: later rules may rely on earlier ones.
"""

from __future__ import annotations

from gateway.federation.composition.context_rules import check_contexts
from gateway.federation.composition.cost_rules import check_costs
from gateway.federation.composition.definitions import complete
from gateway.federation.composition.errors import Problems
from gateway.federation.composition.facts import Facts
from gateway.federation.composition.fieldset_rules import check_field_sets
from gateway.federation.composition.schema_rules import (
    check_directives,
    check_implementations,
    check_references,
    check_values,
)
from gateway.federation.composition.type_rules import check_types
from gateway.federation.subgraph import Subgraph


def check_schema(subgraph: Subgraph, problems: Problems) -> None:
    """GraphQL's own rules, and that known directives are defined as their specifications say."""
    for stage in (complete, check_references, check_directives, check_values, check_implementations):
        stage(subgraph, problems)
        if problems.errors and stage is not check_values:
            return


def check_federation(subgraph: Subgraph, facts: Facts, problems: Problems) -> None:
    """Federation's rules; Federation 1 subgraphs are upgraded first."""
    check_field_sets(subgraph, facts, problems)
    check_contexts(subgraph, problems)
    check_types(subgraph, facts, problems)
    check_costs(subgraph, problems)
