"""What can only be seen once everything is merged."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.federation.composition.auth_rules import check_transitive_auth
from gateway.federation.composition.implements import check_implements
from gateway.federation.composition.merging import Merging
from gateway.federation.composition.model import Applied, Element, TypeDef
from gateway.federation.composition.selections import SelectionError, check_selection, parse_selection


def check_merged(ctx: Merging) -> None:
    """Report interface fields without implementation, requirements that no longer fit, and lost auth rules."""
    _check_interface_fields(ctx)
    _check_requires(ctx)
    check_transitive_auth(ctx)
    if not ctx.problems.errors:
        _check_implementations(ctx)


def _check_interface_fields(ctx: Merging) -> None:
    for type_ in ctx.out.composites():
        for name in type_.interfaces:
            interface = ctx.out.types.get(name)
            for field in interface.fields.values() if interface else ():
                if field.name in type_.fields:
                    continue
                declaring = []
                for subgraph in ctx.subgraphs:
                    own = subgraph.types.get(name)
                    if own is not None and field.name in own.fields:
                        declaring.append((subgraph.name, own.fields[field.name].node))
                lacking = [
                    (subgraph.name, subgraph.types[type_.name].node)
                    for subgraph in ctx.subgraphs
                    if type_.name in subgraph.types and name in subgraph.types[type_.name].interfaces
                ]
                ctx.problems.error(
                    "INTERFACE_FIELD_NO_IMPLEM",
                    f'"{field.coordinate}" is declared in {_names(declaring)}, but "{type_.name}", which implements '
                    f'"{name}" in {_names(lacking)}, has it nowhere',
                    declaring + lacking,
                )


def _names(places: Sequence[tuple[str, object]]) -> str:
    return ", ".join(f'"{name}"' for name, _ in places)


def _check_requires(ctx: Merging) -> None:
    """A requirement is sent to other subgraphs: their merged arguments must take it."""
    for subgraph in ctx.subgraphs:
        for field in subgraph.fields():
            applied = field.fed("requires")
            parent = ctx.out.types.get(field.parent)
            if applied is None or parent is None:
                continue
            text = applied.args.get("fields")
            try:
                check_selection(ctx.out.types, ctx.out.possible_types, parent, parse_selection(text))
            except SelectionError as error:
                ctx.problems.error(
                    "REQUIRES_INVALID_FIELDS",
                    f'@requires on "{field.coordinate}", fields "{text}", does not fit the merged schema: {error}',
                    [(subgraph.name, applied.node)],
                )


def _check_implementations(ctx: Merging) -> None:
    def report(message: str, at: Element | Applied) -> None:
        places = [
            (subgraph.name, subgraph.types[at.name].node)
            for subgraph in ctx.subgraphs
            if isinstance(at, TypeDef) and at.name in subgraph.types
        ]
        parent = getattr(at, "parent", "")
        places += [(s.name, s.types[parent].node) for s in ctx.subgraphs if parent in s.types]
        ctx.problems.error("INVALID_GRAPHQL", f"In the merged schema, {message}", places)

    for type_ in ctx.out.composites():
        for name in type_.interfaces:
            interface = ctx.out.types.get(name)
            if interface is not None:
                check_implements(ctx.out.types, type_, interface, report)
