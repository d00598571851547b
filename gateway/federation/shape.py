"""Which fields an operation selects on an object type, once its conditions are decided.

Selections are collected as the GraphQL specification says (Executing Collected Fields): fragments that apply
are flattened, equal response keys are merged, @skip and @include are decided by the values given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

CONDITIONAL = ("skip", "include")


@dataclass(frozen=True, slots=True)
class Field:
    """One response key of an object: the field behind it and every node that selects it."""

    key: str
    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: tuple[FieldNode, ...]

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value


def response_key(node: FieldNode) -> str:
    """The key under which a field's value stands in the answer."""
    return node.alias.value if node.alias else node.name.value


def find_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to run. Raises ValueError if the name does not choose exactly one."""
    found = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    if len(found) != 1:
        raise ValueError("the document must hold exactly one operation of the name asked for")
    return found[0]


def condition_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables that some @skip or @include of the document reads, sorted."""
    found: set[str] = set()
    pending: list[SelectionSetNode] = [
        node.selection_set
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while pending:
        for selection in pending.pop().selections:
            found.update(_variables(selection.directives or ()))
            below = getattr(selection, "selection_set", None)
            if below is not None:
                pending.append(below)
    return tuple(sorted(found))


def _variables(directives: tuple[DirectiveNode, ...]) -> list[str]:
    return [
        argument.value.name.value
        for directive in directives
        if directive.name.value in CONDITIONAL
        for argument in directive.arguments or ()
        if isinstance(argument.value, VariableNode)
    ]


class Shapes:
    """The selections of one operation, with every @skip and @include decided by `decided`."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        decided: Mapping[str, bool],
    ) -> None:
        root = schema.get_root_type(operation.operation)
        if root is None:
            raise ValueError(f"the schema has no {operation.operation.value} type")
        self.schema = schema
        self.document = document
        self.operation = operation
        self.root_type = root
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._decided = decided

    def root(self) -> tuple[Field, ...]:
        """The fields of the operation itself."""
        return self._collect(self.root_type, (self.operation.selection_set,))

    def below(self, object_type: GraphQLObjectType, nodes: tuple[FieldNode, ...]) -> tuple[Field, ...]:
        """What these field nodes select on an object of this type."""
        sets = tuple(node.selection_set for node in nodes if node.selection_set is not None)
        return self._collect(object_type, sets)

    def possible(self, abstract: GraphQLAbstractType) -> tuple[GraphQLObjectType, ...]:
        """The object types that an interface or union may turn out to be."""
        return tuple(self.schema.get_possible_types(abstract))

    def includes(self, selection: SelectionNode) -> bool:
        """Whether @skip and @include keep a selection."""
        for directive in selection.directives or ():
            name = directive.name.value
            if name in CONDITIONAL and self._condition(directive) is (name == "skip"):
                return False
        return True

    def _condition(self, directive: DirectiveNode) -> bool:
        value = next(arg.value for arg in directive.arguments or () if arg.name.value == "if")
        if isinstance(value, BooleanValueNode):
            return value.value
        assert isinstance(value, VariableNode), "validation allows a Boolean or a variable"
        return self._decided[value.name.value]

    def _collect(self, object_type: GraphQLObjectType, sets: tuple[SelectionSetNode, ...]) -> tuple[Field, ...]:
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection_set in sets:
            self._visit(object_type, selection_set, found, seen)
        return tuple(self._field(key, object_type, nodes) for key, nodes in found.items())

    def _visit(
        self,
        object_type: GraphQLObjectType,
        selection_set: SelectionSetNode,
        found: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if not self.includes(selection):
                continue
            if isinstance(selection, FieldNode):
                found.setdefault(response_key(selection), []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self.applies(condition.name.value, object_type):
                    self._visit(object_type, selection.selection_set, found, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self.fragments[selection.name.value]
                if self.applies(fragment.type_condition.name.value, object_type):
                    self._visit(object_type, fragment.selection_set, found, seen)

    def applies(self, condition: str, object_type: GraphQLObjectType) -> bool:
        """Whether a fragment on this type selects from an object of that type."""
        if condition == object_type.name:
            return True
        named = self.schema.get_type(condition)
        return is_abstract_type(named) and self.schema.is_sub_type(named, object_type)

    def _field(self, key: str, parent: GraphQLObjectType, nodes: list[FieldNode]) -> Field:
        name = nodes[0].name.value
        definition = self.schema.get_field(parent, name)
        if definition is None:
            raise ValueError(f"type {parent.name} has no field {name}: validate the operation first")
        return Field(key, parent, definition, tuple(nodes))
