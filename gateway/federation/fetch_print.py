"""Prints what units ask as GraphQL documents their subgraph accepts.

A subgraph refuses a document in which one response key has different types under different fragments.
Such a key gets a private alias in all fragments but the first, and a rename that undoes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway.federation.fetch import OutField, OutSel, Unit
from gateway.federation.plan import Key, Path, Rename
from gateway.federation.selection import Conditions, show_conditions
from gateway.federation.supergraph import Supergraph


class Printer:
    """Prints the selections of one fetch step."""

    def __init__(self, supergraph: Supergraph, subgraph: str) -> None:
        self.supergraph = supergraph
        self.subgraph = subgraph
        self.renames: list[Rename] = []
        self.variables: set[str] = set()
        self._aliases: dict[OutField, str] = {}

    def bodies(self, units: Sequence[Unit], stripped: Conditions) -> list[str]:
        """The selections, without braces, of units that stand in one field; `stripped` are conditions that
        the whole step states."""
        for unit in units:
            unit.out.prune()
        self._disambiguate([unit.out for unit in units], ())
        return [self._print(unit.out, stripped) for unit in units]

    def draft(self, unit: Unit) -> str:
        """A unit's selection before aliases: equal for units that ask for the same."""
        unit.out.prune()
        return Printer(self.supergraph, self.subgraph)._print(unit.out)

    def _print(self, out: OutSel, stripped: Conditions = ()) -> str:
        parts = [self._field(item, stripped) for item in out.fields.values()]
        for name, inner in out.types.items():
            if inner.is_empty():
                continue
            body = self._print(inner, stripped)
            parts.append(body if name == out.type else f"... on {name} {{ {body} }}")
        return " ".join(parts) or "__typename"

    def _field(self, item: OutField, stripped: Conditions) -> str:
        conditions = tuple(c for c in item.conditions if c not in stripped)
        key = self._aliases.get(item, item.key)
        text = (item.name if key == item.name else f"{key}: {item.name}") + item.args
        self.variables.update(item.variables)
        self.variables.update(c.variable for c in conditions)
        own: dict[bool, Conditions] = {}
        outside: list[Conditions] = []
        for condition in conditions:  # a field takes one directive of each kind
            if condition.value in own:
                outside.append((condition,))
            else:
                own[condition.value] = (condition,)
        text += "".join(show_conditions(own[kind]) for kind in sorted(own))
        if item.sub is not None:
            text += f" {{ {self._print(item.sub)} }}"
        for extra in outside:
            text = f"...{show_conditions(extra)} {{ {text} }}"
        return text

    def _disambiguate(self, scope: Sequence[OutSel], path: Path) -> None:
        found: dict[str, dict[tuple[str, str], list[tuple[str, OutField]]]] = {}
        for parent, item in _occurrences(scope):
            shape = self._shape(parent, item)
            found.setdefault(item.key, {}).setdefault((shape, ""), []).append((parent, item))
        for key, shapes in found.items():
            for index, same in enumerate(shapes.values()):
                alias = key if index == 0 else f"__c{len(self._aliases)}_{key}"
                if index > 0:
                    self._complete(same, shapes.values())
                inner = [item.sub for _, item in same if item.sub is not None]
                if inner:
                    self._disambiguate(inner, (*path, Key(alias)))
                if index > 0:
                    for parent, item in same:
                        self._aliases[item] = alias
                        types = frozenset(self.supergraph.possible[parent])
                        self.renames.append(Rename(path, types, alias, key))

    def _complete(self, aliased: list[tuple[str, OutField]], shapes: Iterable[list[tuple[str, OutField]]]) -> None:
        """A renamed value replaces what a wider type's field brought for the same object: have it whole."""
        for parent, item in aliased:
            for wider, other in (entry for same in shapes for entry in same):
                if wider == parent or parent not in self.supergraph.possible[wider]:
                    continue
                if item.sub is not None and other.sub is not None:
                    item.sub.absorb(other.sub)

    def _shape(self, parent: str, item: OutField) -> str:
        """What the subgraph's validation compares: wrappers, and the type itself if it is a leaf."""
        if item.name == "__typename":
            return "String!"
        printed = self.supergraph.type_in(parent, item.name, self.subgraph)
        base = printed.strip("[]!")
        return printed.replace(base, "") if item.sub is not None else printed


def _occurrences(scope: Iterable[OutSel]) -> Iterator[tuple[str, OutField]]:
    for out in scope:
        for item in out.fields.values():
            yield out.type, item
        yield from _occurrences(out.types.values())
