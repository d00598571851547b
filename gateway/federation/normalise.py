"""Brings an operation, or the `fields` of a federation directive, into the planner's normal form.

Fragment spreads are gone, fragments stand on object types only, literal @skip/@include are decided,
variable ones sit on fields, equal fields are merged. A field of an interface that not every
implementer or every subgraph with the interface serves is asked of the implementers instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    parse,
    print_ast,
)

from gateway.federation.plan import Condition
from gateway.federation.selection import Conditions, FieldSel, Sel, TypeSel, typename_sel
from gateway.federation.supergraph import RootKind, Supergraph, SupergraphError

_INTROSPECTION = frozenset({"__schema", "__type", "__typename"})


@dataclass(frozen=True, slots=True)
class Operation:
    """A normalised operation; `variables` maps each declared variable to its printed type and default."""

    kind: RootKind
    name: str | None
    selection: tuple[Sel, ...]
    variables: dict[str, str]


_Source = tuple[Iterable[SelectionNode], Conditions]


def normalise(supergraph: Supergraph, document: DocumentNode, operation_name: str | None) -> Operation:
    """Normalise one operation of a document that the API schema has validated.

    Introspection and `__typename` of the root type are left out: they need no subgraph.
    """
    node = _operation(document, operation_name)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    kind: RootKind = node.operation.value
    normaliser = _Normaliser(supergraph, fragments, None)
    root = supergraph.roots[kind]
    selection = tuple(
        item
        for item in normaliser.build(root, [(node.selection_set.selections, ())])
        if not (isinstance(item, FieldSel) and item.name in _INTROSPECTION)
    )
    variables = {v.variable.name.value: _declared(v) for v in node.variable_definitions or ()}
    return Operation(kind, node.name.value if node.name else None, selection, variables)


def normalise_fields(
    supergraph: Supergraph, type_name: str, fields: str, subgraph: str | None, *, expand: bool = True
) -> tuple[Sel, ...]:
    """Normalise a field set against the types as one subgraph knows them (None: as all together do).

    Without `expand`, fields of interfaces are left as they are: an @interfaceObject answers them itself.
    """
    try:
        # Some schemas write the outer braces themselves.
        document = parse(fields if fields.lstrip().startswith("{") else f"{{{fields}}}", no_location=True)
    except GraphQLSyntaxError as error:
        raise SupergraphError(f"the field set {fields!r} of {type_name} cannot be parsed") from error
    node = document.definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    return _Normaliser(supergraph, {}, subgraph, expand).build(type_name, [(node.selection_set.selections, ())])


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is not None:
        found = [d for d in found if d.name is not None and d.name.value == name]
    if len(found) != 1:
        raise ValueError("name the operation to plan: the document must hold exactly one of that name")
    return found[0]


class _Normaliser:
    def __init__(
        self,
        supergraph: Supergraph,
        fragments: dict[str, FragmentDefinitionNode],
        subgraph: str | None,
        expand: bool = True,
    ) -> None:
        self.expand = expand
        self.supergraph = supergraph
        self.fragments = fragments
        self.subgraph = subgraph

    def build(self, parent: str, sources: list[_Source]) -> tuple[Sel, ...]:
        """Merge several selection sets on one type."""
        gathered = _Gathered()
        for nodes, conditions in sources:
            self._gather(parent, nodes, conditions, gathered)
        items: list[Sel] = []
        for entry in gathered.order:
            if isinstance(entry, str):
                inner = self.build(entry, gathered.types[entry])
                inner = tuple(item for item in inner if not gathered.has_leaf(item))
                if inner:
                    items.append(TypeSel(entry, inner))
            else:
                items.append(self._field(parent, entry, gathered.fields[entry]))
        return tuple(items) or (typename_sel(),)

    def _field(self, parent: str, entry: _Entry, nodes: list[FieldNode]) -> FieldSel:
        name, key, args, conditions = entry
        definition = self.supergraph.types[parent].fields.get(name)
        sel: tuple[Sel, ...] | None = None
        if definition is not None and self.supergraph.is_composite(definition.base):
            sources: list[_Source] = [(n.selection_set.selections, ()) for n in nodes if n.selection_set]
            sel = self.build(definition.base, sources)
        return FieldSel(name, key, args, _variables(nodes[0].arguments or ()), conditions, sel)

    def _gather(self, parent: str, nodes: Iterable[SelectionNode], above: Conditions, into: _Gathered) -> None:
        for node in nodes:
            conditions = _conditions(node, above)
            if conditions is None:
                continue
            if isinstance(node, FieldNode):
                if self._must_expand(parent, node.name.value):
                    for member in self._possible(parent):
                        into.add_type(member, ((node,), above))
                else:
                    into.add_field(node, conditions)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                self._fragment(parent, fragment.type_condition.name.value, fragment.selection_set, conditions, into)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition.name.value if node.type_condition else parent
                self._fragment(parent, condition, node.selection_set, conditions, into)

    def _fragment(
        self, parent: str, on: str, selected: SelectionSetNode, conditions: Conditions, into: _Gathered
    ) -> None:
        types = self.supergraph.types
        if parent == on or types[parent].kind == "object":
            if parent == on or parent in self.supergraph.possible.get(on, ()):
                self._gather(parent, selected.selections, conditions, into)
            return
        wider = self._possible(on)
        for member in self._possible(parent):
            if member in wider:
                into.add_type(member, (selected.selections, conditions))

    def _possible(self, type_name: str) -> tuple[str, ...]:
        if self.subgraph is None:
            return self.supergraph.possible.get(type_name, ())
        if self.supergraph.types[type_name].is_interface_object(self.subgraph):
            return self.supergraph.possible.get(type_name, ())
        return self.supergraph.possible_in(type_name, self.subgraph)

    def _must_expand(self, parent: str, name: str) -> bool:
        if not self.expand or name.startswith("__") or self.supergraph.types[parent].kind != "interface":
            return False
        return must_expand(self.supergraph, parent, name)


_Entry = tuple[str, str, str, Conditions]


class _Gathered:
    """Fields and fragments of one merged selection set, in order of first appearance."""

    def __init__(self) -> None:
        self.order: list[_Entry | str] = []
        self.fields: dict[_Entry, list[FieldNode]] = {}
        self.types: dict[str, list[_Source]] = {}

    def add_field(self, node: FieldNode, conditions: Conditions) -> None:
        name = node.name.value
        key = node.alias.value if node.alias else name
        entry = (name, key, _arguments(node.arguments or ()), conditions)
        if entry not in self.fields:
            self.order.append(entry)
            self.fields[entry] = []
        self.fields[entry].append(node)

    def add_type(self, name: str, source: _Source) -> None:
        if name not in self.types:
            self.order.append(name)
            self.types[name] = []
        self.types[name].append(source)

    def has_leaf(self, item: Sel) -> bool:
        """Whether a leaf inside a fragment is already asked for outside it, unconditionally."""
        return isinstance(item, FieldSel) and item.sel is None and (item.name, item.key, item.args, ()) in self.fields


def must_expand(supergraph: Supergraph, interface: str, name: str) -> bool:
    """Whether a field of an interface has to be asked of each implementer instead."""
    definition = supergraph.types[interface]
    for member in supergraph.possible[interface]:
        member_field = supergraph.types[member].fields.get(name)
        if member_field is None:
            return True
        for join in (member_field.joins or {}).values():
            if join.external or join.used_overridden or join.requires is not None:
                return True
            if join.override is not None and join.override in supergraph.by_name:
                return True
    real = [graph for graph, join in definition.joins.items() if not join.interface_object]
    joins = definition.fields[name].joins
    if len(real) <= 1 or joins is None or not joins:
        return False
    if any(definition.is_interface_object(graph) and not join.external for graph, join in joins.items()):
        return False
    return sum(not join.external for join in joins.values()) < len(real)


def _conditions(node: SelectionNode, above: Conditions) -> Conditions | None:
    """Conditions of a selection with those above it; None if it can never be included."""
    found = set(above)
    for directive in node.directives or ():
        if directive.name.value not in ("skip", "include"):
            continue
        wanted = directive.name.value == "include"
        value = (directive.arguments or ())[0].value
        if isinstance(value, VariableNode):
            found.add(Condition(value.name.value, wanted))
        elif isinstance(value, BooleanValueNode) and value.value != wanted:
            return None
    if any(Condition(c.variable, not c.value) in found for c in found):
        return None
    return tuple(sorted(found, key=lambda c: (c.variable, c.value)))


def _declared(node: VariableDefinitionNode) -> str:
    default = f" = {print_ast(node.default_value)}" if node.default_value is not None else ""
    return print_ast(node.type) + default


def _arguments(arguments: Iterable[ArgumentNode]) -> str:
    printed = sorted(f"{a.name.value}: {print_ast(a.value)}" for a in arguments)
    return f"({', '.join(printed)})" if printed else ""


def _variables(arguments: Iterable[ArgumentNode]) -> tuple[str, ...]:
    found: set[str] = set()
    stack: list[object] = [argument.value for argument in arguments]
    while stack:
        node = stack.pop()
        if isinstance(node, VariableNode):
            found.add(node.name.value)
        stack.extend(getattr(node, "values", None) or ())
        stack.extend(field.value for field in getattr(node, "fields", None) or ())
    return tuple(sorted(found))
