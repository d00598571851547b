"""Directives on merged elements: which are kept, and what becomes of unequal applications.

Repeatable ones are united; of others the arguments are merged where their specification says how, else the
most frequent application stays. Auth rules spread between interfaces and their implementers (federation
v2.12).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import product

from gateway.federation.composition.known import AUTH_DIRECTIVES, CONNECT, Strategy
from gateway.federation.composition.merged import JoinDirective
from gateway.federation.composition.merging import MergedDirective, Merging, Sources, keep
from gateway.federation.composition.model import Applied, Element, FieldDef, InputFieldDef, TypeDef, ValueDef
from gateway.federation.composition.values import ABSENT, Value, same_value
from gateway.federation.links import LINK

_BUILT_IN = ("deprecated", "specifiedBy", "include", "skip")


def is_merged(ctx: Merging, index: int, applied: Applied) -> bool:
    """Whether an application on a subgraph's element appears in the supergraph."""
    name = applied.name
    if name in ctx.composed.get(index, ()):
        return True
    if name in ctx.kept_directives:
        return False
    return name in ctx.merged_directives or name in _BUILT_IN


def merge_applied(ctx: Merging, sources: Sources[Element], dest: Element) -> None:
    """Merge all directives of the sources onto `dest`."""
    found: dict[str, list[tuple[int, list[Applied]]]] = {}
    for index, source in sources.items():
        if source is None or not source.applied:
            continue
        own: dict[str, list[Applied]] = {}
        for item in source.applied:
            if is_merged(ctx, index, item):
                own.setdefault(item.name, []).append(item)
        for name, items in own.items():
            found.setdefault(name, []).append((index, items))
    for name in _auth_names(ctx, dest):
        extra = _spread(ctx, dest, ctx.merged_directives[name].fed or "", name)
        if extra:
            found.setdefault(name, []).extend((-1, [item]) for item in extra)
    for name, per_source in found.items():
        _merge(ctx, name, per_source, dest)


def _auth_names(ctx: Merging, dest: Element) -> list[str]:
    if not isinstance(dest, FieldDef | TypeDef) or (isinstance(dest, TypeDef) and dest.kind != "Interface"):
        return []
    return [name for name, item in ctx.merged_directives.items() if item.fed in AUTH_DIRECTIVES]


def _spread(ctx: Merging, dest: Element, fed: str, name: str) -> list[Applied]:
    if ctx.auth_sources is None:
        ctx.auth_sources = _auth_sources(ctx)
    key = dest.coordinate if isinstance(dest, FieldDef | TypeDef) else ""
    elements = ctx.auth_sources.get((key, fed), [])
    return [item for element in elements for item in element.applied if item.fed == fed]


def _auth_sources(ctx: Merging) -> dict[tuple[str, str], list[Element]]:
    """(coordinate, directive) -> elements elsewhere whose rule holds there, too."""
    found: dict[tuple[str, str], list[Element]] = {}

    def add(coordinate: str, fed: str, element: Element) -> None:
        found.setdefault((coordinate, fed), []).append(element)

    for index, subgraph in enumerate(ctx.subgraphs):
        for fed in AUTH_DIRECTIVES:
            for element, _ in subgraph.applications(fed):
                if isinstance(element, TypeDef) and element.kind == "Object":
                    for interface in _interfaces(ctx, element.name):
                        add(interface, fed, element)
                elif isinstance(element, FieldDef) and not ctx.is_external(index, element):
                    parent = subgraph.types[element.parent]
                    if parent.kind != "Object":
                        continue
                    if not subgraph.is_interface_object(parent):
                        for interface in _interfaces(ctx, parent.name):
                            add(f"{interface}.{element.name}", fed, element)
                        continue
                    others: dict[str, None] = {}
                    for implementer in ctx.implementers(parent.name):
                        add(f"{implementer}.{element.name}", fed, element)
                        others.update(dict.fromkeys(_interfaces(ctx, implementer)))
                    for interface in others:
                        if interface != parent.name:
                            add(f"{interface}.{element.name}", fed, element)
    return found


def _interfaces(ctx: Merging, name: str) -> list[str]:
    merged = ctx.out.types.get(name)
    return merged.interfaces if merged is not None and merged.kind == "Object" else []


