"""Who was to give which value: read from a plan's own documents, only when something is missing."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.federation.plan import FetchStep, Key, Path, QueryPlan

MAX_PATH = 200
"""Keys of an error path that are looked at; a longer one is not the answer's."""


@dataclass(slots=True)
class Node:
    """One response key, for every object type at once: which steps select it, and what is below."""

    steps: list[int] = field(default_factory=list)
    below: dict[str, Node] = field(default_factory=dict)


def supply(plan: QueryPlan) -> Node:
    """The tree of response keys that the plan's fetches fill."""
    root = Node()
    for step in plan.steps:
        document = parse(step.document, no_location=True)
        fragments = _fragments(document)
        selected = _operation(document).selection_set
        if not step.entities:
            _grow(_at(root, step.root), selected, fragments, step.id)
        for selection in selected.selections if step.entities else ():
            if isinstance(selection, FieldNode) and selection.selection_set is not None:
                for path in _targets(step, _key(selection)):
                    _grow(_at(root, path), selection.selection_set, fragments, step.id)
        _rename(root, step)
    return root


def keys_of(document: DocumentNode, operation_name: str | None) -> Node:
    """The tree of response keys that a client's operation asks for, whatever its conditions."""
    root = Node()
    _grow(root, _operation(document, operation_name).selection_set, _fragments(document), 0)
    return root


def suppliers(root: Node, path: tuple[str | int, ...]) -> list[int]:
    """The steps that select the value at a response path."""
    node: Node | None = root
    for key in path:
        if isinstance(key, str) and node is not None:
            node = node.below.get(key)
    return [] if node is None else node.steps


def known_prefix(root: Node, path: tuple[object, ...]) -> tuple[str | int, ...]:
    """As much of a path as the client asked for; what an upstream made up is cut off."""
    kept: list[str | int] = []
    node = root
    for key in path[:MAX_PATH]:
        if isinstance(key, str) and key in node.below:
            node = node.below[key]
            kept.append(key)
        elif isinstance(key, int) and not isinstance(key, bool) and kept and 0 <= key < 2**31:
            kept.append(key)
        else:
            break
    return tuple(kept)


def _grow(node: Node, selected: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode], step: int) -> None:
    seen: set[tuple[int, int]] = set()
    pending = [(node, selected)]
    while pending:
        at, selection_set = pending.pop()
        if (id(at), id(selection_set)) in seen:
            continue
        seen.add((id(at), id(selection_set)))
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                below = at.below.setdefault(_key(selection), Node())
                if step not in below.steps:
                    below.steps.append(step)
                if selection.selection_set is not None:
                    pending.append((below, selection.selection_set))
            elif isinstance(selection, InlineFragmentNode):
                pending.append((at, selection.selection_set))
            elif isinstance(selection, FragmentSpreadNode):
                pending.append((at, fragments[selection.name.value].selection_set))


def _at(root: Node, path: Path) -> Node:
    for segment in path:
        if isinstance(segment, Key):
            root = root.below.setdefault(segment.key, Node())
    return root


def _targets(step: FetchStep, alias: str) -> tuple[Path, ...]:
    return tuple(path for entity in step.entities if entity.alias == alias for path in entity.targets)


def _rename(root: Node, step: FetchStep) -> None:
    starts = [path for entity in step.entities for path in entity.targets] or [step.root]
    for rename in step.renames:
        for start in starts:
            at = _at(root, (*start, *rename.path))
            source = at.below.get(rename.source)
            if source is not None:
                _join(at.below.setdefault(rename.target, Node()), source)


def _join(target: Node, source: Node) -> None:
    target.steps += [each for each in source.steps if each not in target.steps]
    for key, node in source.below.items():
        _join(target.below.setdefault(key, Node()), node)


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _operation(document: DocumentNode, name: str | None = None) -> OperationDefinitionNode:
    return next(
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    )


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
