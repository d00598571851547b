"""An operation split at its @defer fragments: what is answered first, and what may come later.

Each part is an operation of its own, planned, gated and executed by itself. A fragment is split off where its
place in the answer is certain: an object on the way from a query's root without lists and without interfaces or
unions. Elsewhere, and in mutations, @defer is ignored, as the specification allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    is_abstract_type,
    is_list_type,
    is_object_type,
)

from gateway.federation.shape import find_operation

MAX_DEFERRED = 32
"""Fragments split off at most; an operation with more is answered at once."""

DEFER = "defer"
_TYPENAME = FieldNode(name=NameNode(value="__typename"))

Guard = tuple[str, bool]
"""A variable and the value that it must have for a part to be asked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """One operation: `planned` is for the planner, `shown` for the projection (there `{}` may be empty)."""

    planned: DocumentNode
    shown: DocumentNode


@dataclass(frozen=True, slots=True)
class Deferred:
    """A fragment that comes later: where its object stands, and the part that fills it.

    `parent` is the position of the deferred fragment that it lies in, None for the first answer.
    """

    part: Part
    path: tuple[str, ...]
    label: str | None
    parent: int | None
    guards: tuple[Guard, ...]

    def wanted(self, variables: Mapping[str, Any]) -> bool:
        """Whether @skip and @include on the way to it let it be asked for."""
        return all(bool(variables.get(name)) is value for name, value in self.guards)


@dataclass(frozen=True, slots=True)
class Split:
    """What is answered first, and the fragments that follow; parents stand before their children."""

    first: Part
    deferred: tuple[Deferred, ...]


class _TooManyError(Exception):
    pass


def defers(document: DocumentNode) -> bool:
    """Whether the document has any @defer."""
    return any(
        _in_set(node.selection_set)
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
    )


