"""The `_entities` fields of a step: units with equal input and selection share one, and so do units whose
objects can be told apart by type."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.federation.fetch import Unit
from gateway.federation.fetch_conditions import Disjunction, unit_conditions
from gateway.federation.fetch_print import Printer
from gateway.federation.plan import EntityInput, Path, Representation


@dataclass(slots=True)
class _Shared:
    """Units that ask the same of the same representations, at several paths. `apart` says that the subgraph
    knows their type as an object, so that GraphQL lets its fields differ from those of other objects."""

    unit: Unit
    sent: Representation
    apart: bool
    paths: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class _Field:
    """One `_entities` field; no two of its parts can mean the same object."""

    conditions: Disjunction
    parts: list[_Shared] = field(default_factory=list)

    def takes(self, part: _Shared, conditions: Disjunction) -> bool:
        """Whether a further part's objects differ in type from all others'."""
        if conditions != self.conditions or not all(each.apart for each in (part, *self.parts)):
            return False
        return not any(part.sent.types & other.sent.types for other in self.parts)


def entity_fields(batch: list[Unit], printer: Printer, conditions: Disjunction) -> tuple[tuple[EntityInput, ...], str]:
    """Inputs and printed fields for the units of one step, which runs under `conditions`."""
    fields = _fields(_shared(batch, printer), conditions)
    stripped = conditions[0] if len(conditions) == 1 else ()
    single = len(fields) == 1
    entities = []
    printed = []
    for index, each in enumerate(fields):
        alias = "_entities" if single else f"_e{index}"
        variable = "representations" if single else f"_r{index}"
        paths = tuple(dict.fromkeys(path for part in each.parts for path in part.paths))
        sent = tuple(part.sent for part in each.parts)
        contexts = each.parts[0].unit.contexts
        entities.append(EntityInput(alias, variable, paths, sent, each.conditions, contexts))
        units = [part.unit for part in each.parts]
        bodies = zip(units, printer.bodies(units, stripped), strict=True)
        body = " ".join(f"... on {unit.type} {{ {text} }}" for unit, text in bodies)
        label = "" if single else f"{alias}: "
        printed.append(f"{label}_entities(representations: ${variable}) {{ {body} }}")
    return tuple(entities), " ".join(printed)


def _shared(batch: list[Unit], printer: Printer) -> list[_Shared]:
    found: dict[object, _Shared] = {}
    for unit in batch:
        sent = Representation(unit.types, unit.typename, unit.needs)
        node = unit.out.node
        apart = node.interface_object or not printer.supergraph.types[node.type].is_abstract
        apart = apart and not unit.contexts  # only its own objects have these values above them
        part = found.setdefault((sent, unit.contexts, printer.draft(unit)), _Shared(unit, sent, apart))
        if unit.path not in part.paths:
            part.paths.append(unit.path)
    return list(found.values())


def _fields(parts: list[_Shared], conditions: Disjunction) -> list[_Field]:
    fields: list[_Field] = []
    for part in parts:
        own = unit_conditions(part.unit)
        own = () if own == conditions else own
        home = next((each for each in fields if each.takes(part, own)), None)
        if home is None:
            home = _Field(own)
            fields.append(home)
        home.parts.append(part)
    return fields
