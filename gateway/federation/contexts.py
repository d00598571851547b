"""Arguments that a field takes from an ancestor (@context, @fromContext): what is to be selected above it.

Source: federation specification v2.8. The nearest object above the field whose type sets the context gives the
value; the field's own object never does. Which subgraph the path goes through up there is of no matter.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.federation.normalise import normalise_fields
from gateway.federation.selection import Sel, TypeSel, field_names
from gateway.federation.supergraph import ContextArgument, FieldJoin, Supergraph


class ContextUse:
    """One argument of one field. `selections` says what to select, by every type that can stand above:
    object types, and the interfaces and unions that set the context for their members."""

    def __init__(self, argument: ContextArgument, selections: dict[str, tuple[Sel, ...]]) -> None:
        self.argument = argument
        self.selections = selections
        self._narrowed: dict[frozenset[str], tuple[Sel, ...]] = {}

    @property
    def name(self) -> str:
        """Equal for uses that need the same value."""
        return f"{self.argument.context} {self.argument.selection}"

    def at(self, type_name: str, members: frozenset[str], possible: Iterable[str]) -> tuple[Sel, ...]:
        """What is selected of objects at a position of some type, if only those of `members` are meant of the
        `possible` ones. Equal questions get the same object."""
        own = self.selections.get(type_name)
        if own is not None and members.issuperset(possible):
            return own
        known = self._narrowed.get(members)
        if known is None:
            known = tuple(TypeSel(name, self.selections[name]) for name in sorted(members))
            self._narrowed[members] = known
        return known


def context_uses(supergraph: Supergraph, join: FieldJoin) -> tuple[ContextUse, ...]:
    """The uses that a field makes of contexts in one subgraph. Raises SupergraphError for an unreadable selection."""
    return tuple(_use(supergraph, argument) for argument in join.context_arguments)


def _use(supergraph: Supergraph, argument: ContextArgument) -> ContextUse:
    selections: dict[str, tuple[Sel, ...]] = {}
    for setter in supergraph.setters.get(argument.context, ()):
        for name in (setter, *supergraph.possible[setter]):
            if name not in selections:
                selection = normalise_fields(supergraph, name, argument.selection, None)
                if any(field != "__typename" for field in field_names(selection)):
                    selections[name] = selection
    return ContextUse(argument, selections)