def defer_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables that decide whether a @defer holds, sorted: with the document, the key of a split."""
    found: set[str] = set()
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            _collect(node.selection_set, found)
    return tuple(sorted(found))


def split(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any]
) -> Split:
    """Split an operation. Of `variables` only those of `defer_variables` matter."""
    operation = find_operation(document, operation_name)
    root = schema.get_root_type(operation.operation)
    whole = without_defer(document)
    if operation.operation is OperationType.QUERY and root is not None:
        try:
            return _Splitter(schema, document, operation, variables).run(root)
        except _TooManyError:
            pass
    return Split(Part(whole, whole), ())


def without_defer(document: DocumentNode) -> DocumentNode:
    """The same operation, answered at once."""
    return DocumentNode(
        definitions=tuple(
            replace(node, selection_set=_cleared(node.selection_set))
            if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
            else node
            for node in document.definitions
        )
    )


@dataclass(slots=True)
class _Place:
    """Where the walk is: the fields from the root, the conditions passed, the deferred fragment around it."""

    chain: tuple[FieldNode, ...] = ()
    guards: tuple[Guard, ...] = ()
    parent: int | None = None

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(_key(node) for node in self.chain)


class _Splitter:
    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.variables = variables
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.plain = tuple(node for node in without_defer(document).definitions if node is not operation)
        self.found: list[Deferred | None] = []
        self.inlined = 0

    def run(self, root: GraphQLObjectType) -> Split:
        first = self._walk(self.operation.selection_set, root, _Place())
        return Split(self._part(first), tuple(each for each in self.found if each is not None))

    def _walk(self, selected: SelectionSetNode, parent: GraphQLObjectType, place: _Place) -> SelectionSetNode:
        """The selection without what is split off."""
        kept: list[SelectionNode] = []
        own = {_key(node) for node in selected.selections if _is_plain_leaf(node)}
        for node in selected.selections:
            if isinstance(node, FieldNode):
                kept.append(self._field(node, parent, place))
            else:
                kept += self._fragment(node, parent, place, own)
        return SelectionSetNode(selections=tuple(kept))

    def _field(self, node: FieldNode, parent: GraphQLObjectType, place: _Place) -> FieldNode:
        if node.selection_set is None or not self._reaches(node.selection_set, set()):
            return node
        definition = self.schema.get_field(parent, node.name.value)
        output: Any = definition.type if definition else None
        inner = getattr(output, "of_type", output) if not is_list_type(output) else output
        guards = _guards(node.directives)
        if guards is None or is_list_type(inner) or not is_object_type(inner):
            return replace(node, selection_set=_cleared(node.selection_set))
        inside = _Place((*place.chain, node), (*place.guards, *guards), place.parent)
        return replace(node, selection_set=self._walk(node.selection_set, inner, inside))

    def _fragment(
        self, node: SelectionNode, parent: GraphQLObjectType, place: _Place, own: set[str]
    ) -> list[SelectionNode]:
        opened = self._opened(node)
        if not self._defers(node) and not self._reaches(opened.selection_set, set()):
            return [_clear(node)]
        guards = _guards(opened.directives)
        if guards is None or not self._always(opened, parent):
            return [_clear(node)]
        self.inlined += 1
        if self.inlined > 4 * MAX_DEFERRED:
            raise _TooManyError
        inside = replace(place, guards=(*place.guards, *guards))
        if not self._defers(node):
            return [replace(opened, selection_set=self._walk(opened.selection_set, parent, inside))]
        self._split_off(opened, parent, inside, _label(node), own)
        return []

    def _split_off(
        self, opened: InlineFragmentNode, parent: GraphQLObjectType, place: _Place, label: str | None, own: set[str]
    ) -> None:
        if len(self.found) == MAX_DEFERRED:
            raise _TooManyError
        index = len(self.found)
        self.found.append(None)
        rest = self._walk(opened.selection_set, parent, replace(place, parent=index))
        kept = tuple(node for node in rest.selections if not (_is_plain_leaf(node) and _key(node) in own))
        nested: SelectionSetNode = SelectionSetNode(selections=kept)
        for field in reversed(place.chain):
            nested = SelectionSetNode(selections=(replace(field, selection_set=nested),))
        self.found[index] = Deferred(self._part(nested), place.path, label, place.parent, place.guards)

    def _always(self, opened: InlineFragmentNode, parent: GraphQLObjectType) -> bool:
        """Whether a fragment selects from every object of this type."""
        if opened.type_condition is None or opened.type_condition.name.value == parent.name:
            return True
        named = self.schema.get_type(opened.type_condition.name.value)
        return is_abstract_type(named) and self.schema.is_sub_type(named, parent)

    def _opened(self, node: SelectionNode) -> InlineFragmentNode:
        """A fragment as an inline one without its @defer."""
        kept = tuple(each for each in node.directives or () if each.name.value != DEFER)
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments[node.name.value]
            return InlineFragmentNode(
                type_condition=fragment.type_condition, directives=kept, selection_set=fragment.selection_set
            )
        assert isinstance(node, InlineFragmentNode)
        return replace(node, directives=kept)

    def _defers(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value == DEFER:
                value = _argument(directive, "if")
                if isinstance(value, VariableNode):
                    return bool(self.variables.get(value.name.value, True))
                return not isinstance(value, BooleanValueNode) or value.value
        return False

    def _reaches(self, selected: SelectionSetNode, seen: set[str]) -> bool:
        """Whether a @defer lies below, through fragments too."""
        for node in selected.selections:
            if _has_defer(node):
                return True
            below = getattr(node, "selection_set", None)
            if isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                below = self.fragments[node.name.value].selection_set
            if below is not None and self._reaches(below, seen):
                return True
        return False

    def _part(self, selected: SelectionSetNode) -> Part:
        return Part(self._document(_filled(selected)), self._document(selected))

    def _document(self, selected: SelectionSetNode) -> DocumentNode:
        operation = replace(self.operation, selection_set=selected)
        rest = (node for node in self.plain if isinstance(node, FragmentDefinitionNode))
        return DocumentNode(definitions=(operation, *rest))


def _filled(selected: SelectionSetNode) -> SelectionSetNode:
    """A selection in which nothing is empty."""
    if not selected.selections:
        return SelectionSetNode(selections=(_TYPENAME,))
    return SelectionSetNode(selections=tuple(_filled_node(node) for node in selected.selections))


def _filled_node(node: Any) -> Any:
    below = getattr(node, "selection_set", None)
    return node if below is None else replace(node, selection_set=_filled(below))


def _cleared(selected: SelectionSetNode) -> SelectionSetNode:
    return SelectionSetNode(selections=tuple(_clear(node) for node in selected.selections))


def _clear(node: Any) -> Any:
    changes: dict[str, Any] = {}
    if _has_defer(node):
        changes["directives"] = tuple(each for each in node.directives if each.name.value != DEFER)
    if getattr(node, "selection_set", None) is not None:
        changes["selection_set"] = _cleared(node.selection_set)
    return replace(node, **changes) if changes else node


def _has_defer(node: SelectionNode) -> bool:
    return any(each.name.value == DEFER for each in node.directives or ())


def _in_set(selected: SelectionSetNode) -> bool:
    return any(
        _has_defer(node) or (getattr(node, "selection_set", None) is not None and _in_set(node.selection_set))  # type: ignore[attr-defined]
        for node in selected.selections
    )


def _collect(selected: SelectionSetNode, found: set[str]) -> None:
    for node in selected.selections:
        for directive in node.directives or ():
            value = _argument(directive, "if") if directive.name.value == DEFER else None
            if isinstance(value, VariableNode):
                found.add(value.name.value)
        below = getattr(node, "selection_set", None)
        if below is not None:
            _collect(below, found)


def _guards(directives: tuple[DirectiveNode, ...] | None) -> tuple[Guard, ...] | None:
    """What @skip and @include ask for; None if a literal leaves the selection out."""
    found: list[Guard] = []
    for directive in directives or ():
        if directive.name.value not in ("skip", "include"):
            continue
        wanted = directive.name.value == "include"
        value = _argument(directive, "if")
        if isinstance(value, VariableNode):
            found.append((value.name.value, wanted))
        elif isinstance(value, BooleanValueNode) and value.value is not wanted:
            return None
    return tuple(found)


def _label(node: SelectionNode) -> str | None:
    directive = next(each for each in node.directives or () if each.name.value == DEFER)
    value = _argument(directive, "label")
    return value.value if isinstance(value, StringValueNode) else None


def _argument(directive: DirectiveNode, name: str) -> Any:
    return next((each.value for each in directive.arguments or () if each.name.value == name), None)


def _is_plain_leaf(node: SelectionNode) -> bool:
    return isinstance(node, FieldNode) and node.selection_set is None and not node.directives


def _key(node: Any) -> str:
    return node.alias.value if node.alias else node.name.value  # type: ignore[no-any-return]
