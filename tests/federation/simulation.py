"""A made-up world in which every object and value follows from where it stands, and the subgraphs that serve it.

Subgraphs here are strict: they answer only what the supergraph says that they resolve, and a field with
@requires only from a representation that holds what it requires, with the right values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    print_ast,
)

from gateway.federation.normalise import normalise_fields
from gateway.federation.selection import FieldSel, Sel
from gateway.federation.supergraph import ContextArgument, Supergraph


@dataclass(eq=False)
class Thing:
    """An object of the world. `parent` is the object it hangs below."""

    type: str
    name: str
    parent: Thing | None = None
    children: dict[tuple[str, str, int], Thing] = field(default_factory=dict)


class World:
    """What is true, whoever is asked."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.owners: dict[str, Thing] = {}
        self.roots = {kind: Thing(name, kind) for kind, name in supergraph.roots.items()}

    def leaf(self, thing: Thing, name: str, args: str, printed: str) -> Any:
        value = f"{thing.name}#{name}{args}"
        self.owners[value] = thing
        return [value, f"{value}'"] if "[" in printed else value

    def below(self, thing: Thing, name: str, args: str) -> Any:
        """The object or objects that a field returns; None if no object could come from every resolver."""
        given = self.supergraph.types[thing.type].fields[name]
        if given.base == self.supergraph.roots["query"]:
            return self.roots["query"]
        count = 2 if given.is_list else 1
        found = []
        for index in range(count):
            key = (name, args, index)
            if key not in thing.children:
                kind = self._kind(thing, name, index)
                if kind is None:
                    return None
                thing.children[key] = Thing(kind, f"{thing.name}.{name}{args}/{index}", thing)
            found.append(thing.children[key])
        return found if given.is_list else found[0]

    def _kind(self, thing: Thing, name: str, index: int) -> str | None:
        supergraph = self.supergraph
        given = supergraph.types[thing.type].fields[name]
        possible = set(supergraph.possible[given.base])
        for subgraph in supergraph.types[thing.type].joins:
            if supergraph.field_join(thing.type, name, subgraph) is None:
                continue
            local = supergraph.type_in(thing.type, name, subgraph).strip("[]!")
            if not supergraph.types[local].is_interface_object(subgraph):
                possible &= set(supergraph.possible_in(local, subgraph))
        visible = sorted(k for k in possible if k == given.base or not supergraph.types[k].inaccessible)
        return visible[(len(thing.name) + index) % len(visible)] if visible else None

    def owner(self, type_name: str, values: Mapping[str, Any]) -> Thing | None:
        """The object that a representation stands for."""
        for value in values.values():
            depth = 1
            while isinstance(value, list | dict):
                inner = value[0] if isinstance(value, list) else next(iter(value.values()))
                depth += isinstance(value, dict)
                value = inner
            thing = self.owners.get(value) if isinstance(value, str) else None
            for _ in range(depth - 1):
                thing = thing.parent if thing else None
            if thing is not None:
                return thing
        return None

    def from_context(self, thing: Thing, argument: ContextArgument) -> Any:
        """What the nearest object above that sets the context gives."""
        setters = self.supergraph.setters.get(argument.context, ())
        types = {member for name in setters for member in self.supergraph.possible[name]}
        above = thing.parent
        while above is not None and above.type not in types:
            above = above.parent
        text = argument.selection if argument.selection.lstrip().startswith("{") else f"{{ {argument.selection} }}"
        operation = parse(text).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        return self._selected(above, operation.selection_set)

    def _selected(self, thing: Thing | None, selected: SelectionSetNode | None) -> Any:
        if thing is None or selected is None:
            return None
        for node in selected.selections:
            if isinstance(node, InlineFragmentNode):
                assert node.type_condition is not None
                if thing.type in self.supergraph.possible[node.type_condition.name.value]:
                    return self._selected(thing, node.selection_set)
            elif isinstance(node, FieldNode):
                given = self.supergraph.types[thing.type].fields[node.name.value]
                if not self.supergraph.is_composite(given.base):
                    return self.leaf(thing, given.name, "", given.type)
                below = self.below(thing, given.name, "")
                inner = node.selection_set
                return (
                    [self._selected(b, inner) for b in below]
                    if isinstance(below, list)
                    else self._selected(below, inner)
                )
        return None


