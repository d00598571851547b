"""Runs a query plan against simulated subgraphs, one step at a time: the plan's meaning in little code."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.federation.plan import Condition, ContextValue, FetchStep, Key, Need, NeedOn, Path, QueryPlan, Rename

Ask = Callable[[str, str, Mapping[str, Any]], dict[str, Any]]


class _LackingError(Exception):
    pass


def run_plan(plan: QueryPlan, ask: Ask, variables: Mapping[str, Any], interfaces: frozenset[str]) -> dict[str, Any]:
    """The response tree. `interfaces` are type names that tell nothing of an object's type."""
    tree: dict[str, Any] = {}
    for step in plan.steps:
        if not holds(step.conditions, variables):
            continue
        sent = {name: variables[name] for name in step.variables if name in variables}
        if any(entity.contexts for entity in step.entities):
            _run_contextual(step, ask, sent, tree, interfaces, variables)
            continue
        asked: dict[str, list[list[dict[str, Any]]]] = {}
        for entity in step.entities:
            groups: dict[str, list[dict[str, Any]]] = {}
            for path in entity.targets if holds(entity.conditions, variables) else ():
                for item in objects(tree, path):
                    for representation in entity.representations:
                        if item.get("__typename") in representation.types:
                            built = _build(item, representation.needs, representation.typename)
                            if built is not None:
                                groups.setdefault(json.dumps(built, sort_keys=True), []).append(item)
            sent[entity.variable] = [json.loads(text) for text in groups]
            asked[entity.alias] = list(groups.values())
        if step.entities and not any(asked.values()):
            continue
        data = ask(step.subgraph, step.document, sent)
        if step.entities:
            for alias, targets in asked.items():
                for answer, items in zip(data[alias], targets, strict=True):
                    if answer is None:
                        continue
                    _rename([answer], step.renames)
                    for item in items:
                        merge(item, copy.deepcopy(answer), interfaces)
        else:
            _rename([data], step.renames)
            for item in objects(tree, step.root):
                merge(item, copy.deepcopy(data), interfaces)
    return tree


def _run_contextual(
    step: FetchStep,
    ask: Ask,
    sent: dict[str, Any],
    tree: dict[str, Any],
    interfaces: frozenset[str],
    variables: Mapping[str, Any],
) -> None:
    """Each object is asked for in a request of its own."""
    sent |= {entity.variable: [] for entity in step.entities}
    sent |= {each.variable: None for entity in step.entities for each in entity.contexts}
    for entity in step.entities:
        if not holds(entity.conditions, variables):
            continue
        for path in entity.targets:
            for item, trail in _trails(tree, path, ()):
                for representation in entity.representations:
                    own = item.get("__typename") in representation.types
                    built = _build(item, representation.needs, representation.typename) if own else None
                    if built is None:
                        continue
                    values = {each.variable: _from_context(each, trail) for each in entity.contexts}
                    data = ask(step.subgraph, step.document, {**sent, **values, entity.variable: [built]})
                    answer = data[entity.alias][0]
                    _rename([answer], step.renames)
                    merge(item, answer, interfaces)


def _trails(value: Any, path: Path, above: tuple[Any, ...]) -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
    """Objects at a path, each with the objects at every beginning of the path."""
    if isinstance(value, list):
        return [found for item in value for found in _trails(item, path, above)]
    if not isinstance(value, dict):
        return []
    if not path:
        return [(value, (*above, value))]
    if isinstance(path[0], Key):
        return _trails(value.get(path[0].key), path[1:], (*above, value))
    return _trails(value, path[1:], (*above, value)) if value.get("__typename") in path[0].types else []


def _from_context(context: ContextValue, trail: tuple[Any, ...]) -> Any:
    for source in context.sources:
        item = trail[len(source.path)]
        if source.types is None or item["__typename"] in source.types:
            value: Any = _select(item, source.needs)
            return _leaf(value)
    raise AssertionError("no object above sets the context")


def _leaf(value: Any) -> Any:
    if isinstance(value, list):
        return [_leaf(item) for item in value]
    if not isinstance(value, dict):
        return value
    return next(_leaf(inner) for key, inner in value.items() if key != "__typename")


def holds(conditions: Sequence[Sequence[Condition]], variables: Mapping[str, Any]) -> bool:
    return not conditions or any(all(variables[c.variable] is c.value for c in each) for each in conditions)


def objects(value: Any, path: Path) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in objects(item, path)]
    if not isinstance(value, dict):
        return []
    if not path:
        return [value]
    if isinstance(path[0], Key):
        return objects(value.get(path[0].key), path[1:])
    return objects(value, path[1:]) if value.get("__typename") in path[0].types else []


def _build(item: dict[str, Any], needs: Sequence[Need | NeedOn], typename: str | None) -> dict[str, Any] | None:
    try:
        return {"__typename": typename or item["__typename"], **_select(item, needs)}
    except _LackingError:
        return None


def _select(item: dict[str, Any], needs: Sequence[Need | NeedOn]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for need in needs:
        if isinstance(need, NeedOn):
            if item.get("__typename") in need.types:
                found.update(_select(item, need.needs))
        elif need.key not in item:
            raise _LackingError
        else:
            found[need.name] = _value(item[need.key], need.needs)
    return found


def _value(value: Any, needs: Sequence[Need | NeedOn]) -> Any:
    if value is None or not needs:
        return value
    if isinstance(value, list):
        return [_value(item, needs) for item in value]
    return _select(value, needs)


def _rename(data: Any, renames: Sequence[Rename]) -> None:
    for change in renames:
        for item in objects(data, change.path):
            if change.source in item and (change.types is None or item.get("__typename") in change.types):
                item[change.target] = item.pop(change.source)


def merge(target: dict[str, Any], part: dict[str, Any], interfaces: frozenset[str]) -> None:
    for key, value in part.items():
        old = target.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merge(old, value, interfaces)
        elif isinstance(old, list) and isinstance(value, list) and len(old) == len(value):
            for index, (mine, other) in enumerate(zip(old, value, strict=True)):
                if isinstance(mine, dict) and isinstance(other, dict):
                    merge(mine, other, interfaces)
                elif other is not None:
                    old[index] = other
        elif key == "__typename" and old is not None and value in interfaces:
            continue
        elif value is not None or key not in target:
            target[key] = value
