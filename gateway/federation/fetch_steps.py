"""Units become steps: empty units go, equal ones merge, those ready together share a request."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.federation.fetch import Unit
from gateway.federation.fetch_conditions import any_of, unit_conditions
from gateway.federation.fetch_entities import entity_fields
from gateway.federation.fetch_print import Printer
from gateway.federation.plan import (
    EntityInput,
    FetchStep,
    OperationKind,
    Path,
)
from gateway.federation.supergraph import Supergraph


class StepBuilder:
    """Builds the fetch steps of one plan."""

    def __init__(
        self,
        supergraph: Supergraph,
        kind: OperationKind,
        name: str | None,
        variables: dict[str, str],
    ) -> None:
        self.supergraph = supergraph
        self.kind: OperationKind = kind
        self.name = name
        self.variables = variables

    def build(self, units: list[Unit]) -> tuple[FetchStep, ...]:
        """Steps in an order in which each stands after those it waits for."""
        units = [unit for unit in units if not unit.out.is_empty()]
        if self.kind == "mutation":
            units = _in_sequence(units)
        levels = _levels(units)
        units = _merge_equal(units, levels)
        _delay_last(units, levels)
        batches: dict[object, list[Unit]] = {}
        for unit in sorted(units, key=lambda u: (levels[u.id], u.id)):
            batches.setdefault(_batch_key(unit, levels[unit.id]), []).append(unit)
        number = {unit.id: index for index, batch in enumerate(batches.values()) for unit in batch}
        return tuple(self._step(index, batch, number) for index, batch in enumerate(batches.values()))

    def _step(self, index: int, batch: list[Unit], number: dict[int, int]) -> FetchStep:
        first = batch[0]
        conditions = any_of([unit_conditions(unit) for unit in batch])
        stripped = conditions[0] if len(conditions) == 1 else ()
        printer = Printer(self.supergraph, first.subgraph)
        entities: tuple[EntityInput, ...] = ()
        if first.is_root:
            body = printer.bodies([first], stripped)[0]
        else:
            entities, body = entity_fields(batch, printer, conditions)
        variables = tuple(sorted(printer.variables))
        declared = [f"${entity.variable}: [_Any!]!" for entity in entities]
        declared += [f"${each.variable}: {each.type}" for entity in entities for each in entity.contexts]
        declared += [f"${name}: {self.variables[name]}" for name in variables]
        kind: OperationKind = self.kind if first.is_root and not first.path else "query"
        name = self._operation_name(first.subgraph, index)
        parents = {number[parent] for unit in batch for parent in unit.parents}
        return FetchStep(
            id=index,
            subgraph=self.supergraph.subgraphs[first.subgraph].name,
            kind=kind,
            document=_document(kind, name, declared, body),
            operation_name=name,
            variables=variables,
            after=tuple(sorted(parents)),
            entities=entities,
            root=first.path if first.is_root else (),
            conditions=conditions,
            renames=tuple(printer.renames),
            gates=tuple(dict.fromkeys(point for unit in batch for point in unit.gates)),
            reason="; ".join(dict.fromkeys(unit.reason for unit in batch)),
        )

    def _operation_name(self, subgraph: str, index: int) -> str | None:
        if self.name is None:
            return None
        plain = re.sub(r"\W", "_", self.supergraph.subgraphs[subgraph].name)
        return f"{self.name}__{plain}__{index}"


def _document(kind: OperationKind, name: str | None, declared: list[str], body: str) -> str:
    if kind == "query" and name is None and not declared:
        return f"{{ {body} }}"
    variables = f"({', '.join(declared)})" if declared else ""
    return f"{kind}{' ' + name if name else ''}{variables} {{ {body} }}"


def _batch_key(unit: Unit, level: int) -> object:
    if unit.is_root:
        return ("root", unit.id)
    return (unit.subgraph, level)


def _levels(units: Iterable[Unit]) -> dict[int, int]:
    levels: dict[int, int] = {}

    def level(unit: Unit) -> int:
        if unit.id not in levels:
            levels[unit.id] = 1 + max((level(parent) for parent in unit.parents.values()), default=0)
        return levels[unit.id]

    for unit in units:
        level(unit)
    return levels


def _merge_equal(units: list[Unit], levels: dict[int, int]) -> list[Unit]:
    """Entity units that send the same representations for the same objects at the same time are one."""
    kept: dict[object, Unit] = {}
    for unit in units:
        key: object = unit.id
        if not unit.is_root:
            key = (
                unit.subgraph,
                levels[unit.id],
                unit.path,
                unit.type,
                unit.types,
                unit.typename,
                unit.needs,
                unit.contexts,
            )
        known = kept.get(key)
        if known is None:
            kept[key] = unit
            continue
        known.out.absorb(unit.out)
        known.parents.update(unit.parents)
        known.gates.update(unit.gates)
        for other in units:
            if other.parents.pop(unit.id, None) is not None:
                other.parents[known.id] = known
    return list(kept.values())


def _delay_last(units: list[Unit], levels: dict[int, int]) -> None:
    """A unit that nothing waits for joins a later request about the same objects to its subgraph.

    It saves a request and adds no round; their inputs stay apart, so neither fails with the other.
    """
    waited_for = {parent for unit in units for parent in unit.parents}
    latest: dict[tuple[str, Path], int] = {}
    for unit in units:
        if not unit.is_root:
            at = (unit.subgraph, unit.path)
            latest[at] = max(latest.get(at, 0), levels[unit.id])
    for unit in units:
        if not unit.is_root and unit.id not in waited_for:
            levels[unit.id] = latest[(unit.subgraph, unit.path)]


def _in_sequence(units: list[Unit]) -> list[Unit]:
    """Root fields of a mutation one after the other, each with all that follows from it."""
    belongs: dict[int, int] = {}

    def place(unit: Unit) -> int:
        if unit.id not in belongs:
            own = unit.mutation if unit.mutation is not None else 0
            belongs[unit.id] = max([own, *(place(parent) for parent in unit.parents.values())])
        return belongs[unit.id]

    groups: dict[int, list[Unit]] = {}
    for unit in units:
        groups.setdefault(place(unit), []).append(unit)
    kept: list[Unit] = []
    before: list[Unit] = []
    for _, group in sorted(groups.items()):
        root = next(unit for unit in group if unit.mutation is not None)
        if len(before) == 1 and before[0].is_root and before[0].subgraph == root.subgraph:
            _join_root(before[0], root, group)
            kept.extend(unit for unit in group if unit is not root)
            before = [before[0], *(unit for unit in group if unit is not root)]
            continue
        waited_for = {parent for unit in before for parent in unit.parents}
        root.wait_for({unit.id: unit for unit in before if unit.id not in waited_for})
        kept.extend(group)
        before = group
    return kept


def _join_root(into: Unit, root: Unit, group: list[Unit]) -> None:
    into.out.absorb(root.out)
    into.gates.update(root.gates)
    for unit in group:
        if unit.parents.pop(root.id, None) is not None:
            unit.parents[into.id] = into
