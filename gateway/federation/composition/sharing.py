"""A field that several subgraphs resolve must be @shareable in each of them."""

from __future__ import annotations

from gateway.federation.composition.merging import Merging, Sources
from gateway.federation.composition.model import FieldDef, TypeDef
from gateway.federation.composition.overrides import Overrides


def check_sharing(
    ctx: Merging, sources: Sources[FieldDef], parent: TypeDef, dest: FieldDef, overrides: Overrides
) -> None:
    """Report a field that is resolved in two places without leave."""
    resolving: list[tuple[int, FieldDef]] = []
    for index, source in sources.items():
        if source is None:
            resolving.extend((index, field) for field in ctx.abstracted(parent, dest.name, index))
        elif not overrides.overridden(index):
            resolving.append((index, source))
    resolving = [(index, field) for index, field in resolving if not ctx.facts[index].is_fully_external(field)]
    closed = [index for index, field in resolving if not ctx.facts[index].is_shareable(field)]
    if not closed or len(resolving) < 2:
        return
    mend = None
    lost = [index for index in closed if index in overrides.unknown]
    if lost:
        mend = f"Correct the subgraph that @override names in {ctx.names(lost)}: there is none of that name."
    ctx.problems.error(
        "INVALID_FIELD_SHARING",
        f'"{dest.coordinate}" is resolved in {ctx.names(index for index, _ in resolving)}, '
        f"but not shareable in {ctx.names(closed)}",
        [(ctx.name(index), field.node) for index, field in resolving],
        mend,
    )
