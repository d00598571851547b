"""Fields of object and interface types, and of input types, with their join facts."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.federation.composition.context_rules import context_parts
from gateway.federation.composition.externals import all_external, check_externals, without_externals
from gateway.federation.composition.merge_arguments import (
    merge_arguments,
    merge_default,
    merge_description,
    merge_type,
)
from gateway.federation.composition.merge_directives import keep_directives, merge_applied
from gateway.federation.composition.merged import (
    ContextArgument,
    JoinField,
    MergedField,
    MergedInput,
    MergedType,
)
from gateway.federation.composition.merging import Merging, Sources
from gateway.federation.composition.model import FEDERATION_FIELDS, FieldDef, InputFieldDef, TypeDef
from gateway.federation.composition.overrides import Overrides, resolve_overrides
from gateway.federation.composition.sharing import check_sharing

_NO_OVERRIDES = Overrides()


def merge_fields(ctx: Merging, sources: Sources[TypeDef], dest: MergedType) -> None:
    """All fields of an object or interface type."""
    is_object = dest.kind == "Object"
    is_subscription = dest.name == ctx.out.roots.get("subscription")
    absent = _absent_sources(ctx, dest)
    collected = _collect(ctx, sources, dest, absent)
    for name, own in collected.items():
        field = MergedField(name=name, parent=dest.name)
        dest.fields[name] = field
        overrides = resolve_overrides(ctx, own, dest, field)
        if is_subscription:
            _refuse_shareable(ctx, own, field)
        _merge_field(ctx, own, dest, field, overrides)
        if is_object:
            check_sharing(ctx, own, dest, field, overrides)


def _absent_sources(ctx: Merging, dest: MergedType) -> dict[int, FieldDef | None]:
    """Subgraphs that could have a field of this type: they have the type, or an interface object for it."""
    found: dict[int, FieldDef | None] = {}
    for index, subgraph in enumerate(ctx.subgraphs):
        if dest.name in subgraph.types or any(ctx.interface_object(index, name) for name in dest.interfaces):
            found[index] = None
    return found


def _collect(
    ctx: Merging, sources: Sources[TypeDef], dest: MergedType, absent: dict[int, FieldDef | None]
) -> dict[str, dict[int, FieldDef | None]]:
    found: dict[str, dict[int, FieldDef | None]] = {}
    for index, source in sources.items():
        is_query = dest.name == "Query"
        for name, field in source.fields.items() if source is not None else ():
            if is_query and name in FEDERATION_FIELDS:
                continue
            own = found.get(name)
            if own is None:
                own = found[name] = dict(absent)
            own[index] = field
    return found


def _refuse_shareable(ctx: Merging, sources: Sources[FieldDef], dest: FieldDef) -> None:
    shared = {i: f for i, f in sources.items() if f is not None and f.fed("shareable")}
    if shared:
        ctx.problems.error(
            "INVALID_FIELD_SHARING",
            f'"{dest.coordinate}" is a subscription and cannot be @shareable',
            [(ctx.name(i), f.node) for i, f in shared.items()],
        )


def _merge_field(
    ctx: Merging, sources: Sources[FieldDef], parent: MergedType, dest: MergedField, overrides: Overrides
) -> None:
    if all_external(ctx, sources, parent, dest):
        return
    resolved = without_externals(ctx, sources)
    merge_description(ctx, resolved, dest)
    merge_applied(ctx, resolved, dest)
    merge_arguments(ctx, resolved, dest)
    declared = resolved if any(resolved.values()) else sources
    equal = merge_type(ctx, declared, dest)
    check_externals(ctx, sources, dest, equal)
    if _needs_joins(ctx, sources, parent, dest, equal, overrides):
        dest.joins.extend(_joins(ctx, sources, equal, overrides))
    keep_directives(ctx, sources, dest.kept)
    ctx.field_subgraphs[dest.coordinate] = tuple(
        ctx.name(index)
        for index, field in sources.items()
        if field is not None and not ctx.is_external(index, field) and not overrides.overridden(index)
    )


def _needs_joins(
    ctx: Merging,
    sources: Sources[FieldDef],
    parent: MergedType,
    dest: MergedField,
    equal: bool,
    overrides: Overrides,
) -> bool:
    """Nothing needs saying when every subgraph with the type resolves the field in the plain way."""
    if not equal or overrides.used or overrides.labels or dest.coordinate in ctx.from_context:
        return True
    for index, field in sources.items():
        if field is None or index in overrides.unused:
            if parent.name in ctx.subgraphs[index].types:
                return True
        elif ctx.is_external(index, field) or field.fed("provides") or field.fed("requires"):
            return True
    return False


def _joins(ctx: Merging, sources: Sources[FieldDef], equal: bool, overrides: Overrides) -> Iterator[JoinField]:
    for index, field in sources.items():
        label = overrides.labels.get(index)
        if field is None or (index in overrides.unused and not label):
            continue
        override = field.fed("override")
        yield JoinField(
            ctx.graph(index),
            requires=_fields(field, "requires"),
            provides=_fields(field, "provides"),
            type=None if equal else field.type,
            external=ctx.is_external(index, field),
            override=override.args.get("from") if override else None,
            used_overridden=index in overrides.used,
            override_label=label,
            context_arguments=tuple(_context_arguments(ctx, index, field)),
        )


def _fields(field: FieldDef, directive: str) -> str | None:
    applied = field.fed(directive)
    return applied.args.get("fields") if applied else None


def _context_arguments(ctx: Merging, index: int, field: FieldDef) -> Iterator[ContextArgument]:
    for arg in field.args.values():
        applied = arg.fed("fromContext")
        name, selection = context_parts(applied.args.get("field")) if applied else (None, None)
        if name and selection:
            yield ContextArgument(arg.name, arg.type, f"{ctx.name(index)}__{name}", selection)


def merge_input_fields(ctx: Merging, sources: Sources[TypeDef], dest: MergedType) -> None:
    """Input fields that every subgraph with the type has."""
    names: dict[str, None] = {}
    for source in sources.values():
        names.update(dict.fromkeys(source.inputs if source is not None else ()))
    for name in names:
        own = {i: source.inputs.get(name) for i, source in sources.items() if source is not None}
        field = MergedInput(name=name, parent=dest.name)
        merge_description(ctx, own, field)
        merge_applied(ctx, own, field)
        equal = merge_type(ctx, own, field)
        if not equal or any(item is None for item in own.values()):
            field.joins = [
                JoinField(ctx.graph(i), type=None if equal else item.type)
                for i, item in own.items()
                if item is not None
            ]
        merge_default(ctx, own, field)
        if field.fed("inaccessible") or not _is_missing(ctx, own, field):
            dest.inputs[name] = field
    if not dest.inputs:
        ctx.problems.error(
            "EMPTY_MERGED_INPUT_TYPE",
            f'No field of input type "{dest.name}" is in every subgraph that has the type',
            [(ctx.name(i), source.node) for i, source in sources.items() if source is not None],
        )


def _is_missing(ctx: Merging, own: dict[int, InputFieldDef | None], field: MergedInput) -> bool:
    missing = [index for index, item in own.items() if item is None]
    required = [index for index, item in own.items() if item is not None and item.required]
    if missing and required:
        ctx.problems.error(
            "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
            f'"{field.coordinate}" is required in {ctx.names(required)} but missing in {ctx.names(missing)}',
            [(ctx.name(index), item.node) for index, item in own.items() if item is not None],
        )
    elif missing:
        ctx.hint(
            "INCONSISTENT_INPUT_OBJECT_FIELD",
            f'"{field.coordinate}" is left out of the API: it is missing in {ctx.names(missing)}',
            own,
        )
    return bool(missing)
