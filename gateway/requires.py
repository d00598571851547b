"""Data that partners' fields need of others (@requires): nobody sees through it what they may not see directly.

The planner fetches such data unasked and sends it to the partner, whose answer depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.entries import Chosen, read_set
from gateway.federation.supergraph import Supergraph
from gateway.scope import Denied

Field = tuple[str, str]


def needs_of(supergraph: Supergraph) -> dict[Field, frozenset[Field]]:
    """The fields that each field requires, through however many levels of a selection."""
    return {
        (owner.name, one.name): frozenset(
            pair for text in texts for pair in _pairs(supergraph, owner.name, read_set([text]))
        )
        for owner in supergraph.types.values()
        for one in owner.fields.values()
        if (texts := [join.requires for join in (one.joins or {}).values() if join.requires])
    }


def requires_gaps(supergraph: Supergraph, denied: Mapping[str, Denied]) -> list[str]:
    """Fields that a role sees and that require what it may not see. `denied` is by role."""
    gaps = []
    for (type_name, field_name), needs in sorted(needs_of(supergraph).items()):
        for type_, field in sorted(needs):
            roles = [
                role for role, d in sorted(denied.items()) if (type_name, field_name) not in d and (type_, field) in d
            ]
            if roles:
                gaps.append(
                    f"{type_name}.{field_name}: requires {type_}.{field}, which {', '.join(roles)} may not see; "
                    "leave it out of @requires, or put the field into that section"
                )
    return gaps


def _pairs(supergraph: Supergraph, type_name: str, chosen: Chosen) -> Iterator[Field]:
    for field_name, inner in chosen.fields.items():
        definition = supergraph.types[type_name].fields.get(field_name)
        if definition is None:
            continue
        yield type_name, field_name
        if definition.base in supergraph.types:
            yield from _pairs(supergraph, definition.base, inner)
    for condition, inner in chosen.on.items():
        yield from _pairs(supergraph, condition, inner)
