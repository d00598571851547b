"""@override: which subgraph gives a field away, at once or by label.

Source: federation specification, @override (v2.0; `label` since v2.7).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.federation.composition.merging import Merging, Sources
from gateway.federation.composition.model import Applied, FieldDef, TypeDef

_FLAG = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*\Z")
_PERCENT = re.compile(r"percent\(([0-9]{1,2}(\.[0-9]{1,8})?|100)\)\Z")


@dataclass(slots=True)
class Overrides:
    """What @override means for one field, by subgraph index."""

    used: set[int] = field(default_factory=set)  # overridden, still named by a directive or an interface
    unused: set[int] = field(default_factory=set)  # overridden, not needed any more
    unknown: set[int] = field(default_factory=set)  # overrides a subgraph that does not exist
    labels: dict[int, str] = field(default_factory=dict)

    def overridden(self, index: int) -> bool:
        return index in self.used or index in self.unused


def resolve_overrides(ctx: Merging, sources: Sources[FieldDef], parent: TypeDef, dest: FieldDef) -> Overrides:
    """Check all @overrides of one field, and say who gives it away."""
    result = Overrides()
    if dest.coordinate not in ctx.overridden:
        return result
    by_name = {ctx.name(index): index for index in range(len(ctx.subgraphs))}
    overriding: dict[int, Applied] = {}
    for index, source in sources.items():
        applied = source.fed("override") if source is not None else None
        if applied is not None:
            overriding[index] = applied
    for index, applied in overriding.items():
        _Override(ctx, sources, parent, dest, result, overriding).resolve(index, applied, by_name)
    return result


class _Override:
    def __init__(
        self,
        ctx: Merging,
        sources: Sources[FieldDef],
        parent: TypeDef,
        dest: FieldDef,
        result: Overrides,
        overriding: dict[int, Applied],
    ) -> None:
        self.ctx = ctx
        self.sources = sources
        self.parent = parent
        self.dest = dest
        self.result = result
        self.overriding = overriding

    def resolve(self, index: int, applied: Applied, by_name: dict[str, int]) -> None:
        ctx, dest = self.ctx, self.dest
        subgraph = ctx.subgraphs[index]
        own_parent = subgraph.types[dest.parent]
        from_name = applied.args.get("from")
        origin = by_name.get(from_name) if isinstance(from_name, str) else None
        head = f'@override on "{dest.coordinate}" in "{subgraph.name}"'
        if own_parent.kind == "Interface":
            self._error("OVERRIDE_ON_INTERFACE", f'{head}: "{dest.parent}" is an interface', index, applied)
        elif subgraph.is_interface_object(own_parent):
            code = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"
            self._error(code, f'{head}: "{dest.parent}" is an @interfaceObject', index, applied)
        elif origin is None:
            self.result.unknown.add(index)
            self._hint("FROM_SUBGRAPH_DOES_NOT_EXIST", f'{head}: there is no subgraph "{from_name}"', index)
        elif origin == index:
            self._error("OVERRIDE_FROM_SELF_ERROR", f"{head} names its own subgraph", index, applied)
        elif origin in self.overriding:
            message = f'{head}: "{from_name}" itself overrides the field'
            self._error("OVERRIDE_SOURCE_HAS_OVERRIDE", message, index, applied)
        elif self.sources.get(origin) is None:
            self._from_nothing(head, index, origin, applied)
        else:
            self._take(head, index, origin, applied)

    def _from_nothing(self, head: str, index: int, origin: int, applied: Applied) -> None:
        if self.ctx.abstracted(self.parent, self.dest.name, origin):
            code = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"
            message = f'{head}: "{self.ctx.name(origin)}" gives the field through an @interfaceObject'
            self._error(code, message, index, applied)
        else:
            self._hint("OVERRIDE_DIRECTIVE_CAN_BE_REMOVED", f"{head}: the field is gone from there", index)

    def _take(self, head: str, index: int, origin: int, applied: Applied) -> None:
        ctx, result = self.ctx, self.result
        given, taken = self.sources[origin], self.sources[index]
        assert given is not None
        assert taken is not None
        clash = next((name for name in ("requires", "provides") if given.fed(name)), None)
        where = ctx.name(origin)
        if clash is None and ctx.is_external(index, taken):
            clash, where = "external", ctx.name(index)
        if clash:
            code = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"
            self._error(code, f'{head}: the field has @{clash} in "{where}"', index, applied)
            return
        label = applied.args.get("label")
        if ctx.is_external(origin, given):
            self._hint("OVERRIDE_DIRECTIVE_CAN_BE_REMOVED", f"{head}: the field is @external there", index)
        elif ctx.facts[origin].is_used(given):
            result.used.add(origin)
        else:
            result.unused.add(origin)
        if label:
            self._label(head, index, origin, str(label), applied)
        elif result.overridden(origin):
            message = f'"{self.dest.coordinate}" in "{where}" is overridden and can be removed'
            self._hint("OVERRIDDEN_FIELD_CAN_BE_REMOVED", message, origin)

    def _label(self, head: str, index: int, origin: int, label: str, applied: Applied) -> None:
        if _FLAG.match(label) or _PERCENT.match(label):
            self.result.labels[index] = self.result.labels[origin] = label
        else:
            self._error("OVERRIDE_LABEL_INVALID", f'{head}: label "{label}" is not valid', index, applied)
        self._hint("OVERRIDE_MIGRATION_IN_PROGRESS", f'{head} moves the field by label "{label}"', index)

    def _error(self, code: str, message: str, index: int, applied: Applied) -> None:
        self.ctx.problems.error(code, message, [(self.ctx.name(index), applied.node)])

    def _hint(self, code: str, message: str, index: int) -> None:
        self.ctx.hint(code, message, {index: self.sources[index]})
