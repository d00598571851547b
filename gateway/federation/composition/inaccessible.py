"""@inaccessible: what is hidden must not be needed by what stays visible.

Source: inaccessible specification v0.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.federation.composition.errors import Place
from gateway.federation.composition.merging import Merging
from gateway.federation.composition.model import (
    ArgDef,
    Element,
    FieldDef,
    InputFieldDef,
    TypeDef,
    ValueDef,
)
from gateway.federation.composition.typerefs import named_type
from gateway.federation.composition.values import ABSENT, Value

Named = TypeDef | FieldDef | ArgDef | ValueDef


def check_inaccessible(ctx: Merging) -> None:
    """Report every visible element that would be left with a hidden one it needs."""
    if not any(item.fed == "inaccessible" for item in ctx.merged_directives.values()):
        return
    _Check(ctx).run()


def hidden(element: Element) -> bool:
    return element.fed("inaccessible") is not None


@dataclass(slots=True)
class _Input:
    """An argument or input field, and whether it is in the API schema."""

    item: ArgDef
    visible: bool


class _Check:
    def __init__(self, ctx: Merging) -> None:
        self.ctx = ctx
        self.types = ctx.out.types

    def run(self) -> None:
        uses = self._default_uses()
        for type_ in self.types.values():
            if hidden(type_):
                self._check_hidden_type(type_)
                continue
            self._check_children(type_)
            if type_.kind in ("Object", "Interface"):
                self._check_fields(type_)
            for item in type_.inputs.values():
                if hidden(item):
                    if item.required:
                        self._error("REQUIRED_INACCESSIBLE", f'"{item.coordinate}" is required', item)
                    self._check_default_uses(item, uses)
            for value in type_.values.values():
                if hidden(value):
                    self._check_default_uses(value, uses)

    def _inputs(self) -> Iterator[_Input]:
        for type_ in self.types.values():
            shown = not hidden(type_)
            for field in type_.fields.values():
                field_shown = shown and not hidden(field)
                for arg in field.args.values():
                    yield _Input(arg, field_shown and not hidden(arg))
            for item in type_.inputs.values():
                yield _Input(item, shown and not hidden(item))
        for directive in self.ctx.out.directives.values():
            for arg in directive.args.values():
                yield _Input(arg, not hidden(arg))

    def _check_hidden_type(self, type_: TypeDef) -> None:
        if type_.name == self.ctx.out.roots.get("query"):
            self._error("QUERY_ROOT_TYPE_INACCESSIBLE", f'"{type_.name}" is the query type', type_)
        for other in self.types.values():
            for field in other.fields.values():
                if named_type(field.type) == type_.name and not hidden(other) and not hidden(field):
                    self._referenced(type_, field)
        for use in self._inputs():
            if use.visible and named_type(use.item.type) == type_.name:
                self._referenced(type_, use.item)

    def _referenced(self, type_: TypeDef, by: FieldDef | ArgDef) -> None:
        message = f'"{type_.name}" is @inaccessible, but "{by.coordinate}" is of that type'
        self._error("REFERENCED_INACCESSIBLE", message, type_)

    def _check_children(self, type_: TypeDef) -> None:
        children: list[Element] = [*type_.fields.values(), *type_.inputs.values(), *type_.values.values()]
        children += [self.types[name] for name in type_.members]
        if children and all(hidden(child) for child in children):
            message = f'Everything in "{type_.name}" is @inaccessible, but the type is not'
            self._error("ONLY_INACCESSIBLE_CHILDREN", message, type_)

    def _check_fields(self, type_: TypeDef) -> None:
        interfaces = [self.types[name] for name in type_.interfaces if name in self.types]
        implementers = [t for t in self.types.values() if type_.kind == "Interface" and type_.name in t.interfaces]
        for field in type_.fields.values():
            wanted = [i.fields[field.name] for i in interfaces if field.name in i.fields and not hidden(i)]
            if hidden(field):
                for other in wanted:
                    if not hidden(other):
                        self._implements(field, other)
                continue
            for arg in field.args.values():
                if hidden(arg):
                    self._check_hidden_argument(field, arg, wanted, implementers)

    def _check_hidden_argument(
        self, field: FieldDef, arg: ArgDef, wanted: list[FieldDef], implementers: list[TypeDef]
    ) -> None:
        if arg.required:
            self._error("REQUIRED_INACCESSIBLE", f'"{arg.coordinate}" is required', arg)
        for type_ in implementers:
            own = type_.fields.get(field.name)
            other = own.args.get(arg.name) if own else None
            shown = own and other and not (hidden(type_) or hidden(own) or hidden(other))
            if other is not None and shown and other.required:
                message = f'"{arg.coordinate}" is @inaccessible, but "{other.coordinate}" is required'
                self._error("REQUIRED_INACCESSIBLE", message, arg)
        for parent in wanted:
            above = parent.args.get(arg.name)
            if above is not None and not hidden(parent) and not hidden(above):
                self._implements(arg, above)

    def _implements(self, item: FieldDef | ArgDef, above: FieldDef | ArgDef) -> None:
        message = f'"{item.coordinate}" is @inaccessible, but implements "{above.coordinate}", which is not'
        self._error("IMPLEMENTED_BY_INACCESSIBLE", message, item)

    def _check_default_uses(self, item: ValueDef | InputFieldDef, uses: dict[Element, list[_Input]]) -> None:
        for use in uses.get(item, []):
            if use.visible:
                message = f'"{item.coordinate}" is @inaccessible, but in the default of "{use.item.coordinate}"'
                self._error("DEFAULT_VALUE_USES_INACCESSIBLE", message, item)

    def _default_uses(self) -> dict[Element, list[_Input]]:
        found: dict[Element, list[_Input]] = {}
        for use in self._inputs():
            if use.item.default is not ABSENT:
                for element in self._in_value(use.item.default, named_type(use.item.type)):
                    found.setdefault(element, []).append(use)
        return found

    def _in_value(self, value: Value, type_name: str) -> Iterator[Element]:
        type_ = self.types.get(type_name)
        if type_ is None:
            return
        if isinstance(value, list):
            for item in value:
                yield from self._in_value(item, type_name)
        elif isinstance(value, dict):
            for name, item in value.items():
                field = type_.inputs.get(name)
                if field is not None:
                    yield field
                    yield from self._in_value(item, named_type(field.type))
        elif isinstance(value, str) and value in type_.values:
            yield type_.values[value]

    def _error(self, code: str, message: str, element: Named) -> None:
        if code == "REQUIRED_INACCESSIBLE" and message.endswith("is required") and "but" not in message:
            message = f"{message}, and cannot be @inaccessible"
        self.ctx.problems.error(code, message, list(self._places(element)))

    def _places(self, element: Named) -> Iterator[Place]:
        """Where the subgraphs say that the element is inaccessible, or at least where they have it."""
        found = False
        for subgraph in self.ctx.subgraphs:
            for own, applied in subgraph.applications("inaccessible"):
                if _coordinate(own) == _coordinate(element):
                    found = True
                    yield subgraph.name, applied.node
        if not found:
            yield from self.ctx.definitions_of(_coordinate(element))


def _coordinate(element: Element) -> str:
    coordinate: str = getattr(element, "coordinate", element.name)
    return coordinate
