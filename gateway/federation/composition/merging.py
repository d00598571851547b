"""What all merge rules share: the subgraphs, their facts, the supergraph so far, and the problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gateway.federation.composition.errors import Place, Problems
from gateway.federation.composition.facts import Facts
from gateway.federation.composition.implements import is_member
from gateway.federation.composition.known import Strategy
from gateway.federation.composition.merged import JoinDirective, Supergraph
from gateway.federation.composition.model import Element, FieldDef, TypeDef
from gateway.federation.subgraph import Subgraph

E = TypeVar("E", bound=Element)
Sources = Mapping[int, E | None]  # subgraph index -> its element; None: could have it, has not


@dataclass(slots=True)
class MergedDirective:
    """A directive that the supergraph keeps: where it comes from, and how unequal arguments merge."""

    fed: str | None
    strategies: dict[str, Strategy] = field(default_factory=dict)
    prefix_argument: str | None = None


@dataclass(slots=True)
class Merging:
    """The state of one merge. Subgraphs are in name order, which decides every tie."""

    subgraphs: Sequence[Subgraph]
    facts: Sequence[Facts]
    out: Supergraph
    problems: Problems
    merged_directives: dict[str, MergedDirective] = field(default_factory=dict)
    composed: dict[int, set[str]] = field(default_factory=dict)
    kept_directives: dict[str, str] = field(default_factory=dict)  # name here -> name in the specification
    enum_usage: dict[str, dict[str, str]] = field(default_factory=dict)  # enum -> "input"/"output" -> example
    overridden: set[str] = field(default_factory=set)
    from_context: set[str] = field(default_factory=set)
    auth_sources: dict[tuple[str, str], list[Element]] | None = None
    field_subgraphs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _implementers: dict[str, list[str]] | None = None

    def graph(self, index: int) -> str:
        """The join__Graph value of a subgraph."""
        return self.out.graphs[index][0]

    def name(self, index: int) -> str:
        return self.subgraphs[index].name

    def names(self, indexes: Iterable[int]) -> str:
        """Subgraph names for a message."""
        return ", ".join(f'"{self.name(index)}"' for index in indexes)

    def is_external(self, index: int, item: FieldDef) -> bool:
        return self.facts[index].is_external(item)

    def is_member(self, abstract: str, name: str) -> bool:
        """Sub-typing in the supergraph: interfaces and unions are merged before fields."""
        return is_member(self.out.types, abstract, name)

    def interface_object(self, index: int, name: str) -> TypeDef | None:
        """The interface `name`, where this subgraph declares it as an @interfaceObject."""
        subgraph = self.subgraphs[index]
        type_ = subgraph.types.get(name)
        return type_ if subgraph.is_interface_object(type_) else None

    def implementers(self, interface: str) -> list[str]:
        """Object types of the supergraph that implement an interface."""
        if self._implementers is None:
            found: dict[str, list[str]] = {}
            for type_ in self.out.types.values():
                if type_.kind == "Object":
                    for name in type_.interfaces:
                        found.setdefault(name, []).append(type_.name)
            self._implementers = found
        return self._implementers.get(interface, [])

    def abstracted(self, parent: TypeDef, name: str, index: int) -> list[FieldDef]:
        """Fields `name` that a subgraph without `parent` gives to it through @interfaceObjects."""
        if parent.kind != "Object" or parent.name in self.subgraphs[index].types:
            return []
        found = []
        for interface in parent.interfaces:
            merged = self.out.types.get(interface)
            type_ = self.interface_object(index, interface)
            if type_ and merged and name in merged.fields and name in type_.fields:
                found.append(type_.fields[name])
        return found

    def mismatch(
        self,
        code: str,
        message: str,
        sources: Mapping[int, Element | None],
        show: Callable[[Any], str],
        missing: str = "",
    ) -> None:
        """An error that lists what each subgraph says."""
        says = [
            f'{show(item) if item is not None else missing} in "{self.name(index)}"'
            for index, item in sources.items()
            if item is not None or missing
        ]
        places = [(self.name(i), item.node) for i, item in sources.items() if item is not None]
        self.problems.error(code, f"{message}: {', '.join(says)}", places)

    def definitions_of(self, coordinate: str) -> list[Place]:
        """Where the subgraphs define a type ("T") or a field ("T.f")."""
        name, _, field = coordinate.partition(".")
        found: list[Place] = []
        for subgraph in self.subgraphs:
            type_ = subgraph.types.get(name)
            if type_ is not None and not field:
                found.append((subgraph.name, type_.node))
            elif type_ is not None and field in type_.fields:
                found.append((subgraph.name, type_.fields[field].node))
        return found

    def hint(self, code: str, message: str, sources: Sources[E] | None = None) -> None:
        places = [(self.name(i), item.node) for i, item in (sources or {}).items() if item is not None]
        self.problems.hint(code, message, places)


def graph_names(names: Sequence[str]) -> list[str]:
    """Subgraph names as enum values: upper case, `_` for what a name cannot hold, numbered when equal."""
    plain = [_graph_name(name) for name in names]
    seen: dict[str, int] = {}
    result = []
    for name in plain:
        if plain.count(name) == 1:
            result.append(name)
        else:
            seen[name] = seen.get(name, 0) + 1
            result.append(f"{name}_{seen[name]}")
    return result


def _graph_name(name: str) -> str:
    text = re.sub(r"[^_a-zA-Z0-9]", "_", name)
    if not text or text[0].isdigit():
        text = "_" + text
    # A trailing _<digits> could be mistaken for a number that was given to equal names.
    if re.search(r"_\d+\Z", text):
        text += "_"
    return text.upper()


def keep(kept: list[JoinDirective], graph: str, name: str, args: dict[str, object]) -> None:
    """Add a kept directive, together with equal ones of other graphs."""
    for item in kept:
        if item.name == name and item.args == args:
            item.graphs.append(graph)
            return
    kept.append(JoinDirective([graph], name, args))
