"""The size of an operation in one linear pass, fragments measured once each.

Every selection of the document is visited once, whatever the fragments multiply to: a fragment's size is computed
from its own selections and the sizes of those it spreads, in topological order, with saturating sums. (Limiters that
walk into a fragment at every spread cost 4× per two rungs of a fragment ladder and hang on 1 KB.)

Cost is static: every object that a field yields weighs 1 (@cost says otherwise), times the sizes of the lists around
it. A list's size is its `first`/`last`, or @listSize, or an assumed one. Where the slicing arguments stand on a
connection, they size the lists directly below it; a fragment on a connection therefore carries two sums, one of which
is multiplied by the page of the place where it is spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from gateway.config import Limits
from gateway.errors import Refusal
from gateway.operation.source import too_large

CEILING = 10**12
"""Sums saturate here, so that no product of list sizes becomes a large integer."""

_SLICING = ("first", "last", "limit")


@dataclass(frozen=True, slots=True)
class Size:
    """What one operation amounts to. `steps` is the number of selections visited to find out."""

    depth: int
    introspection_depth: int
    fields: int
    root_fields: int
    aliases: int
    directives: int
    cost: int
    varies_with: frozenset[str]
    steps: int


class _Spread(NamedTuple):
    name: str
    depth: int
    times: int
    page: int | None
    on_page: bool
    at_root: bool


class _Place(NamedTuple):
    """Where a selection set stands. `page` None is a fragment's top level: the spread's page applies there.
    `on_page` says that `times` is yet to be multiplied by that page."""

    selections: SelectionSetNode
    parent: GraphQLNamedType | None
    depth: int
    times: int
    page: int | None
    on_page: bool
    at_root: bool
    sized: frozenset[str] | None


class _Sum:
    """Running totals of one fragment or operation."""

    __slots__ = ("aliases", "depth", "directives", "fields", "fixed", "introspection", "paged", "roots", "spreads")

    def __init__(self) -> None:
        self.depth = self.introspection = self.fields = self.aliases = self.directives = self.roots = 0
        self.fixed = self.paged = 0
        self.spreads: list[_Spread] = []

    def weigh(self, amount: int, on_page: bool) -> None:
        if on_page:
            self.paged = min(CEILING, self.paged + amount)
        else:
            self.fixed = min(CEILING, self.fixed + amount)

    def absorb(self, other: _Sum, spread: _Spread) -> None:
        """Count a fragment where it is spread."""
        if other.depth:
            self.depth = max(self.depth, spread.depth + other.depth)
        if other.introspection:
            self.introspection = max(self.introspection, spread.depth + other.introspection)
        self.fields = min(CEILING, self.fields + other.fields)
        self.aliases = min(CEILING, self.aliases + other.aliases)
        self.directives = min(CEILING, self.directives + other.directives)
        if spread.at_root:
            self.roots = min(CEILING, self.roots + other.roots)
        self.weigh(min(CEILING, spread.times * other.fixed), spread.on_page)
        if spread.page is None:
            self.weigh(min(CEILING, spread.times * other.paged), True)
        else:
            self.weigh(min(CEILING, spread.times * spread.page * other.paged), spread.on_page)


class _Measure:
    def __init__(self, schema: GraphQLSchema, limits: Limits, values: Mapping[str, Any]) -> None:
        self.schema = schema
        self.limits = limits
        self.values = values
        self.varies: set[str] = set()
        self.steps = 0

    def walk(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> _Sum:
        """Sum of a definition's own selections; spreads are noted, not entered."""
        total = _Sum()
        total.directives = len(node.directives or ())
        if isinstance(node, FragmentDefinitionNode):
            parent = self.schema.get_type(node.type_condition.name.value)
            start = _Place(node.selection_set, parent, 0, 1, None, False, True, None)
        else:
            parent = self.schema.get_root_type(node.operation)
            start = _Place(node.selection_set, parent, 0, 1, self.limits.list_size, False, True, None)
        stack = [start]
        while stack:
            place = stack.pop()
            for selection in place.selections.selections:
                self.steps += 1
                total.directives += len(selection.directives or ())
                if isinstance(selection, FieldNode):
                    stack.extend(self.field(selection, place, total))
                elif isinstance(selection, InlineFragmentNode):
                    stack.append(self.inline(selection, place))
                elif isinstance(selection, FragmentSpreadNode):
                    total.spreads.append(
                        _Spread(
                            selection.name.value, place.depth, place.times, place.page, place.on_page, place.at_root
                        )
                    )
        return total

    def inline(self, node: InlineFragmentNode, place: _Place) -> _Place:
        condition = node.type_condition
        parent = self.schema.get_type(condition.name.value) if condition else place.parent
        return place._replace(selections=node.selection_set, parent=parent)

    def field(self, node: FieldNode, place: _Place, total: _Sum) -> Iterator[_Place]:
        depth = place.depth + 1
        about_schema = place.parent is not None and place.parent.name.startswith("__")
        if about_schema:
            total.introspection = max(total.introspection, depth)
        else:
            total.depth = max(total.depth, depth)
        total.fields += 1
        total.aliases += node.alias is not None
        total.roots += place.at_root
        definition = _definition(self.schema, place.parent, node.name.value)
        composite = definition is not None and is_composite_type(get_named_type(definition.type))
        times, on_page = place.times, place.on_page
        page: int | None = self.limits.list_size
        sized: frozenset[str] | None = None
        if definition is not None and not about_schema:
            sliced, sized = self.slicing(node, definition)
            if _is_list(definition):
                size, on_page = self.list_size(node, place, sliced, on_page)
                times = min(CEILING, times * size)
            elif composite:
                page = sliced if sliced is not None else self.unsliced(definition)
            total.weigh(min(CEILING, times * _weight(definition, composite)), on_page)
        if node.selection_set is not None:
            kind = get_named_type(definition.type) if definition is not None else None
            yield _Place(node.selection_set, kind, depth, times, page, on_page, False, sized)

    def list_size(self, node: FieldNode, place: _Place, sliced: int | None, on_page: bool) -> tuple[int, bool]:
        if sliced is not None:
            return sliced, on_page
        if place.sized is not None and node.name.value not in place.sized:
            return self.limits.list_size, on_page
        if place.page is None:
            return 1, True
        return place.page, on_page

    def unsliced(self, definition: GraphQLField) -> int:
        return self.limits.page_size if _sliceable(definition) else self.limits.list_size

    def slicing(self, node: FieldNode, definition: GraphQLField) -> tuple[int | None, frozenset[str] | None]:
        """The asked or declared size of a list or page, and the fields below that have it (None: every list)."""
        names, assumed, sized = _list_size(definition)
        sizes = [size for name in names if (size := self.argument(node, name, definition)) is not None]
        return (max(sizes) if sizes else assumed), sized

    def argument(self, node: FieldNode, name: str, definition: GraphQLField) -> int | None:
        given = next((argument.value for argument in node.arguments or () if argument.name.value == name), None)
        if isinstance(given, IntValueNode):
            return min(CEILING, max(0, int(given.value[:12])))
        if isinstance(given, VariableNode):
            self.varies.add(given.name.value)
            value = self.values.get(given.name.value)
            if type(value) is int:
                return min(CEILING, max(0, value))
        declared = definition.args.get(name)
        default = getattr(declared, "default_value", None) if declared else None
        return default if type(default) is int and default >= 0 else None


