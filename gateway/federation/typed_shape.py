"""What a plan's steps select, by object type: the shape of a typed tree, or the finding that a plan has none."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    parse,
    print_ast,
)

from gateway.federation.plan import EntityInput, FetchStep, Key, Need, OnTypes, Path, QueryPlan

MAX_FIELDS = 100
"""Fields of one type: an object of it has room for every one."""


class NotPlain(Exception):
    """The plan needs what only dicts can do."""


@dataclass(frozen=True, slots=True)
class TypedField:
    """A response key of a type: the field behind it as it was asked for, and for objects their type and how many lists
    deep they stand."""

    asked: str
    of: str | None = None
    depth: int = 0

    def annotation(self, parent: str | None) -> str:
        """What an answer may hold there, for msgspec: that objects are objects, and of which type, no more."""
        if self.of is None:
            return "Any" if self.asked != "__typename" or parent is None else f'Literal["{parent}"] | UnsetType'
        inner = f"T_{self.of} | None"
        for _ in range(self.depth):
            inner = f"list[{inner}] | None"
        return f"{inner} | UnsetType"


Fields = dict[str, TypedField]
Asker = tuple[int, str, int]
"""A step, the alias of one of its `_entities` fields, and which of its representations."""


@dataclass(slots=True)
class EntityFields:
    """What one `_entities` field selects, by type and of all types together."""

    by_type: dict[str, Fields] = field(default_factory=dict)
    union: Fields = field(default_factory=dict)


@dataclass(slots=True)
class StepShape:
    """A step: what it selects at the top, or of its entities, with those of their keys that they should repeat,
    (response key, name). `moves`: it selects objects."""

    step: FetchStep
    root: Fields = field(default_factory=dict)
    entities: dict[str, EntityFields] = field(default_factory=dict)
    keys: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    moves: bool = False


@dataclass(slots=True)
class Shape:
    """By the keys from the root, `given` holds what those steps select there that bring the object itself, `asked`
    which `_entities` fields are asked for it, with the keys that they send, and `shared` at which places the object may
    stand as well: one answer goes to all who asked for it."""

    root: str
    types: dict[str, Fields] = field(default_factory=dict)
    given: dict[tuple[str, ...], set[str]] = field(default_factory=dict)
    asked: dict[tuple[str, ...], dict[Asker, frozenset[str]]] = field(default_factory=dict)
    shared: dict[tuple[str, ...], set[tuple[str, ...]]] = field(default_factory=dict)
    steps: list[StepShape] = field(default_factory=list)

    def alike(self, at: tuple[str, ...]) -> Hashable:
        """Objects at places that are alike may become one where the same is sent for them: all that they came with is sent,
        and whoever asks for one asks for the other. None where objects stay apart: one that is replaced while somebody
        still holds it loses what that somebody brings."""
        given, asked = self.given.get(at, set()) - {"__typename"}, self.asked.get(at, {})
        if not given or any(not given <= sent for sent in asked.values()):
            return None
        if any(not self.asked.get(place, {}).keys() <= asked.keys() for place in self.shared.get(at, ())):
            return None
        return frozenset(given), frozenset(asked)

    def note(self, parent: str, key: str, found: TypedField) -> None:
        fields = self.types.setdefault(parent, {})
        if fields.setdefault(key, found) != found or len(fields) > MAX_FIELDS:
            raise NotPlain


def shape_of(plan: QueryPlan, schema: GraphQLSchema) -> Shape:
    """The shape of the plan's tree. Raises NotPlain."""
    root = schema.get_root_type(OperationType.QUERY)
    if plan.kind != "query" or root is None:
        raise NotPlain
    shape = Shape(root.name, {root.name: {}})
    for step in plan.steps:
        if step.root or step.renames or step.gates:
            raise NotPlain
        shape.steps.append(_Reader(step, schema, shape).read())
        for entity in step.entities:
            _note_asked(shape, step, entity)
    return shape


def _note_asked(shape: Shape, step: FetchStep, entity: EntityInput) -> None:
    for path in entity.targets:
        asked = shape.asked.setdefault(response_keys(path), {})
        for number, each in enumerate(entity.representations):
            sent = frozenset(need.key for need in each.needs if isinstance(need, Need))
            asked[step.id, entity.alias, number] = sent


