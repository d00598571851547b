"""@external declarations: not merged, but somebody must resolve the field, and they must agree with it."""

from __future__ import annotations

from gateway.federation.composition.merge_arguments import default_text
from gateway.federation.composition.merge_directives import is_merged
from gateway.federation.composition.merging import Merging, Sources
from gateway.federation.composition.model import ArgDef, FieldDef, TypeDef
from gateway.federation.composition.typerefs import is_strict_subtype
from gateway.federation.composition.values import same_value


def all_external(ctx: Merging, sources: Sources[FieldDef], parent: TypeDef, dest: FieldDef) -> bool:
    """Whether nobody resolves the field, which is reported."""
    for index, source in sources.items():
        declared = [source] if source is not None else ctx.abstracted(parent, dest.name, index)
        if any(not ctx.is_external(index, field) for field in declared):
            return False
    ctx.problems.error(
        "EXTERNAL_MISSING_ON_BASE",
        f'"{dest.coordinate}" is @external in every subgraph that declares it',
        [(ctx.name(index), source.node) for index, source in sources.items() if source is not None],
    )
    return True


def without_externals(ctx: Merging, sources: Sources[FieldDef]) -> dict[int, FieldDef | None]:
    """The sources that resolve the field. Directives that would merge are refused on the others."""
    found: dict[int, FieldDef | None] = {}
    for index, source in sources.items():
        if source is None or not ctx.is_external(index, source):
            found[index] = source
            continue
        found[index] = None
        for applied in source.applied:
            if is_merged(ctx, index, applied):
                ctx.problems.error(
                    "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
                    f'@{applied.name} is on "{source.coordinate}", which is @external in "{ctx.name(index)}"',
                    [(ctx.name(index), applied.node)],
                )
    return found


def check_externals(ctx: Merging, sources: Sources[FieldDef], dest: FieldDef, equal: bool) -> None:
    """An @external declaration repeats type, arguments and defaults of the field it stands for."""
    external = [f for i, f in sources.items() if f is not None and ctx.is_external(i, f)]
    if not external:
        return
    wrong_type = False
    missing: dict[str, None] = {}
    types: dict[str, None] = {}
    defaults: dict[str, None] = {}
    for source in external:
        narrower = not equal and is_strict_subtype(dest.type, source.type, ctx.is_member)
        wrong_type = wrong_type or not (source.type == dest.type or narrower)
        for name, arg in dest.args.items():
            own = source.args.get(name)
            if own is None:
                missing[name] = None
                continue
            if own.type != arg.type and not is_strict_subtype(own.type, arg.type, ctx.is_member):
                types[name] = None
            if not same_value(own.default, arg.default):
                defaults[name] = None
    if wrong_type:
        message = f'Type of "{dest.coordinate}" differs where it is @external'
        ctx.mismatch("EXTERNAL_TYPE_MISMATCH", message, sources, lambda item: f'"{item.type}"')
    for name in missing:
        message = f'Argument "{dest.coordinate}({name}:)" is missing where the field is @external'
        args = {i: f.args.get(name) for i, f in sources.items() if f is not None}
        ctx.mismatch("EXTERNAL_ARGUMENT_MISSING", message, args, lambda item: "declared", missing="missing")
    for name in types:
        message = f'Type of argument "{dest.coordinate}({name}:)" differs where the field is @external'
        ctx.mismatch("EXTERNAL_ARGUMENT_TYPE_MISMATCH", message, _args(sources, name), lambda item: item.type)
    for name in defaults:
        message = f'Default of argument "{dest.coordinate}({name}:)" differs where the field is @external'
        ctx.mismatch("EXTERNAL_ARGUMENT_DEFAULT_MISMATCH", message, _args(sources, name), default_text)


def _args(sources: Sources[FieldDef], name: str) -> dict[int, ArgDef | None]:
    return {index: field.args.get(name) for index, field in sources.items() if field is not None}
