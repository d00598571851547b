"""Field selections written in directive arguments: `@key(fields: "id organisation { id }")`.

`parse_selection` is cached, because the same few selections are read by many rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.federation.composition.inputs import is_valid
from gateway.federation.composition.model import FieldDef, TypeDef
from gateway.federation.composition.typerefs import named_type
from gateway.federation.composition.values import Value, value_of, value_text


class SelectionError(Exception):
    """The text is not a selection, or does not fit the types it is read against."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A selected field. `inner` is None for a leaf."""

    name: str
    alias: str | None
    args: dict[str, Value]
    directives: tuple[str, ...]
    inner: tuple[Chosen | Narrowed, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Narrowed:
    """An inline fragment."""

    condition: str | None
    directives: tuple[str, ...]
    inner: tuple[Chosen | Narrowed, ...]


Selection = tuple[Chosen | Narrowed, ...]
Types = dict[str, TypeDef]
FieldSeen = Callable[[TypeDef, FieldDef, Chosen], None]


@lru_cache(maxsize=4096)
def parse_selection(text: str) -> Selection:
    """The selection in `text`, with or without outer braces. Raises SelectionError."""
    source = text if text.lstrip().startswith("{") else "{" + text + "}"
    try:
        document = parse(source, no_location=True)
    except RecursionError:
        raise SelectionError("nested too deeply") from None
    except GraphQLSyntaxError as error:
        raise SelectionError(error.message) from None
    operation = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(operation, OperationDefinitionNode):
        raise SelectionError("not a selection of fields")
    return _convert(operation.selection_set)


def _convert(node: SelectionSetNode) -> Selection:
    found: list[Chosen | Narrowed] = []
    if not node.selections:
        raise SelectionError("nothing is selected")
    for item in node.selections:
        directives = tuple(directive.name.value for directive in item.directives or ())
        if isinstance(item, FieldNode):
            args = {arg.name.value: value_of(arg.value) for arg in item.arguments or ()}
            inner = _convert(item.selection_set) if item.selection_set else None
            alias = item.alias.value if item.alias else None
            found.append(Chosen(item.name.value, alias, args, directives, inner))
        elif isinstance(item, InlineFragmentNode):
            condition = item.type_condition.name.value if item.type_condition else None
            found.append(Narrowed(condition, directives, _convert(item.selection_set)))
        elif isinstance(item, FragmentSpreadNode):
            raise SelectionError(f'fragment "{item.name.value}" is not defined; write it inline')
    return tuple(found)


def fields_chosen(
    types: Types, parent: TypeDef, text: str, implementations: Callable[[str], list[TypeDef]] | None = None
) -> Iterator[FieldDef]:
    """The fields that a selection names, silently leaving out what does not exist.

    With `implementations`, a field of an interface stands for its implementers' fields, too.
    """
    try:
        selection = parse_selection(text)
    except SelectionError:
        return iter(())
    return _walk(types, parent, selection, implementations)


def _walk(
    types: Types,
    parent: TypeDef,
    selection: Selection,
    implementations: Callable[[str], list[TypeDef]] | None,
) -> Iterator[FieldDef]:
    for item in selection:
        if isinstance(item, Narrowed):
            inner = types.get(item.condition) if item.condition else parent
            if inner is not None:
                yield from _walk(types, inner, item.inner, implementations)
            continue
        field = parent.fields.get(item.name)
        if field is None:
            continue
        yield field
        if implementations is not None and parent.kind == "Interface":
            for type_ in implementations(parent.name):
                if item.name in type_.fields:
                    yield type_.fields[item.name]
        if item.inner:
            target = types.get(named_type(field.type))
            if target is not None:
                yield from _walk(types, target, item.inner, implementations)


def check_selection(
    types: Types,
    possible: Callable[[str], list[str]],
    parent: TypeDef,
    selection: Selection,
    known_directives: Callable[[str], bool] = lambda name: True,
    seen: FieldSeen | None = None,
) -> None:
    """Raise SelectionError at the first thing that does not fit the types; call `seen` for each field."""
    for item in selection:
        for name in item.directives:
            if not known_directives(name):
                raise SelectionError(f'Unknown directive "@{name}"')
        if isinstance(item, Narrowed):
            inner = types.get(item.condition) if item.condition else parent
            if inner is None:
                raise SelectionError(f'Unknown type "{item.condition}"')
            if inner is not parent and not set(possible(parent.name)) & set(possible(inner.name)):
                raise SelectionError(f'"{parent.name}" can never be of type "{inner.name}"')
            check_selection(types, possible, inner, item.inner, known_directives, seen)
            continue
        if item.name == "__typename" and item.inner is None:
            continue
        field = parent.fields.get(item.name)
        if field is None:
            raise SelectionError(f'Cannot query field "{item.name}" on type "{parent.name}"')
        if item.alias:
            raise SelectionError(f'Cannot use alias "{item.alias}": aliases are not supported here')
        _check_arguments(types, field, item)
        if seen is not None:
            seen(parent, field, item)
        target = types.get(named_type(field.type))
        composite = target is not None and target.composite
        if item.inner is None:
            if composite:
                raise SelectionError(f'"{field.coordinate}" needs a selection of its own fields')
            continue
        if target is None or not composite:
            raise SelectionError(f'"{field.coordinate}" has no fields to select')
        check_selection(types, possible, target, item.inner, known_directives, seen)


def _check_arguments(types: Types, field: FieldDef, item: Chosen) -> None:
    for name, value in item.args.items():
        arg = field.args.get(name)
        if arg is None:
            raise SelectionError(f'"{field.coordinate}" has no argument "{name}"')
        if not is_valid(types, value, arg.type):
            raise SelectionError(f'{value_text(value)} is not a value of type "{arg.type}" for "{arg.coordinate}"')
    for name, arg in field.args.items():
        if arg.required and name not in item.args:
            raise SelectionError(f'no value is given for the required argument "{arg.coordinate}"')


def canonical(selection: Selection) -> frozenset[object]:
    """A selection as a value that does not depend on order, for comparing keys."""
    return frozenset(
        (item.name, canonical(item.inner) if item.inner else None)
        if isinstance(item, Chosen)
        else ("...", item.condition, canonical(item.inner))
        for item in selection
    )


def selection_text(selection: Selection) -> str:
    """A selection as text, without outer braces."""
    parts = []
    for item in selection:
        if isinstance(item, Narrowed):
            head = f"... on {item.condition}" if item.condition else "..."
            parts.append(f"{head} {{ {selection_text(item.inner)} }}")
            continue
        args = ", ".join(f"{name}: {value_text(value)}" for name, value in item.args.items())
        inner = f" {{ {selection_text(item.inner)} }}" if item.inner else ""
        parts.append(item.name + (f"({args})" if args else "") + inner)
    return " ".join(parts)
