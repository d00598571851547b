"""The merge: validated subgraphs become one supergraph."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.federation.composition.compose_directives import (
    check_placements,
    compose_directives,
    merge_composed_arguments,
)
from gateway.federation.composition.errors import Problems
from gateway.federation.composition.facts import Facts
from gateway.federation.composition.features import join_version, link_features
from gateway.federation.composition.inaccessible import check_inaccessible
from gateway.federation.composition.interface_objects import add_missing_fields
from gateway.federation.composition.merge_arguments import merge_description, merge_executable
from gateway.federation.composition.merge_directives import keep_directives, merge_applied
from gateway.federation.composition.merge_types import merge_types
from gateway.federation.composition.merged import Supergraph
from gateway.federation.composition.merging import Merging, graph_names
from gateway.federation.composition.model import FEDERATION_FIELDS, ROOT_NAMES
from gateway.federation.composition.post_merge import check_merged
from gateway.federation.subgraph import Subgraph

_PROVIDED = frozenset({"include", "skip", "deprecated", "specifiedBy", "defer", "stream"})


def merge_subgraphs(subgraphs: Sequence[Subgraph], facts: Sequence[Facts], problems: Problems) -> Merging:
    """Merge; whatever is wrong is in `problems`, and then the result is not to be used."""
    out = Supergraph(join_version(subgraphs))
    enums = graph_names([subgraph.name for subgraph in subgraphs])
    out.graphs = [(enum, s.name, s.url) for enum, s in zip(enums, subgraphs, strict=True)]
    ctx = Merging(subgraphs, facts, out, problems)
    if not link_features(ctx):
        return ctx
    compose_directives(ctx)
    if problems.errors:
        return ctx
    _note_coordinates(ctx)
    _set_roots(ctx)
    merge_types(ctx)
    _merge_schema(ctx)
    _merge_directives(ctx)
    if "query" not in out.roots:
        problems.error("NO_QUERIES", "No subgraph has a query field")
    add_missing_fields(ctx)
    if not problems.errors:
        check_placements(ctx)
        check_merged(ctx)
    if not problems.errors:
        check_inaccessible(ctx)
    return ctx


def _note_coordinates(ctx: Merging) -> None:
    for subgraph in ctx.subgraphs:
        for field in subgraph.fields():
            if field.fed("override"):
                ctx.overridden.add(field.coordinate)
            if any(arg.fed("fromContext") for arg in field.args.values()):
                ctx.from_context.add(field.coordinate)


def _set_roots(ctx: Merging) -> None:
    for kind, name in ROOT_NAMES.items():
        for subgraph in ctx.subgraphs:
            type_ = subgraph.types.get(subgraph.roots.get(kind, ""))
            if type_ is not None and type_.fields.keys() - FEDERATION_FIELDS:
                ctx.out.roots[kind] = name
                break


def _merge_schema(ctx: Merging) -> None:
    sources = {index: subgraph.schema for index, subgraph in enumerate(ctx.subgraphs)}
    merge_description(ctx, sources, ctx.out.schema)
    merge_applied(ctx, sources, ctx.out.schema)
    keep_directives(ctx, sources, ctx.out.kept)


def _merge_directives(ctx: Merging) -> None:
    merge_composed_arguments(ctx)
    names: dict[str, None] = {}
    for subgraph in ctx.subgraphs:
        for directive in subgraph.directives.values():
            if directive.node is not None and directive.executable_locations:
                names[directive.name] = None
    for name in names:
        if name in ctx.out.directives or name in _PROVIDED:
            continue
        merged = merge_executable(ctx, name, [subgraph.directives.get(name) for subgraph in ctx.subgraphs])
        if merged is not None:
            ctx.out.directives[name] = merged
