"""Writes Python functions that complete an operation's values: one per object type and selection.

The same generator serves two dialects: JSON trees (the projection of an answer) and Python objects (execution of
an in-process subgraph). What a dialect knows is how a field is read, which values need no further look, and what
happens to all others; the walk, the null rules and the paths are here. Only literals made by `repr` and names
made here enter the source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_abstract_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from gateway.federation.later import Bubble, Later, drop_all, finish_list, finish_object, start
from gateway.federation.leaves import INFINITY, Leaf
from gateway.federation.shape import Field, Shapes, response_key
from gateway.federation.structs import struct_of

INTROSPECTION = frozenset({"__schema", "__type"})

Function = Callable[[Any, Any, Any], Any]
"""(value, path, run) -> completed value; raises Bubble."""


class Missing:
    """A mark in place of a value that the tree does not have."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


MISSING = Missing("MISSING")
CUT = Missing("CUT")
"""Stands for a field that the caller's role may not see: it was cut from the plan and never asked for."""


@dataclass(frozen=True, slots=True)
class Made:
    """A generated function: its name, whether Bubble may leave it, whether it may give a Later."""

    name: str
    bubbles: bool
    later: bool


@dataclass(frozen=True, slots=True)
class Read:
    """How a field comes out of `o`: inline and careful expressions, or a resolver."""

    inline: str = ""
    careful: str = ""
    resolver: Function | None = None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How a value of an interface or union finds the function of its object type.

    Generated code runs `test` over `{v}`, then `call`, with `names` as globals; `complete` is the whole choice as
    one function; `fill` is given the functions by type name once they are compiled.
    """

    test: str
    call: str
    names: dict[str, Any]
    complete: Function
    fill: Callable[[dict[str, Function]], None]


class Dialect(Protocol):
    """What differs between JSON trees and Python objects."""

    read_error: str
    list_test: str

    def globals(self) -> dict[str, Any]: ...
    def read(self, field: Field) -> Read: ...
    def leaf(self, leaf_type: GraphQLLeafType) -> Leaf: ...
    def object_test(self, object_type: GraphQLObjectType) -> tuple[str | None, dict[str, Any]]: ...
    def dispatch(self, abstract: GraphQLAbstractType, field: Field, name: str) -> Dispatch: ...
    def stand_in(self, selected: Mapping[str, tuple[Field, ...]]) -> str | None: ...
    def slow_leaf(self, field: Field, leaf: Leaf, nullable: bool, loose: bool) -> Function: ...
    def slow_list(self, field: Field, nullable: bool, again: Callable[[], Function] | None) -> Function: ...
    def slow_object(
        self,
        field: Field,
        object_type: GraphQLObjectType | None,
        complete: Callable[[], Function],
        nullable: bool,
        loose: bool,
    ) -> Function: ...
    def introspect(self, field: Field) -> Callable[[Any], Any]: ...


class Block:
    """Lines of one function with their indentation."""

    def __init__(self, head: str) -> None:
        self.lines = [head]
        self.depth = 1

    def add(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def nested(self, head: str) -> Block:
        """Open a nested block; leave it with `close`."""
        self.add(head)
        self.depth += 1
        return self

    def close(self) -> None:
        self.depth -= 1


class Generator:
    """Generates the functions of one operation in one dialect; `source` is what was compiled, for printing."""

    def __init__(self, shapes: Shapes, dialect: Dialect, read: frozenset[str] | None = None) -> None:
        """`read` holds the response keys of objects that have to be dicts; others are Structs. None: all are dicts."""
        self.shapes = shapes
        self.dialect = dialect
        self._read = read
        self.env: dict[str, Any] = {
            "Bubble": Bubble,
            "Later": Later,
            "MISSING": MISSING,
            "Missing": Missing,
            "CUT": CUT,
            "INFINITY": INFINITY,
            "drop_all": drop_all,
            "finish_list": finish_list,
            "finish_object": finish_object,
            "start": start,
            **dialect.globals(),
        }
        self._blocks: list[Block] = []
        self._made: dict[tuple[Any, ...], Made] = {}
        self._fills: list[tuple[Dispatch, dict[str, str]]] = []
        self._names = 0

    @property
    def source(self) -> str:
        """The generated module."""
        return "\n\n".join("\n".join(block.lines) for block in self._blocks)

    def roots(self, apart: bool) -> list[Function]:
        """The functions of the operation's root: one, or one per root field (`apart`, mutations)."""
        fields = self.shapes.root()
        groups = [(field,) for field in fields] if apart else [fields]
        made = [self._object(self.shapes.root_type, group) for group in groups]
        exec(compile(self.source, "<operation>", "exec"), self.env)  # noqa: S102 (see the module's docstring)
        for choice, members in self._fills:
            choice.fill({name: self.env[function] for name, function in members.items()})
        return [self.env[each.name] for each in made]

    def _name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"

    def _bind(self, prefix: str, value: Any) -> str:
        name = self._name(prefix)
        self.env[name] = value
        return name

    def _late(self, name: str) -> Callable[[], Function]:
        """A generated function by name, looked up once it has been compiled."""
        return lambda: self.env[name]

    def _function(self, object_type: GraphQLObjectType, nodes: tuple[FieldNode, ...]) -> Made:
        key = (object_type.name, *map(id, nodes))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._object(object_type, self.shapes.below(object_type, nodes), nodes)
        return made

    def _object(
        self, object_type: GraphQLObjectType, fields: tuple[Field, ...], nodes: tuple[FieldNode, ...] = ()
    ) -> Made:
        name = self._name("f")
        block = Block(f"def {name}(o, p, x):  # {object_type.name}")
        reads = {i: self.dialect.read(f) for i, f in enumerate(fields) if not f.name.startswith("__")}
        inner = Block("")
        inner.depth = block.depth + 1
        traits = [self._field(inner, i, field, reads.get(i)) for i, field in enumerate(fields)]
        waiting = [f"a{i}" for i, trait in enumerate(traits) if trait[1]]
        made = self._new(object_type, fields, () if waiting else nodes)
        if waiting:
            block.add(" = ".join([*waiting, "None"]))
        self._reads(block, reads)
        if waiting:
            block.add("try:")
            block.lines += inner.lines[1:]
            block.add("except Bubble:")
            block.add(f"    drop_all(({', '.join(waiting)},))")
            block.add("    raise")
            nullable = tuple(not is_non_null_type(f.definition.type) for f in fields)
            block.add(f"return finish_object({made}, {nullable!r})")
        else:
            block.lines += [line[4:] for line in inner.lines[1:]]
            block.add(f"return {made}")
        self._blocks.append(block)
        return Made(name, any(trait[0] for trait in traits), bool(waiting))

    def _new(self, object_type: GraphQLObjectType, fields: tuple[Field, ...], nodes: tuple[FieldNode, ...]) -> str:
        """What makes the object under these nodes: a dict if there are none, or if it is read."""
        values = [self._out(i, field) for i, field in enumerate(fields)]
        if self._read is None or not nodes or response_key(nodes[0]) in self._read:
            return f"{{{', '.join(f'{field.key!r}: {value}' for field, value in zip(fields, values, strict=True))}}}"
        struct = self._bind("S", struct_of(object_type.name, tuple(field.key for field in fields)))
        return f"{struct}({', '.join(values)})"

    def _out(self, index: int, field: Field) -> str:
        return repr(field.parent.name) if field.name == "__typename" else f"a{index}"

    def _reads(self, block: Block, reads: dict[int, Read]) -> None:
        inline = [(i, read) for i, read in reads.items() if read.resolver is None]
        if not inline:
            return
        block.add("try:")
        for i, read in inline:
            block.add(f"    a{i} = {read.inline}")
        block.add(f"except {self.dialect.read_error}:")
        for i, read in inline:
            block.add(f"    a{i} = {read.careful}")

    def _field(self, block: Block, index: int, field: Field, read: Read | None) -> tuple[bool, bool]:
        """Complete one field into `a<index>`; returns whether it may bubble and may come later."""
        target, path = f"a{index}", f"(p, {field.key!r})"
        if field.name == "__typename":
            return False, False
        if field.name in INTROSPECTION:
            block.add(f"{target} = {self._bind('introspect', self.dialect.introspect(field))}(x)")
            return False, False
        assert read is not None
        if read.resolver is None:
            return self._value(block, target, field.definition.type, path, field, None)
        resolver = self._bind("r", read.resolver)
        complete = self._completer(field.definition.type, field, loose=True)
        block.add(f"{target} = start({resolver}, {complete.name}, o, {path}, x)")
        return complete.bubbles, True

    def _completer(self, output: GraphQLOutputType, field: Field, loose: bool) -> Made:
        """A function that completes one value of this type; `loose`: it and its items may be awaitable."""
        name = self._name("k")
        block = Block(f"def {name}(v, p, x):")
        bubbles, later = self._value(block, "v", output, "p", field, name if loose else None)
        block.add("return v")
        self._blocks.append(block)
        return Made(name, bubbles, later or loose)

    def _value(
        self, block: Block, v: str, output: GraphQLOutputType, path: str, field: Field, loose: str | None
    ) -> tuple[bool, bool]:
        """Complete the variable `v`. `loose` names the enclosing completer when values may be awaitable."""
        nullable = not is_non_null_type(output)
        inner: Any = output.of_type if isinstance(output, GraphQLNonNull) else output
        if is_leaf_type(inner):
            self._leaf(block, v, inner, path, field, nullable, loose is not None)
            return not nullable, loose is not None
        if is_list_type(inner):
            later = self._list(block, v, inner.of_type, path, field, nullable, loose)
            return not nullable, later
        later = self._composite(block, v, inner, path, field, nullable, loose is not None)
        return not nullable, later

    def _leaf(self, block: Block, v: str, leaf_type: Any, path: str, field: Field, nullable: bool, loose: bool) -> None:
        leaf = self.dialect.leaf(leaf_type)
        self.env.update(leaf.names)
        slow = self._bind("s", self.dialect.slow_leaf(field, leaf, nullable, loose))
        present = f"{v} is not None" if nullable else "True"
        if leaf.lookup is not None:
            block.add(f"t = {self._bind('e', leaf.lookup)}.get(id({v}))")
            block.add(f"if t is not None: {v} = t")
            block.add(f"elif {present}: {v} = {slow}({v}, {path}, x)")
        elif leaf.test is not None:
            unless = f" and {v} is not None" if nullable else ""
            block.add(f"if not ({leaf.test.format(v=v)}){unless}: {v} = {slow}({v}, {path}, x)")
        else:
            block.add(f"if {present}: {v} = {slow}({v}, {path}, x)")

    def _composite(
        self, block: Block, v: str, named: Any, path: str, field: Field, nullable: bool, loose: bool
    ) -> bool:
        test, call, bubbles, later, slow = self._target(named, field, nullable, loose)
        other = f"{v} = {slow}({v}, {path}, x)"
        if test is None:
            block.add(f"if {v} is not None: {other}" if nullable else other)
            return later or loose
        block.add(f"if {test.format(v=v)}:")
        if nullable and bubbles:
            block.add(f"    try: {v} = {call}({v}, {path}, x)")
            block.add(f"    except Bubble: {v} = None")
        else:
            block.add(f"    {v} = {call}({v}, {path}, x)")
        block.add(f"elif {v} is not None: {other}" if nullable else f"else: {other}")
        return later or loose

    def _target(self, named: Any, field: Field, nullable: bool, loose: bool) -> tuple[str | None, str, bool, bool, str]:
        """For a composite type: the quick test, what to call then, its traits, and the slow way's name."""
        if not is_abstract_type(named):
            made = self._function(named, field.nodes)
            test, names = self.dialect.object_test(named)
            self.env.update(names)
            slow = self.dialect.slow_object(field, named, self._late(made.name), nullable, loose)
            return test, made.name, made.bubbles, made.later, self._bind("s", slow)
        possible = self.shapes.possible(named) or self._itself(named, field)
        made_by_type = {t.name: self._function(t, field.nodes) for t in possible}
        choice = self.dialect.dispatch(named, field, self._name("t"))
        members = {name: made.name for name, made in made_by_type.items()}
        stand_in = self.dialect.stand_in({t.name: self.shapes.below(t, field.nodes) for t in possible})
        if stand_in is not None:
            members[named.name] = members[stand_in]
        self._fills.append((choice, members))
        self.env.update(choice.names)
        slow = self.dialect.slow_object(field, None, lambda: choice.complete, nullable, loose)
        later = any(made.later for made in made_by_type.values())
        return choice.test, choice.call, True, later, self._bind("s", slow)

    def _itself(self, named: Any, field: Field) -> tuple[Any, ...]:
        """An interface that no object type implements, if its own fields can be written without a type."""
        alone: dict[str, tuple[Field, ...]] = {}
        if is_interface_type(named):
            alone[named.name] = self.shapes.below(cast("GraphQLObjectType", named), field.nodes)
        return (named,) if self.dialect.stand_in(alone) is not None else ()

    def _list(
        self, block: Block, v: str, item: Any, path: str, field: Field, nullable: bool, loose: str | None
    ) -> bool:
        again = self._late(loose) if loose else None
        slow = self._bind("s", self.dialect.slow_list(field, nullable, again))
        listed = self.dialect.list_test.format(v=v)
        unless = f" and {v} is not None" if nullable else ""
        block.add(f"if not ({listed}){unless}: {v} = {slow}({v}, {path}, x)")
        closing = 0
        if nullable:
            block.nested(f"if {v} is not None:")
            closing += 1
        if loose:
            block.nested(f"if {v}.__class__ is not Later:")
            closing += 1
        later = self._items(block, v, item, path, field, nullable, loose is not None)
        for _ in range(closing):
            block.close()
        return later or loose is not None

    def _items(self, block: Block, v: str, item: Any, path: str, field: Field, nullable: bool, loose: bool) -> bool:
        probe = Block("")
        probe.depth = block.depth + 2
        bubbles, later = self._item(probe, item, field, loose)
        block.add(f"q = {path}")
        block.add("r = []")
        guarded = bubbles and (nullable or later)
        if guarded:
            block.nested("try:")
        block.add(f"for i, y in enumerate({v}):")
        block.lines += probe.lines[1:] if guarded else [line[4:] for line in probe.lines[1:]]
        block.add("    r.append(y)")
        done = f"finish_list(r, {not is_non_null_type(item)})" if later else "r"
        block.add(f"{v} = {done}")
        if guarded:
            block.close()
            block.nested("except Bubble:")
            if later:
                block.add("drop_all(r)")
            block.add(f"{v} = None" if nullable else "raise")
            block.close()
        return later

    def _item(self, block: Block, item: Any, field: Field, loose: bool) -> tuple[bool, bool]:
        inner = item.of_type if isinstance(item, GraphQLNonNull) else item
        if is_list_type(inner):
            made = self._completer(item, field, loose)
            block.add(f"y = {made.name}(y, (q, i), x)")
            return made.bubbles, made.later
        if is_leaf_type(inner):
            self._leaf(block, "y", inner, "(q, i)", field, item is inner, loose)
            return item is not inner, loose
        later = self._composite(block, "y", inner, "(q, i)", field, item is inner, loose)
        return item is not inner, later
