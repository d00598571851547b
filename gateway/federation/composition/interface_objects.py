"""Fields that an @interfaceObject gives to implementers which do not declare them."""

from __future__ import annotations

from gateway.federation.composition.known import AUTH_DIRECTIVES
from gateway.federation.composition.merge_directives import merge_applied
from gateway.federation.composition.merged import JoinField, MergedField, MergedType
from gateway.federation.composition.merging import Merging
from gateway.federation.composition.model import Applied, ArgDef, Element, FieldDef
from gateway.federation.composition.overrides import Overrides
from gateway.federation.composition.sharing import check_sharing


def add_missing_fields(ctx: Merging) -> None:
    """Copy such fields from the interface to each object type that lacks them."""
    for type_ in ctx.out.composites():
        if type_.kind != "Object":
            continue
        for name in type_.interfaces:
            interface = ctx.out.types.get(name)
            for field in interface.fields.values() if interface else ():
                if field.name not in type_.fields and _is_given(ctx, name, field.name):
                    _add(ctx, type_, field)


def _is_given(ctx: Merging, interface: str, name: str) -> bool:
    for index in range(len(ctx.subgraphs)):
        type_ = ctx.interface_object(index, interface)
        if type_ and name in type_.fields and not ctx.is_external(index, type_.fields[name]):
            return True
    return False


def _add(ctx: Merging, type_: MergedType, source: FieldDef) -> None:
    field = MergedField(name=source.name, description=source.description, type=source.type, parent=type_.name)
    type_.fields[source.name] = field
    merge_applied(ctx, {}, field)
    _copy(ctx, source, field)
    for arg in source.args.values():
        own = ArgDef(arg.name, arg.description, [], None, arg.type, arg.default, field.coordinate)
        _copy(ctx, arg, own)
        field.args[arg.name] = own
    field.joins.append(JoinField(None))
    nowhere: dict[int, FieldDef | None] = dict.fromkeys(range(len(ctx.subgraphs)))
    check_sharing(ctx, nowhere, type_, field, Overrides())
    ctx.field_subgraphs[field.coordinate] = tuple(
        ctx.name(index)
        for index in nowhere
        if any(not ctx.is_external(index, f) for f in ctx.abstracted(type_, field.name, index))
    )


def _copy(ctx: Merging, source: Element, dest: Element) -> None:
    for item in source.applied:
        if isinstance(dest, FieldDef) and item.fed in AUTH_DIRECTIVES:
            continue
        dest.applied.append(Applied(item.name, item.args, fed=item.fed))
