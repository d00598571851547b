"""What a fetch asked for, so that nothing else of its answer is merged, and no stranger's data is.

A subgraph that answers with fields that it was not asked for could overwrite another's; one that answers with
another key than it was asked about has mixed up its entities: for a record, its people.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.federation.plan import FetchStep, Need


class Asked:
    """The response keys that a step's document selects on its roots: its data, or its entities by alias."""

    def __init__(self, step: FetchStep) -> None:
        document = parse(step.document, no_location=True)
        operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        top = list(_fields(operation.selection_set, document))
        self.root = frozenset(_key(node) for node in top)
        self.entities: dict[str, frozenset[str]] = {}
        self.keys: dict[str, tuple[tuple[str, str], ...]] = {}
        for entity in step.entities:
            chosen = [
                field
                for node in top
                if _key(node) == entity.alias and node.selection_set is not None
                for field in _fields(node.selection_set, document)
            ]
            sent = {
                need.name
                for each in entity.representations
                for need in each.needs
                if isinstance(need, Need) and not need.needs and need.name != "__typename"
            }
            self.entities[entity.alias] = frozenset(map(_key, chosen))
            self.keys[entity.alias] = tuple(
                (_key(field), field.name.value)
                for field in chosen
                if field.name.value in sent and not field.arguments and field.selection_set is None
            )

    def is_about(self, alias: str, entity: dict[str, Any], sent: dict[str, Any]) -> bool:
        """Whether an entity, where it names its key, names the one that was sent."""
        return all(
            _same(entity[key], sent[name])
            for key, name in self.keys[alias]
            if entity.get(key) is not None and sent.get(name) is not None
        )


def only(data: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    """The data without what was not asked for."""
    return data if data.keys() <= keys else {key: value for key, value in data.items() if key in keys}


def _same(one: object, other: object) -> bool:
    return one == other or _plain(one) == _plain(other)


def _plain(value: object) -> str:
    """A key without the spaces, hyphens and case in which sources write it differently."""
    return str(value).replace(" ", "").replace("-", "").casefold()


def _fields(selected: SelectionSetNode, document: DocumentNode) -> Iterable[FieldNode]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            for definition in document.definitions:
                if isinstance(definition, FragmentDefinitionNode) and definition.name.value == node.name.value:
                    yield from _fields(definition.selection_set, document)
        else:
            yield from _fields(node.selection_set, document)  # type: ignore[attr-defined]


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
