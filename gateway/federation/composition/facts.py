"""What follows from a subgraph's directives: which fields are external, used, shareable.

Source: federation specification, @external, @provides, @shareable. A key field of a type extension that
is marked @external is resolved all the same ("fake" external).
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.federation.composition.context_rules import context_parts, context_types
from gateway.federation.composition.model import Applied, ArgDef, FieldDef, InputFieldDef, TypeDef
from gateway.federation.composition.selections import fields_chosen
from gateway.federation.composition.typerefs import named_type
from gateway.federation.subgraph import Subgraph


class Facts:
    """Computed once per subgraph; make a new one after changing the subgraph."""

    def __init__(self, subgraph: Subgraph) -> None:
        self.subgraph = subgraph
        self._fake = set(self._fake_externals())
        self._external = set(self._externals()) - self._fake
        self._provided = {field for fields in self._provides() for field in fields}
        self._used: set[FieldDef] | None = None
        self._shareable: set[FieldDef] | None = None

    def is_external(self, field: FieldDef) -> bool:
        """Declared here, but resolved elsewhere."""
        return field in self._external

    def is_fake_external(self, field: FieldDef) -> bool:
        return field in self._fake

    def is_fully_external(self, field: FieldDef) -> bool:
        """External and not even provided by some field here."""
        return field in self._external and field not in self._provided

    def is_partially_external(self, field: FieldDef) -> bool:
        return field in self._external and field in self._provided

    def is_used(self, field: FieldDef) -> bool:
        """Named in a key, requires, provides or context selection, or wanted by an interface."""
        if self._used is None:
            self._used = set(self._collect_used())
        return field in self._used

    def is_shareable(self, field: FieldDef) -> bool:
        if self._shareable is None:
            self._shareable = set(self._collect_shareable())
        return field in self._shareable

    def chosen(self, parent: TypeDef | None, applied: Applied, whole: bool = True) -> Iterator[FieldDef]:
        """Fields that an application's `fields` names; with `whole`, implementers' fields, too."""
        text = applied.args.get("fields")
        if parent is None or not isinstance(text, str):
            return iter(())
        implementations = self.subgraph.implementers if whole else None
        return fields_chosen(self.subgraph.types, parent, text, implementations)

    def target(self, field: FieldDef) -> TypeDef | None:
        """The composite type that a field returns, if any."""
        type_ = self.subgraph.types.get(named_type(field.type))
        return type_ if type_ is not None and type_.composite else None

    def _fake_externals(self) -> Iterator[FieldDef]:
        for type_ in self.subgraph.types.values():
            extends = type_.fed("extends") is not None
            for key in type_.all_fed("key"):
                if key.extension or extends:
                    for field in self.chosen(type_, key, whole=False):
                        if field.fed("external"):
                            yield field

    def _externals(self) -> Iterator[FieldDef]:
        fed2 = not self.subgraph.fed1
        for type_ in self.subgraph.types.values():
            whole = fed2 and type_.kind == "Object" and type_.fed("external") is not None
            for field in type_.fields.values():
                if whole or field.fed("external"):
                    yield field

    def _provides(self) -> Iterator[Iterator[FieldDef]]:
        for field in self.subgraph.fields():
            for provides in field.all_fed("provides"):
                yield self.chosen(self.target(field), provides)

    def _collect_used(self) -> Iterator[FieldDef]:
        types = self.subgraph.types
        for type_ in types.values():
            for key in type_.all_fed("key"):
                yield from self.chosen(type_, key)
            if type_.kind == "Interface":
                for implementer in self.subgraph.implementers(type_.name):
                    for name in type_.fields:
                        if name in implementer.fields:
                            yield implementer.fields[name]
            for field in type_.fields.values():
                for requires in field.all_fed("requires"):
                    yield from self.chosen(type_, requires)
        yield from self._provided
        yield from self._context_fields()

    def _context_fields(self) -> Iterator[FieldDef]:
        setters = context_types(self.subgraph)
        for element, applied in self.subgraph.applications("fromContext"):
            name, selection = context_parts(applied.args.get("field"))
            if isinstance(element, ArgDef) and not isinstance(element, InputFieldDef) and name and selection:
                for type_ in setters.get(name, []):
                    yield from fields_chosen(self.subgraph.types, type_, selection, self.subgraph.implementers)

    def _collect_shareable(self) -> Iterator[FieldDef]:
        fed2 = not self.subgraph.fed1
        for type_ in self.subgraph.types.values():
            if type_.kind not in ("Object", "Interface"):
                continue
            for key in type_.all_fed("key"):
                yield from self.chosen(type_, key)
            if type_.kind == "Interface":
                continue
            on_type = {item.extension for item in type_.all_fed("shareable")} if fed2 else set()
            for field in type_.fields.values():
                if field.extension in on_type or (fed2 and field.fed("shareable")):
                    yield field
                for provides in field.all_fed("provides"):
                    for provided in self.chosen(self.target(field), provides):
                        if provided in self._external:
                            yield provided
