"""Types, defaults and arguments: output types widen, input types narrow, arguments intersect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.federation.composition.merge_directives import merge_applied
from gateway.federation.composition.merging import Merging, Sources
from gateway.federation.composition.model import ArgDef, DirectiveDef, Element, FieldDef, InputFieldDef
from gateway.federation.composition.typerefs import is_non_null, is_strict_subtype, named_type
from gateway.federation.composition.values import ABSENT, Value, same_value, value_text


def merge_description(ctx: Merging, sources: Sources[Element], dest: Element) -> None:
    """The most frequent description that is not empty; the first subgraph's, when equally frequent."""
    counts: dict[str, int] = {}
    for source in sources.values():
        if source is not None and source.description is not None:
            counts[source.description] = counts.get(source.description, 0) + 1
    if not counts:
        return
    filled = {text: count for text, count in counts.items() if text} or counts
    dest.description = max(filled, key=lambda text: filled[text])
    if len([text for text in counts if text]) > 1:
        ctx.hint("INCONSISTENT_DESCRIPTION", f'"{dest.name}" has different descriptions', sources)


def merge_type(ctx: Merging, sources: Mapping[int, FieldDef | ArgDef | None], dest: FieldDef | ArgDef) -> bool:
    """Set `dest.type`; whether all sources have the very same type. Incompatible types are reported."""
    is_input = isinstance(dest, ArgDef)
    merged = ""
    equal = compatible = True
    for source in sources.values():
        if source is None or merged == source.type:
            continue
        if not merged:
            merged = source.type
        elif is_strict_subtype(merged, source.type, ctx.is_member):
            equal = False
            merged = source.type if is_input else merged
        elif is_strict_subtype(source.type, merged, ctx.is_member):
            equal = False
            merged = merged if is_input else source.type
        else:
            equal = compatible = False
    dest.type = merged
    _note_enum(ctx, dest, is_input)
    is_argument = is_input and not isinstance(dest, InputFieldDef)
    what = "argument" if is_argument else "field"
    if not compatible:
        code = "FIELD_ARGUMENT_TYPE_MISMATCH" if is_argument else "FIELD_TYPE_MISMATCH"
        message = f'Type of {what} "{dest.coordinate}" differs between subgraphs'
        ctx.mismatch(code, message, sources, _type_text)
    elif not equal:
        ctx.hint(
            f"INCONSISTENT_BUT_COMPATIBLE_{what.upper()}_TYPE",
            f'Type of {what} "{dest.coordinate}" differs between subgraphs; "{dest.type}" is used',
            sources,
        )
    return equal


def _type_text(item: FieldDef | ArgDef) -> str:
    return f'"{item.type}"'


def _note_enum(ctx: Merging, dest: FieldDef | ArgDef, is_input: bool) -> None:
    type_ = ctx.out.types.get(named_type(dest.type))
    if type_ is not None and type_.kind == "Enum":
        usage = ctx.enum_usage.setdefault(type_.name, {})
        usage.setdefault("input" if is_input else "output", dest.coordinate)


def merge_default(ctx: Merging, sources: Sources[ArgDef], dest: ArgDef) -> None:
    """A default stays only when every subgraph has it; two different ones are an error."""
    present = [source for source in sources.values() if source is not None]
    values: list[Value] = [source.default for source in present if source.default is not ABSENT]
    is_field = isinstance(dest, InputFieldDef)
    what = "Input field" if is_field else "Argument"
    if any(not same_value(values[0], value) for value in values[1:]):
        code = "INPUT_FIELD_DEFAULT_MISMATCH" if is_field else "FIELD_ARGUMENT_DEFAULT_MISMATCH"
        message = f'{what} "{dest.coordinate}" has different defaults'
        ctx.mismatch(code, message, sources, lambda item: default_text(item))
    elif len(values) == len(present):
        dest.default = values[0] if values else ABSENT
    elif values:
        ctx.hint(
            "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
            f'{what} "{dest.coordinate}" has a default in some subgraphs only; it is not used',
            sources,
        )


def default_text(arg: ArgDef) -> str:
    return "no default" if arg.default is ABSENT else value_text(arg.default)


def merge_argument(ctx: Merging, sources: Sources[ArgDef], dest: ArgDef) -> None:
    merge_description(ctx, sources, dest)
    merge_applied(ctx, sources, dest)
    merge_type(ctx, sources, dest)
    merge_default(ctx, sources, dest)


def merge_arguments(
    ctx: Merging, sources: Sources[FieldDef] | Sources[DirectiveDef], dest: FieldDef | DirectiveDef
) -> None:
    """Arguments that every source has; contextual ones are filled by the router and leave the API."""
    present = [(index, source) for index, source in sources.items() if source is not None]
    names = dict.fromkeys(name for _, source in present for name in source.args)
    for name in names:
        own = {index: source.args.get(name) for index, source in present}
        arg = ArgDef(name=name, parent=dest.coordinate)
        if any(item is not None and item.fed("fromContext") for item in own.values()):
            _check_contextual(ctx, own, arg)
        elif any(item is None for item in own.values()):
            _leave_out(ctx, own, arg)
        else:
            merge_argument(ctx, own, arg)
            dest.args[name] = arg


def _check_contextual(ctx: Merging, own: dict[int, ArgDef | None], arg: ArgDef) -> None:
    for index, item in own.items():
        if item is None or item.fed("fromContext"):
            continue
        message = f'"{arg.coordinate}" takes its value from context elsewhere, but not in "{ctx.name(index)}"'
        code = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
        if is_non_null(item.type) and item.default is ABSENT:
            ctx.problems.error(code, message, [(ctx.name(index), item.node)])
        else:
            ctx.hint(code, message + "; it is left out of the API", {index: item})


def _leave_out(ctx: Merging, own: dict[int, ArgDef | None], arg: ArgDef) -> None:
    missing = [index for index, item in own.items() if item is None]
    required = [index for index, item in own.items() if item is not None and item.required]
    if required:
        ctx.problems.error(
            "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
            f'"{arg.coordinate}" is required in {ctx.names(required)} but missing in {ctx.names(missing)}',
            [(ctx.name(index), item.node) for index, item in own.items() if item is not None],
        )
    else:
        ctx.hint(
            "INCONSISTENT_ARGUMENT_PRESENCE",
            f'"{arg.coordinate}" is left out of the API: it is missing in {ctx.names(missing)}',
            own,
        )


def merge_executable(ctx: Merging, name: str, sources: Sequence[DirectiveDef | None]) -> DirectiveDef | None:
    """A directive for operations: what all subgraphs understand of it, or None."""
    by_index = dict(enumerate(sources))
    if any(source is None for source in sources):
        ctx.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
            f'Directive "@{name}" is left out: not every subgraph has it',
            by_index,
        )
        return None
    present = [source for source in sources if source is not None]
    locations = tuple(
        place
        for place in present[0].executable_locations
        if all(place in other.executable_locations for other in present)
    )
    if not locations:
        ctx.hint(
            "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
            f'Directive "@{name}" is left out: no location is common to all subgraphs',
            by_index,
        )
        return None
    if any(set(source.executable_locations) != set(locations) for source in present):
        ctx.hint("INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS", f'Locations of "@{name}" differ', by_index)
    if len({source.repeatable for source in present}) > 1:
        message = f'"@{name}" is repeatable in some subgraphs only'
        ctx.hint("INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE", message, by_index)
    merged = DirectiveDef(name=name, locations=locations, repeatable=all(source.repeatable for source in present))
    merge_description(ctx, by_index, merged)
    merge_arguments(ctx, by_index, merged)
    return merged
