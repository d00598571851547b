"""A field that requires protected data, or takes it from context, must itself be at least as protected.

Source: federation specification v2.12: the planner fetches such data without the client asking for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.federation.composition.merge_directives import all_of
from gateway.federation.composition.merged import MergedField
from gateway.federation.composition.merging import Merging
from gateway.federation.composition.model import Element, TypeDef
from gateway.federation.composition.selections import Chosen, Narrowed, Selection, SelectionError, parse_selection
from gateway.federation.composition.typerefs import named_type

Rule = list[list[str]]


@dataclass(frozen=True, slots=True)
class Auth:
    """What an element asks of the caller; None: nothing of that kind."""

    authenticated: bool = False
    scopes: Rule | None = None
    policies: Rule | None = None

    def covers(self, other: Auth) -> bool:
        """Whether whoever passes this passes the other, too."""
        if other.authenticated and not self.authenticated:
            return False
        return _implies(self.scopes, other.scopes) and _implies(self.policies, other.policies)


def _implies(strong: Rule | None, weak: Rule | None) -> bool:
    wanted = weak or [[]]
    return all(any(set(inner) <= set(outer) for inner in wanted) for outer in strong or [[]])


def auth_of(*elements: Element | None) -> Auth:
    """The rules of all elements together."""
    present = [element for element in elements if element is not None]
    return Auth(
        any(element.fed("authenticated") for element in present),
        _rule(present, "requiresScopes", "scopes"),
        _rule(present, "policy", "policies"),
    )


def _rule(elements: list[Element], directive: str, argument: str) -> Rule | None:
    applied = [element.fed(directive) for element in elements]
    rules = [item.args[argument] for item in applied if item is not None]
    return all_of(rules) if rules else None


def check_transitive_auth(ctx: Merging) -> None:
    """Report every field that hands on data it may not see itself."""
    types = ctx.out.types
    contexts: dict[str, list[TypeDef]] = {}
    for type_ in types.values():
        for applied in type_.all_fed("context"):
            contexts.setdefault(str(applied.args.get("name")), []).append(type_)
    if not any(item.fed in ("authenticated", "requiresScopes", "policy") for item in ctx.merged_directives.values()):
        return
    for type_ in ctx.out.composites():
        for field in type_.fields.values():
            if isinstance(field, MergedField) and field.joins:
                _check_field(ctx, type_, field, contexts)


def _check_field(ctx: Merging, type_: TypeDef, field: MergedField, contexts: dict[str, list[TypeDef]]) -> None:
    own = auth_of(type_, field)
    for join in field.joins:
        if join.requires:
            lost = _uncovered(ctx.out.types, own, type_, join.requires)
            if lost:
                _report(ctx, field, join.graph, lost)
        for argument in join.context_arguments:
            for target in contexts.get(argument.context, ()):
                lost = target.name if not own.covers(auth_of(target)) else None
                lost = lost or _uncovered(ctx.out.types, own, target, argument.selection)
                if lost:
                    _report(ctx, field, join.graph, lost)


def _report(ctx: Merging, field: MergedField, graph: str | None, lost: str) -> None:
    names = {enum: name for enum, name, _ in ctx.out.graphs}
    name = names.get(graph or "", "")
    subgraph = next((item for item in ctx.subgraphs if item.name == name), None)
    node = subgraph.types[field.parent].fields[field.name].node if subgraph else None
    ctx.problems.error(
        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
        f'"{field.coordinate}" uses "{lost}", which is protected by a rule that the field itself lacks',
        [(name, node)],
    )


def _uncovered(types: dict[str, TypeDef], own: Auth, parent: TypeDef, text: str) -> str | None:
    try:
        return _first_uncovered(types, own, parent, parse_selection(text))
    except SelectionError:
        return None


def _first_uncovered(types: dict[str, TypeDef], own: Auth, parent: TypeDef, selection: Selection) -> str | None:
    for item in selection:
        if isinstance(item, Narrowed):
            inner = types.get(item.condition) if item.condition else parent
            if inner is None:
                continue
            if not own.covers(auth_of(inner)):
                return inner.name
            lost = _first_uncovered(types, own, inner, item.inner)
        else:
            lost = _uncovered_field(types, own, parent, item)
        if lost:
            return lost
    return None


def _uncovered_field(types: dict[str, TypeDef], own: Auth, parent: TypeDef, item: Chosen) -> str | None:
    field = parent.fields.get(item.name)
    if field is None:
        return None
    target = types.get(named_type(field.type))
    if not own.covers(auth_of(field)) or not own.covers(auth_of(target)):
        return field.coordinate
    return _first_uncovered(types, own, target, item.inner) if target is not None and item.inner else None
