"""Contexts in the merged schema: who sets them, and which fields take arguments from them."""

from __future__ import annotations

from gateway.federation.composition.merged import MergedField
from gateway.federation.composition.merging import Merging
from gateway.federation.satisfiability import Contexts


def contexts_of(ctx: Merging) -> Contexts:
    """What the satisfiability check needs to know; a hint for each field that takes a context."""
    setters: dict[str, frozenset[str]] = {}
    needs: dict[str, dict[str, frozenset[str]]] = {}
    if not ctx.from_context:
        return Contexts()
    for type_ in ctx.out.types.values():
        names = frozenset(str(applied.args.get("name")) for applied in type_.all_fed("context"))
        for possible in ctx.out.possible_types(type_.name) if names else ():
            setters[possible] = setters.get(possible, frozenset()) | names
    for coordinate in sorted(ctx.from_context):
        type_name, _, name = coordinate.partition(".")
        field = ctx.out.types[type_name].fields.get(name)
        for join in field.joins if isinstance(field, MergedField) else ():
            if join.graph and join.context_arguments:
                wanted = frozenset(argument.context for argument in join.context_arguments)
                needs.setdefault(coordinate, {})[join.graph] = wanted
        ctx.hint(
            "CONTEXT_NOT_EXECUTED_HERE",
            f'"{coordinate}" takes arguments from context: this gateway composes it, but does not plan it',
        )
    return Contexts(setters, needs)