def measure(
    definition: OperationDefinitionNode,
    document: DocumentNode,
    schema: GraphQLSchema,
    limits: Limits,
    values: Mapping[str, Any] | None = None,
) -> Size:
    """The size of one operation of a document. Raises Refusal when fragments spread each other in a circle."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    work = _Measure(schema, limits, values or {})
    total = work.walk(definition)
    sums: dict[str, _Sum] = {}
    for name in _inside_out(total, fragments, work, sums):
        _absorb_all(sums[name], sums)
    _absorb_all(total, sums)
    cost = min(CEILING, total.fixed + total.paged * limits.list_size)
    return Size(
        total.depth,
        total.introspection,
        total.fields,
        total.roots,
        total.aliases,
        total.directives,
        cost,
        frozenset(work.varies),
        work.steps,
    )


def refuse_oversize(size: Size, limits: Limits) -> None:
    """Raise Refusal for the first bound that the operation exceeds; cost is checked once variables are known."""
    for name in ("depth", "introspection_depth", "fields", "root_fields", "aliases", "directives"):
        if getattr(size, name) > getattr(limits, name):
            raise too_large(name)


def _absorb_all(total: _Sum, sums: Mapping[str, _Sum]) -> None:
    for spread in total.spreads:
        if (other := sums.get(spread.name)) is not None:
            total.absorb(other, spread)


def _inside_out(
    start: _Sum, fragments: Mapping[str, FragmentDefinitionNode], work: _Measure, sums: dict[str, _Sum]
) -> Iterator[str]:
    """Names of the fragments in use, each after all that it spreads; walks each on the way. No recursion."""
    done: set[str] = set()
    open_: set[str] = set()
    stack: list[tuple[str | None, Iterator[_Spread]]] = [(None, iter(start.spreads))]
    while stack:
        name, spreads = stack[-1]
        spread = next(spreads, None)
        if spread is None:
            stack.pop()
            if name is not None:
                open_.discard(name)
                done.add(name)
                yield name
            continue
        if spread.name in open_:
            raise Refusal("GRAPHQL_VALIDATION_FAILED", "Fragments spread each other in a circle.")
        if spread.name not in done and spread.name in fragments:
            sums[spread.name] = work.walk(fragments[spread.name])
            open_.add(spread.name)
            stack.append((spread.name, iter(sums[spread.name].spreads)))


def _definition(schema: GraphQLSchema, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    if parent is None or not is_composite_type(parent):
        return None
    composite: GraphQLCompositeType = parent
    return schema.get_field(composite, name)


def _is_list(definition: GraphQLField) -> bool:
    kind = definition.type
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _sliceable(definition: GraphQLField) -> bool:
    return any(name in definition.args for name in _SLICING)


def _directive(definition: Any, name: str) -> Mapping[str, Any]:
    node = definition.ast_node
    for directive in (node.directives or ()) if node else ():
        if directive.name.value == name or directive.name.value.endswith(f"__{name}"):
            return {argument.name.value: argument.value for argument in directive.arguments or ()}
    return {}


def _weight(definition: GraphQLField, composite: bool) -> int:
    """@cost of the field, or of the type that it yields, or 1 for objects and 0 for leaves."""
    named = get_named_type(definition.type)
    if named.name.startswith("__"):
        return 0
    for holder in (definition, named):
        given = _directive(holder, "cost").get("weight")
        if isinstance(given, StringValueNode | IntValueNode):
            try:
                return max(0, round(float(given.value)))
            except (ValueError, OverflowError):
                continue
    return int(composite)


def _list_size(definition: GraphQLField) -> tuple[tuple[str, ...], int | None, frozenset[str] | None]:
    """Slicing arguments, assumed size and sized fields of a field (IBM cost specification's @listSize)."""
    given = _directive(definition, "listSize")
    names = _strings(given.get("slicingArguments")) or tuple(name for name in _SLICING if name in definition.args)
    assumed = given.get("assumedSize")
    sized = _strings(given.get("sizedFields"))
    return names, int(assumed.value) if isinstance(assumed, IntValueNode) else None, frozenset(sized) if sized else None


def _strings(node: Any) -> tuple[str, ...]:
    if not isinstance(node, ListValueNode):
        return ()
    return tuple(value.value for value in node.values if isinstance(value, StringValueNode))