class Answer:
    """Evaluates a client's operation against the world itself: what the gateway ought to answer."""

    def __init__(self, world: World, text: str, variables: Mapping[str, bool]) -> None:
        document = parse(text)
        self.world = world
        self.variables = variables
        self.operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        self.fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def data(self) -> dict[str, Any]:
        return self._object(self._root(), [self.operation.selection_set], None)

    def project(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """The client's view of a response tree, by the true types; a value not there is MISSING."""
        return self._object(self._root(), [self.operation.selection_set], tree)

    def _root(self) -> Thing:
        return self.world.roots[self.operation.operation.value]

    def _object(self, thing: Thing, sets: list[SelectionSetNode], tree: Any) -> dict[str, Any]:
        found: dict[str, list[FieldNode]] = {}
        for selected in sets:
            self._gather(thing, selected, found)
        return {key: self._value(thing, key, nodes, tree) for key, nodes in found.items()}

    def _value(self, thing: Thing, key: str, nodes: list[FieldNode], tree: Any) -> Any:
        name = nodes[0].name.value
        if name == "__typename":
            return thing.type
        given = self.world.supergraph.types[thing.type].fields[name]
        args = printed_arguments(nodes[0])
        mine = tree.get(key, "MISSING") if isinstance(tree, dict) else "MISSING"
        if not self.world.supergraph.is_composite(given.base):
            return self.world.leaf(thing, name, args, given.type) if tree is None else mine
        below = self.world.below(thing, name, args)
        if below is None:
            return None
        sets = [node.selection_set for node in nodes if node.selection_set]
        if isinstance(below, list):
            trees = mine if isinstance(mine, list) else ["MISSING"] * len(below)
            return [
                self._object(each, sets, None if tree is None else part)
                for each, part in zip(below, trees, strict=True)
            ]
        return self._object(below, sets, None if tree is None else mine)

    def _gather(self, thing: Thing, selected: SelectionSetNode, found: dict[str, list[FieldNode]]) -> None:
        for node in selected.selections:
            if not included(node, self.variables):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            else:
                inner = node if isinstance(node, InlineFragmentNode) else self.fragments[node.name.value]
                condition = inner.type_condition
                if condition is None or thing.type in self.world.supergraph.possible[condition.name.value]:
                    self._gather(thing, inner.selection_set, found)


class SimulatedSubgraph:
    """One subgraph of the world. `breaches` lists what it was asked although it could not know."""

    def __init__(self, world: World, subgraph: str) -> None:
        self.world = world
        self.supergraph = world.supergraph
        self.subgraph = subgraph
        self.breaches: list[str] = []

    def run(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        operation = parse(document).definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        found: dict[str, Any] = {}
        for node in operation.selection_set.selections:
            if isinstance(node, FieldNode) and node.name.value == "_entities":
                assert isinstance(node.arguments[0].value, VariableNode)
                sent = variables[node.arguments[0].value.name.value]
                key = node.alias.value if node.alias else "_entities"
                found[key] = [self._entity(each, node.selection_set, variables) for each in sent]
        if not found:
            kind = operation.operation.value
            root = self.world.roots[kind]
            found = self._object(root, [(operation.selection_set, ())], {}, variables)
        return found

    def _entity(self, sent: Mapping[str, Any], selected: SelectionSetNode, variables: Mapping[str, Any]) -> Any:
        values = {key: value for key, value in sent.items() if key != "__typename"}
        thing = self.world.owner(sent["__typename"], values)
        if thing is None:
            self.breaches.append(f"no entity for {sent}")
            return None
        if thing.type not in self.supergraph.possible[sent["__typename"]]:
            self.breaches.append(f"{sent['__typename']} stands for a {thing.type}")
        return self._object(thing, [(selected, ())], values, variables)

    def _local_type(self, thing: Thing) -> str:
        """What this subgraph takes the object for."""
        if self.subgraph in self.supergraph.types[thing.type].joins:
            return thing.type
        for name, definition in self.supergraph.types.items():
            if definition.is_interface_object(self.subgraph) and thing.type in self.supergraph.possible[name]:
                return name
        return thing.type

    def _object(
        self,
        thing: Thing,
        selections: Iterable[tuple[SelectionSetNode, tuple[Sel, ...]]],
        sent: Mapping[str, Any],
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        local = self._local_type(thing)
        found: dict[str, list[tuple[FieldNode, tuple[Sel, ...]]]] = {}
        for selected, provided in selections:
            self._gather(thing, local, selected, provided, variables, found)
        data = {}
        for key, nodes in found.items():
            data[key] = self._value(thing, local, nodes, sent, variables)
        return data

    def _gather(
        self,
        thing: Thing,
        local: str,
        selected: SelectionSetNode,
        provided: tuple[Sel, ...],
        variables: Mapping[str, Any],
        found: dict[str, list[tuple[FieldNode, tuple[Sel, ...]]]],
    ) -> None:
        for node in selected.selections:
            if not included(node, variables):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append((node, provided))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                name = condition.name.value if condition else local
                if name == local or thing.type in self.supergraph.possible[name]:
                    self._gather(thing, local, node.selection_set, provided, variables, found)

    def _value(
        self,
        thing: Thing,
        local: str,
        nodes: list[tuple[FieldNode, tuple[Sel, ...]]],
        sent: Mapping[str, Any],
        variables: Mapping[str, Any],
    ) -> Any:
        node = nodes[0][0]
        name = node.name.value
        if name == "__typename":
            return local
        join = self.supergraph.field_join(local, name, self.subgraph)
        taken = join.context_arguments if join is not None else ()
        args = printed_arguments(node, {argument.name for argument in taken})
        for argument in taken:
            self._check_context(thing, node, argument, variables)
        inner_provided = self._provided(thing, nodes, name)
        self._check(thing, local, name, inner_provided is not None, sent)
        given = self.supergraph.types[thing.type].fields[name]
        if not self.supergraph.is_composite(given.base):
            return self.world.leaf(thing, name, args, given.type)
        below = self.world.below(thing, name, args)
        if below is None:
            return None
        extra: tuple[Sel, ...] = inner_provided or ()
        if join is not None and join.provides is not None:
            extra = (*extra, *normalise_fields(self.supergraph, given.base, join.provides, self.subgraph))
        sets = [(each.selection_set, extra) for each, _ in nodes if each.selection_set]
        if isinstance(below, list):
            return [self._object(each, sets, {}, variables) for each in below]
        return self._object(below, sets, {}, variables)

    def _check_context(
        self, thing: Thing, node: FieldNode, argument: ContextArgument, variables: Mapping[str, Any]
    ) -> None:
        given = next((a.value for a in node.arguments or () if a.name.value == argument.name), None)
        found = variables.get(given.name.value, "nothing") if isinstance(given, VariableNode) else "no variable"
        expected = self.world.from_context(thing, argument)
        if found != expected:
            self.breaches.append(f"{thing.name}.{node.name.value}: {argument.name} is {found}, not {expected}")

    def _provided(
        self, thing: Thing, nodes: list[tuple[FieldNode, tuple[Sel, ...]]], name: str
    ) -> tuple[Sel, ...] | None:
        """What is provided below a field that is provided here; None if it is not."""
        found: tuple[Sel, ...] | None = None
        for _, provided in nodes:
            stack = list(provided)
            while stack:
                item = stack.pop()
                if isinstance(item, FieldSel):
                    if item.name == name:
                        found = (*(found or ()), *(item.sel or ()))
                elif item.type == thing.type:
                    stack.extend(item.sel)
        return found

    def _check(self, thing: Thing, local: str, name: str, provided: bool, sent: Mapping[str, Any]) -> None:
        if provided:
            return
        if not self.supergraph.resolves(local, name, self.subgraph):
            self.breaches.append(f"{self.subgraph} does not resolve {local}.{name}")
            return
        join = self.supergraph.field_join(local, name, self.subgraph)
        if join is not None and join.requires is not None:
            required = normalise_fields(self.supergraph, local, join.requires, self.subgraph)
            if not self._holds(thing, required, sent):
                self.breaches.append(f"{local}.{name} was sent {sent}, requires {join.requires}")

    def _holds(self, thing: Thing, required: Iterable[Sel], sent: Any) -> bool:
        if not isinstance(sent, dict):
            return False
        for item in required:
            if not isinstance(item, FieldSel):
                if item.type == thing.type and not self._holds(thing, item.sel, sent):
                    return False
                continue
            if item.name == "__typename":
                continue
            if item.name not in sent:
                return False
            given = self.supergraph.types[thing.type].fields[item.name]
            args = item.args
            if item.sel is None:
                if sent[item.name] != self.world.leaf(thing, item.name, args, given.type):
                    return False
                continue
            below, part = self.world.below(thing, item.name, args), sent[item.name]
            pairs = zip(below, part, strict=True) if isinstance(below, list) else [(below, part)]
            if below is not None and not all(self._holds(b, item.sel, p) for b, p in pairs):
                return False
        return True


def included(node: Any, variables: Mapping[str, Any]) -> bool:
    for directive in node.directives or ():
        value = directive.arguments[0].value
        truth = variables[value.name.value] if isinstance(value, VariableNode) else value.value
        if truth == (directive.name.value == "skip"):
            return False
    return True


def printed_arguments(node: FieldNode, without: Collection[str] = ()) -> str:
    given = [a for a in node.arguments or () if a.name.value not in without]
    printed = sorted(f"{a.name.value}: {print_ast(a.value)}" for a in given)
    return f"({', '.join(printed)})" if printed else ""