def _merge(ctx: Merging, name: str, per_source: list[tuple[int, list[Applied]]], dest: Element) -> None:
    info = ctx.merged_directives.get(name, MergedDirective(None))
    definition = ctx.out.directives.get(name) or ctx.out.spec_directives.get(name)
    defaults = (
        {arg.name: arg.default for arg in definition.args.values() if arg.default is not ABSENT} if definition else {}
    )
    if definition is not None and definition.repeatable:
        seen: list[dict[str, Value]] = []
        for index, items in per_source:
            for item in items:
                full = defaults | item.args
                if any(same_value(full, other) for other in seen):
                    continue
                seen.append(full)
                dest.applied.append(Applied(name, _prefixed(ctx, index, info, item.args), fed=info.fed))
        return
    different: list[tuple[dict[str, Value], dict[str, Value], int]] = []
    for _, items in per_source:
        full = defaults | items[0].args
        for position, (other, args, count) in enumerate(different):
            if same_value(full, other):
                different[position] = (other, args, count + 1)
                break
        else:
            different.append((full, items[0].args, 1))
    if len(different) == 1:
        args = different[0][1]
    elif info.strategies:
        args = {}
        for argument, strategy in info.strategies.items():
            value = merge_values(strategy, [full.get(argument) for full, _, _ in different])
            if value is not None:
                args[argument] = value
        ctx.hint(
            "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
            f'@{name} on "{_title(dest)}" has different arguments in several subgraphs, which were merged',
        )
    else:
        args = max(different, key=lambda item: item[2])[1]
        ctx.hint(
            "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
            f'@{name} on "{_title(dest)}" has different arguments in several subgraphs; the most frequent stay',
        )
    dest.applied.append(Applied(name, args, fed=info.fed))


def _title(element: Element) -> str:
    if isinstance(element, FieldDef | InputFieldDef | ValueDef):
        return element.coordinate
    return element.name


def _prefixed(ctx: Merging, index: int, info: MergedDirective, args: dict[str, Value]) -> dict[str, Value]:
    if info.prefix_argument and info.prefix_argument in args and index >= 0:
        return args | {info.prefix_argument: f"{ctx.name(index)}__{args[info.prefix_argument]}"}
    return args


def merge_values(strategy: Strategy, values: list[Value]) -> Value:
    """Unequal values of one argument made one, as its specification says."""
    present = [value for value in values if value is not None]
    if strategy == "dnf":
        return all_of(present)
    if not present:
        return None
    if strategy in ("max", "nullable_max"):
        return max(present)
    if strategy == "nullable_and":
        return all(present)
    united: list[Value] = []
    for value in present:
        united.extend(item for item in value if not any(same_value(item, other) for other in united))
    return united


def all_of(rules: Iterable[list[list[str]]]) -> list[list[str]]:
    """All rules at once. A rule is a choice (outer list) of sets that must all hold (inner lists)."""
    distinct: list[list[frozenset[str]]] = []
    for rule in rules:
        sets = sorted({frozenset(item) for item in rule} or {frozenset()}, key=_order)
        if sets not in distinct:
            distinct.append(sets)
    combined: list[frozenset[str]] = sorted({frozenset().union(*choice) for choice in product(*distinct)}, key=_order)
    if len(distinct) > 1:
        combined = [item for item in combined if not any(other < item for other in combined)]
    return [sorted(item) for item in combined]


def _order(item: frozenset[str]) -> tuple[int, str]:
    return len(item), json.dumps(sorted(item))


def keep_directives(ctx: Merging, sources: Sources[Element], kept: list[JoinDirective]) -> None:
    """Directives that the supergraph keeps per graph, unmerged: @connect, @source, @cacheTag."""
    for index, source in sources.items():
        if source is None:
            continue
        for item in source.applied:
            if item.spec is None:
                continue
            identity, own = item.spec
            if identity == CONNECT or item.name in ctx.kept_directives:
                name = item.name if identity == CONNECT else ctx.kept_directives[item.name]
                keep(kept, ctx.graph(index), name, item.args)
            elif identity == LINK and own == "link" and str(item.args.get("url", "")).startswith(CONNECT + "/"):
                keep(kept, ctx.graph(index), item.name, item.args)