class _Reader:
    """Reads one step's document into the shape."""

    def __init__(self, step: FetchStep, schema: GraphQLSchema, shape: Shape) -> None:
        self._schema = schema
        self._shape = shape
        self._found = StepShape(step, moves=not step.entities)

    def read(self) -> StepShape:
        found, step = self._found, self._found.step
        (operation,) = parse(step.document, no_location=True).definitions
        assert isinstance(operation, OperationDefinitionNode)
        if not step.entities:
            name = self._shape.root
            self._object(operation.selection_set, name, [()], given=True)
            keys = [_key(node) for node, _ in self._fields(operation.selection_set, name)]
            found.root.update((key, self._shape.types[name][key]) for key in keys)
            return found
        inputs = {entity.alias: entity for entity in step.entities}
        for node, _ in self._fields(operation.selection_set, None):
            entity = inputs.get(_key(node))
            if entity is None or node.selection_set is None or entity.contexts:
                raise NotPlain
            self._entities(node.selection_set, entity)
        return found

    def _entities(self, selected: SelectionSetNode, entity: EntityInput) -> None:
        fields = self._found.entities[entity.alias] = EntityFields()
        at = [response_keys(path) for path in entity.targets]
        for node in selected.selections:
            if isinstance(node, FieldNode):
                raise NotPlain
            assert isinstance(node, InlineFragmentNode)
            name = node.type_condition.name.value if node.type_condition else ""
            self._object(node.selection_set, name, at, given=False)
            mine = fields.by_type.setdefault(name, {})
            for each, _ in self._fields(node.selection_set, name):
                mine[_key(each)] = self._shape.types[name][_key(each)]
            for key, one in mine.items():
                other = fields.union.setdefault(key, one)
                if (other.of, other.depth) != (one.of, one.depth) or one.asked == "__typename":
                    raise NotPlain
        sent = {need.name for each in entity.representations for need in each.needs if isinstance(need, Need)}
        self._found.keys[entity.alias] = tuple(
            (key, one.asked) for key, one in fields.union.items() if one.of is None and one.asked in sent
        )
        self._found.moves = self._found.moves or any(one.of for one in fields.union.values())

    def _object(self, selected: SelectionSetNode, name: str, at: list[tuple[str, ...]], *, given: bool) -> None:
        """Note what is selected on an object type at some places; `given`: the step brings the objects there."""
        parent = self._schema.get_type(name)
        if not is_object_type(parent):
            raise NotPlain
        for node, on in self._fields(selected, name):
            if on != name:
                raise NotPlain
            key = _key(node)
            for place in at if given else ():
                self._shape.given.setdefault(place, set()).add(key)
            asked = node.name.value + "".join(sorted(print_ast(each) + ";" for each in node.arguments or ()))
            if node.selection_set is None:
                self._shape.note(name, key, TypedField(asked))
                continue
            definition = parent.fields.get(node.name.value)
            if definition is None:
                raise NotPlain
            below = get_named_type(definition.type).name
            self._shape.note(name, key, TypedField(asked, below, _depth(definition.type)))
            self._shape.types.setdefault(below, {})
            there = [(*place, key) for place in at]
            for place in there:
                self._shape.shared.setdefault(place, set()).update(there)
            self._object(node.selection_set, below, there, given=True)

    def _fields(self, selected: SelectionSetNode, on: str | None) -> Iterator[tuple[FieldNode, str | None]]:
        for node in selected.selections:
            if isinstance(node, FieldNode):
                yield node, on
            elif isinstance(node, InlineFragmentNode):
                yield from self._fields(
                    node.selection_set, node.type_condition.name.value if node.type_condition else on
                )
            else:
                raise NotPlain


def response_keys(path: Path) -> tuple[str, ...]:
    """The response keys of a path."""
    return tuple(segment.key for segment in path if isinstance(segment, Key))


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _depth(output: object) -> int:
    depth = 0
    while is_list_type(output) or is_non_null_type(output):
        depth += is_list_type(output)
        output = output.of_type
    return depth


def ends_at(path: Path, shape: Shape) -> str | None:
    """The object type at the end of a path; None if nothing is ever there. Raises NotPlain for a path of keys that no
    step selects."""
    name = shape.root
    for segment in path:
        if isinstance(segment, OnTypes):
            if name not in segment.types:
                return None
            continue
        found = shape.types[name].get(segment.key)
        if found is None or found.of is None:
            raise NotPlain
        name = found.of
    return name
