"""Types: which exist, of which kind, what they implement and contain, and in which subgraph."""

from __future__ import annotations

from gateway.federation.composition.merge_arguments import merge_description
from gateway.federation.composition.merge_directives import keep_directives, merge_applied
from gateway.federation.composition.merge_fields import merge_fields, merge_input_fields
from gateway.federation.composition.merged import JoinType, MergedType, MergedValue
from gateway.federation.composition.merging import Merging, Sources
from gateway.federation.composition.model import Kind, TypeDef, ValueDef

_ORDER: tuple[Kind, ...] = ("Union", "Scalar", "InputObject", "Interface", "Object", "Enum")


def merge_types(ctx: Merging) -> None:
    """Everything below the schema itself. Enums come last: how they merge depends on where they are used."""
    found = _collect(ctx)
    for name, sources in found.items():
        _implement(ctx, sources, ctx.out.types[name])
    for kind in _ORDER:
        for name, sources in found.items():
            type_ = ctx.out.types[name]
            if type_.kind == kind and isinstance(type_, MergedType):
                _merge(ctx, sources, type_)
    for name in found:
        type_ = ctx.out.types[name]
        if type_.kind == "Object" and not type_.fields:
            del ctx.out.types[name]


def _kind(ctx: Merging, index: int, type_: TypeDef) -> Kind:
    return "Interface" if ctx.subgraphs[index].is_interface_object(type_) else type_.kind


def _collect(ctx: Merging) -> dict[str, dict[int, TypeDef | None]]:
    """Sources of each type; those of another kind than the first are reported and left out."""
    found: dict[str, dict[int, TypeDef]] = {}
    for index, subgraph in enumerate(ctx.subgraphs):
        for type_ in subgraph.merged_types():
            found.setdefault(type_.name, {})[index] = type_
    result: dict[str, dict[int, TypeDef | None]] = {}
    for name, sources in found.items():
        kinds = {index: _kind(ctx, index, type_) for index, type_ in sources.items()}
        kind = next(iter(kinds.values()))
        ctx.out.types[name] = MergedType(name=name, kind=kind)
        if len(set(kinds.values())) > 1:
            message = f'"{name}" is not of the same kind everywhere'
            by_type = {type_: str(kinds[index]) for index, type_ in sources.items()}
            ctx.mismatch("TYPE_KIND_MISMATCH", message, sources, by_type.__getitem__)
        elif kind == "Interface" and not any(type_.kind == "Interface" for type_ in sources.values()):
            ctx.problems.error(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f'"{name}" is an @interfaceObject in every subgraph, and an interface in none',
                [(ctx.name(index), type_.node) for index, type_ in sources.items()],
            )
        result[name] = {index: type_ for index, type_ in sources.items() if kinds[index] == kind}
    return result


def _implement(ctx: Merging, sources: Sources[TypeDef], dest: TypeDef) -> None:
    assert isinstance(dest, MergedType)
    for index, source in sources.items():
        if source is None:
            continue
        for name in source.interfaces:
            dest.implements.append((ctx.graph(index), name))
            if name not in dest.interfaces:
                dest.interfaces.append(name)
        for name in source.members:
            dest.union_members.append((ctx.graph(index), name))
            if name not in dest.members:
                dest.members.append(name)


def _merge(ctx: Merging, sources: Sources[TypeDef], dest: MergedType) -> None:
    _check_base(ctx, sources, dest)
    merge_description(ctx, sources, dest)
    for index, source in sources.items():
        if source is not None:
            _join(ctx, index, source, dest)
    merge_applied(ctx, sources, dest)
    keep_directives(ctx, sources, dest.kept)
    if dest.kind == "Interface":
        _check_interface(ctx, sources, dest)
    if dest.kind in ("Object", "Interface"):
        merge_fields(ctx, sources, dest)
        _hint_inconsistent(ctx, sources, dest)
    elif dest.kind == "InputObject":
        merge_input_fields(ctx, sources, dest)
    elif dest.kind == "Enum":
        _merge_enum(ctx, sources, dest)
    elif dest.kind == "Union":
        for name in dest.members:
            lacking = [i for i, s in sources.items() if s is not None and name not in s.members]
            if lacking:
                message = f'"{name}" is a member of "{dest.name}", but not in {ctx.names(lacking)}'
                ctx.hint("INCONSISTENT_UNION_MEMBER", message, sources)


def _check_base(ctx: Merging, sources: Sources[TypeDef], dest: MergedType) -> None:
    if dest.name in ctx.out.roots.values() or any(s is not None and s.defined for s in sources.values()):
        return
    for index, source in sources.items():
        if source is not None and source.extensions:
            ctx.problems.error(
                "EXTENSION_WITH_NO_BASE",
                f'"{dest.name}" is extended, but defined in no subgraph',
                [(ctx.name(index), source.extensions[0])],
            )


