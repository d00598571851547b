"""Runs steps whose fields take arguments from objects above: one `_entities` field per combination of values.

A plan's step is written for one combination. Where the tree holds several, the step is unrolled: each combination
has a copy of the field with an alias, representations and variables of its own, all in one request. Nothing here
runs for a plan without contexts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from gateway.federation.entities import Inquiry, Step
from gateway.federation.plan import ContextValue, EntityInput, FetchStep, Key, Need, NeedOn, Path
from gateway.federation.representations import plain
from gateway.federation.tree import WITHHELD

Object = dict[str, Any]
Values = tuple[Any, ...]

_MAX_KEPT = 32  # unrolled steps remembered per step

_encode = msgspec.json.Encoder(order="sorted").encode


class _AbsentError(Exception):
    """An object does not have the value."""


class Contextual:
    """A compiled step with contextual inputs; shared by every request with the same plan."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._unrolled: dict[tuple[int, ...], Step] = {}

    def ask(
        self, tree: Any, holds: Callable[[EntityInput], bool], variables: dict[str, Any]
    ) -> tuple[Step, list[Inquiry]]:
        """The step to send for what the tree holds, and what it asks; its variables are added to `variables`."""
        groups = [_groups(tree, entity) if holds(entity) else [] for entity in self._step.step.entities]
        if not any(groups):
            return self._step, []
        step = self._for(tuple(len(each) for each in groups))
        asked: list[Inquiry] = []
        entities = iter(step.step.entities)
        for builder, combinations in zip(self._step.builders, groups, strict=True):
            for values, targets in combinations:
                entity = next(entities)
                sent, users = builder.collect(targets)
                variables[entity.variable] = sent
                variables.update(zip((each.variable for each in entity.contexts), values, strict=True))
                asked.append(Inquiry(entity, users, sent))
        return step, asked

    def _for(self, counts: tuple[int, ...]) -> Step:
        if all(count == 1 for count in counts):
            return self._step
        known = self._unrolled.get(counts)
        if known is None:
            if len(self._unrolled) == _MAX_KEPT:
                self._unrolled.clear()
            known = self._unrolled[counts] = Step(unroll(self._step.step, counts), self._step.children, {})
        return known


def contextual_steps(steps: dict[int, Step]) -> dict[int, Contextual]:
    """The steps of a plan that need it."""
    return {
        identity: Contextual(step)
        for identity, step in steps.items()
        if any(entity.contexts for entity in step.step.entities)
    }


def unroll(step: FetchStep, counts: Sequence[int]) -> FetchStep:
    """The step with each of its `_entities` fields as many times as `counts` says, and no variable it does not use."""
    copies = [[_copy(entity, index) for index in range(n)] for entity, n in zip(step.entities, counts, strict=True)]
    document = parse(step.document, no_location=True)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    fields = {_key(node): node for node in operation.selection_set.selections}
    declared = {node.variable.name.value: node for node in operation.variable_definitions or ()}
    selections: list[Any] = []
    definitions: list[VariableDefinitionNode] = []
    for entity, own in zip(step.entities, copies, strict=True):
        for copy in own:
            names = _names(entity, copy)
            selections.append(_renamed(fields[entity.alias], copy.alias, names))
            definitions += [_renamed(declared[name], None, names) for name in names]
    ours = {name for entity in step.entities for name in _names(entity, entity)}
    used = _variables(selections)
    definitions += [node for name, node in declared.items() if name not in ours and name in used]
    unrolled = replace(
        operation,
        variable_definitions=tuple(definitions),
        selection_set=SelectionSetNode(selections=tuple(selections)),
    )
    text = print_ast(DocumentNode(definitions=(unrolled,)))
    return replace(step, document=text, entities=tuple(copy for own in copies for copy in own))


def _copy(entity: EntityInput, index: int) -> EntityInput:
    if index == 0:
        return entity
    return replace(
        entity,
        alias=f"{entity.alias}_{index}",
        variable=f"{entity.variable}_{index}",
        contexts=tuple(replace(each, variable=f"{each.variable}_{index}") for each in entity.contexts),
    )


def _names(entity: EntityInput, copy: EntityInput) -> dict[str, str]:
    """The variables of an input, as they are called in a copy."""
    given = {one.variable: other.variable for one, other in zip(entity.contexts, copy.contexts, strict=True)}
    return {entity.variable: copy.variable, **given}


def _variables(nodes: Sequence[Any]) -> set[str]:
    found: set[str] = set()

    class Finding(Visitor):
        def enter_variable(self, variable: VariableNode, *_: Any) -> None:
            found.add(variable.name.value)

    for node in nodes:
        visit(node, Finding())
    return found


def _renamed(node: Any, alias: str | None, names: dict[str, str]) -> Any:
    class Renaming(Visitor):
        def enter_variable(self, variable: VariableNode, *_: Any) -> Any:
            name = names.get(variable.name.value)
            return None if name is None else VariableNode(name=NameNode(value=name))

    renamed = visit(node, Renaming())
    return renamed if alias is None else replace(renamed, alias=NameNode(value=alias))


def _key(node: Any) -> str:
    assert isinstance(node, FieldNode)
    return node.alias.value if node.alias else node.name.value


def _groups(tree: Any, entity: EntityInput) -> list[tuple[Values, list[Object]]]:
    """The targets with equal values, in order of first appearance; those without a value are left out."""
    depths = frozenset(len(source.path) for each in entity.contexts for source in each.sources)
    found: dict[bytes, tuple[Values, list[Object]]] = {}
    for path in entity.targets:
        for item, above in _below(tree, path, depths):
            try:
                values = tuple(_value(each, above) for each in entity.contexts)
            except _AbsentError:
                continue
            found.setdefault(_encode(values), (values, []))[1].append(item)
    return list(found.values())


def _below(value: Any, path: Path, depths: frozenset[int]) -> Iterator[tuple[Object, dict[int, Object]]]:
    """The objects at the end of a path, each with the objects that it lies below at some lengths of the path."""
    level: list[tuple[Object, dict[int, Object]]] = [(item, {}) for item in _objects(value)]
    for index, segment in enumerate(path):
        if index in depths:
            level = [(item, {**above, index: item}) for item, above in level]
        if isinstance(segment, Key):
            level = [(below, above) for item, above in level for below in _objects(item.get(segment.key))]
        else:
            level = [(item, above) for item, above in level if item.get("__typename") in segment.types]
    yield from level


def _objects(value: Any) -> Iterator[Object]:
    if value.__class__ is dict:
        yield value
    elif value.__class__ is list:
        for item in value:
            yield from _objects(item)


def _value(context: ContextValue, above: dict[int, Object]) -> Any:
    for source in context.sources:
        item = above[len(source.path)]
        if source.types is None or item.get("__typename") in source.types:
            value = _read(item, source.needs)
            if value is None and context.type.endswith("!"):
                break
            return value
    raise _AbsentError


def _read(item: Object, needs: Sequence[Need | NeedOn]) -> Any:
    """The one value to which needs lead."""
    for need in needs:
        if isinstance(need, NeedOn):
            if item.get("__typename") in need.types:
                return _read(item, need.needs)
        elif need.name != "__typename":
            if need.key not in item:
                break
            return _within(item[need.key], need.needs)
    raise _AbsentError


def _within(value: Any, needs: Sequence[Need | NeedOn]) -> Any:
    if not needs:
        return plain(value)
    if value.__class__ is list:
        return [_within(item, needs) for item in value if item is not WITHHELD]
    return _read(value, needs) if value.__class__ is dict else None
