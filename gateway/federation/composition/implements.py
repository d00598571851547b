"""Whether a type fulfils an interface that it implements (GraphQL specification, 3.6.1)."""

from __future__ import annotations

from gateway.federation.composition.model import FieldDef, Report, TypeDef
from gateway.federation.composition.typerefs import is_subtype


def is_member(types: dict[str, TypeDef], abstract: str, name: str) -> bool:
    """Whether `name` implements the interface, or is a member of the union, `abstract`."""
    type_, wide = types.get(name), types.get(abstract)
    if wide is not None and wide.kind == "Union":
        return name in wide.members
    return type_ is not None and abstract in type_.interfaces


def check_implements(types: dict[str, TypeDef], type_: TypeDef, interface: TypeDef, report: Report) -> None:
    """Report every way in which `type_` falls short of `interface`."""
    if interface.name == type_.name:
        report(f'"{type_.name}" cannot implement itself', type_)
    for name, wanted in interface.fields.items():
        field = type_.fields.get(name)
        if field is None:
            report(f'"{type_.name}" has no field "{name}", which "{interface.name}" declares', type_)
            continue
        _check_field(types, field, wanted, report)
    for name in interface.interfaces:
        if name not in type_.interfaces:
            if name == type_.name:
                report(f'"{type_.name}" and "{interface.name}" implement each other', type_)
            else:
                report(f'"{type_.name}" must implement "{name}", as "{interface.name}" does', type_)


def _check_field(types: dict[str, TypeDef], field: FieldDef, wanted: FieldDef, report: Report) -> None:
    if not is_subtype(wanted.type, field.type, lambda wide, name: is_member(types, wide, name)):
        report(
            f'"{field.coordinate}" is of type "{field.type}", which is no "{wanted.type}" as '
            f'"{wanted.coordinate}" asks',
            field,
        )
    for name, arg in wanted.args.items():
        own = field.args.get(name)
        if own is None:
            report(f'"{field.coordinate}" has no argument "{name}", which "{wanted.coordinate}" has', field)
        elif own.type != arg.type:
            report(f'"{own.coordinate}" is of type "{own.type}" and not "{arg.type}" as its interface asks', own)
    for name, own in field.args.items():
        if name not in wanted.args and own.required:
            report(f'"{own.coordinate}" is required, but "{wanted.coordinate}" does not have it', own)
