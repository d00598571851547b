"""What a unit asks for with arguments from above, in print and in words."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.federation.fetch import Unit
from gateway.federation.graph import Edge
from gateway.federation.plan import ContextSource, ContextValue
from gateway.federation.selection import FieldSel, show

Contexts = tuple[tuple[str, tuple[ContextSource, ...]], ...]
"""For each contextual argument of a field: its printed type, and where its value stands."""


def context_values(unit: Unit, edge: Edge, contexts: Contexts) -> tuple[ContextValue, ...]:
    """The variables of a unit's own that a field's contextual arguments become."""
    names = [use.argument.name for use in edge.contexts]
    return tuple(
        ContextValue(f"__c{unit.id}_{name}", printed, sources)
        for name, (printed, sources) in zip(names, contexts, strict=True)
    )


def with_contexts(sel: FieldSel, edge: Edge, values: Sequence[ContextValue]) -> str:
    """A field's arguments, printed, with those that come from above."""
    given = [f"{use.argument.name}: ${each.variable}" for use, each in zip(edge.contexts, values, strict=True)]
    own = [sel.args[1:-1]] if sel.args else []
    return f"({', '.join((*own, *given))})" if given else sel.args


def needed(edge: Edge) -> str:
    """Why a field has to be asked for by itself."""
    reasons = [f"@requires {{ {show(edge.requires)} }}"] if edge.requires else []
    reasons += [f"takes {use.argument.name} from the context {use.argument.context}" for use in edge.contexts]
    return f"{edge.head.type}.{edge.name} {' and '.join(reasons)}"
