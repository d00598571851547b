"""@cost and @listSize: on elements that have a cost, naming arguments and fields that exist.

Source: cost specification v0.1.
"""

from __future__ import annotations

from gateway.federation.composition.errors import Problems
from gateway.federation.composition.model import Applied, FieldDef
from gateway.federation.composition.typerefs import is_list, named_type, nullable
from gateway.federation.composition.values import Value
from gateway.federation.subgraph import Subgraph


def check_costs(subgraph: Subgraph, problems: Problems) -> None:
    """Report every misplaced cost and every list size that names nothing."""
    for element, applied in subgraph.applications("cost"):
        if isinstance(element, FieldDef) and subgraph.types[element.parent].kind == "Interface":
            problems.error(
                "COST_APPLIED_TO_INTERFACE_FIELD",
                f'@cost is on interface field "{element.coordinate}"',
                [(subgraph.name, applied.node)],
            )
    for element, applied in subgraph.applications("listSize"):
        if isinstance(element, FieldDef):
            _check_list_size(subgraph, element, applied, problems)


def _check_list_size(subgraph: Subgraph, field: FieldDef, applied: Applied, problems: Problems) -> None:
    def wrong(code: str, message: str) -> None:
        problems.error(code, message, [(subgraph.name, applied.node)])

    sized = _names(applied.args.get("sizedFields"))
    if not sized and not is_list(field.type):
        wrong("LIST_SIZE_APPLIED_TO_NON_LIST", f'"{field.coordinate}" is not a list')
    assumed = applied.args.get("assumedSize")
    if isinstance(assumed, int) and assumed < 0:
        wrong("LIST_SIZE_INVALID_ASSUMED_SIZE", f'The assumed size of "{field.coordinate}" is negative')
    for name in _names(applied.args.get("slicingArguments")):
        arg = field.args.get(name)
        if arg is None:
            wrong("LIST_SIZE_INVALID_SLICING_ARGUMENT", f'"{name}" is no argument of "{field.coordinate}"')
        elif nullable(arg.type) != "Int":
            wrong("LIST_SIZE_INVALID_SLICING_ARGUMENT", f'"{arg.coordinate}" is of type "{arg.type}", not Int')
    if sized:
        _check_sized_fields(subgraph, field, sized, applied, problems)


def _check_sized_fields(
    subgraph: Subgraph, field: FieldDef, sized: list[str], applied: Applied, problems: Problems
) -> None:
    def wrong(code: str, message: str) -> None:
        problems.error(code, message, [(subgraph.name, applied.node)])

    target = subgraph.types.get(named_type(field.type))
    if target is None or not target.composite:
        wrong("LIST_SIZE_INVALID_SIZED_FIELD", f'"{field.coordinate}" is of type "{field.type}", without fields')
        return
    for name in sized:
        inner = target.fields.get(name)
        if inner is None:
            wrong("LIST_SIZE_INVALID_SIZED_FIELD", f'"{target.name}" has no field "{name}"')
        elif not is_list(inner.type):
            wrong("LIST_SIZE_APPLIED_TO_NON_LIST", f'Sized field "{inner.coordinate}" is not a list')


def _names(value: Value) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