def _join(ctx: Merging, index: int, source: TypeDef, dest: MergedType) -> None:
    interface_object = ctx.subgraphs[index].is_interface_object(source)
    keys = source.all_fed("key")
    if not keys:
        dest.joins.append(JoinType(ctx.graph(index), interface_object=interface_object))
    extends = source.fed("extends") is not None
    for key in keys:
        dest.joins.append(
            JoinType(
                ctx.graph(index),
                key.args.get("fields"),
                bool(key.extension) or extends,
                key.args.get("resolvable"),
                interface_object,
            )
        )


def _check_interface(ctx: Merging, sources: Sources[TypeDef], dest: MergedType) -> None:
    """A key on an interface is a promise about all its implementers; an interface object knows none."""
    everywhere = ctx.implementers(dest.name)
    for index, source in sources.items():
        if source is None:
            continue
        subgraph = ctx.subgraphs[index]
        if subgraph.is_interface_object(source):
            known = [name for name in everywhere if name in subgraph.types]
            if known:
                names = ", ".join(f'"{name}"' for name in known)
                ctx.problems.error(
                    "INTERFACE_OBJECT_USAGE_ERROR",
                    f'"{subgraph.name}" declares "{dest.name}" as @interfaceObject, and its implementers {names}',
                    [(subgraph.name, source.node)],
                )
            continue
        key = next((k for k in source.all_fed("key") if k.args.get("resolvable") is not False), None)
        here = {type_.name for type_ in subgraph.implementers(dest.name)}
        missing = [name for name in everywhere if name not in here]
        if key is not None and missing and len(here) < len(everywhere):
            names = ", ".join(f'"{name}"' for name in missing)
            ctx.problems.error(
                "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
                f'"{subgraph.name}" has a resolvable @key on interface "{dest.name}" but not its types {names}',
                [(subgraph.name, key.node)],
            )


def _hint_inconsistent(ctx: Merging, sources: Sources[TypeDef], dest: MergedType) -> None:
    """An entity that is none in some subgraph; a value type whose subgraphs know different fields."""
    present = {index: source for index, source in sources.items() if source is not None}
    keyed = [index for index, source in present.items() if source.fed("key")]
    if dest.kind == "Object" and keyed and len(keyed) < len(present):
        lacking = [index for index in present if index not in keyed]
        message = f'"{dest.name}" has a @key in {ctx.names(keyed)}, but none in {ctx.names(lacking)}'
        ctx.hint("INCONSISTENT_ENTITY", message, sources)
    if keyed or dest.name in ctx.out.roots.values():
        return
    knowing = {
        index: source
        for index, source in present.items()
        if not all(ctx.is_external(index, field) for field in source.fields.values())
    }
    for name in dest.fields:
        lacking = [index for index, source in knowing.items() if name not in source.fields]
        if lacking:
            kind = "OBJECT" if dest.kind == "Object" else "INTERFACE"
            message = f'"{dest.name}.{name}" is not in {ctx.names(lacking)}'
            ctx.hint(f"INCONSISTENT_{kind}_VALUE_TYPE_FIELD", message, sources)


def _merge_enum(ctx: Merging, sources: Sources[TypeDef], dest: MergedType) -> None:
    usage = ctx.enum_usage.get(dest.name)
    if usage is None:
        ctx.hint("UNUSED_ENUM_TYPE", f'Enum "{dest.name}" is not used anywhere', sources)
        usage = {"output": ""}
    names: dict[str, None] = {}
    for source in sources.values():
        names.update(dict.fromkeys(source.values if source is not None else ()))
    for name in names:
        own: dict[int, ValueDef | None] = {
            i: source.values.get(name) for i, source in sources.items() if source is not None
        }
        value = MergedValue(name=name, parent=dest.name)
        merge_description(ctx, own, value)
        merge_applied(ctx, own, value)
        value.graphs = [ctx.graph(index) for index, item in own.items() if item is not None]
        if _keeps(ctx, dest, own, value, usage):
            dest.values[name] = value
    if not dest.values:
        ctx.problems.error(
            "EMPTY_MERGED_ENUM_TYPE",
            f'No value of enum "{dest.name}" is in every subgraph that has the enum',
            [(ctx.name(index), source.node) for index, source in sources.items() if source is not None],
        )


def _keeps(
    ctx: Merging,
    dest: MergedType,
    own: dict[int, ValueDef | None],
    value: MergedValue,
    usage: dict[str, str],
) -> bool:
    missing = [index for index, item in own.items() if item is None]
    if not missing or value.fed("inaccessible"):
        return True
    if "input" not in usage:
        message = f'"{value.coordinate}" is not in {ctx.names(missing)}'
        ctx.hint("INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM", message, own)
        return True
    if "output" not in usage:
        message = f'"{value.coordinate}" is left out of the API: it is not in {ctx.names(missing)}'
        ctx.hint("INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM", message, own)
        return False
    ctx.problems.error(
        "ENUM_VALUE_MISMATCH",
        f'"{value.coordinate}" is not in {ctx.names(missing)}, but the enum is used as input '
        f'("{usage["input"]}") and as output ("{usage["output"]}")',
        [(ctx.name(index), item.node) for index, item in own.items() if item is not None],
    )
    return True
