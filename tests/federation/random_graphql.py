"""Random schemas, data and operations, for comparing our execution with graphql-core's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from gateway.federation.invoke import Attribute


class Colour(Enum):
    RED = 1
    BLUE = 2


COLOUR = GraphQLEnumType("Colour", Colour)
LEAVES: tuple[Any, ...] = (GraphQLString, GraphQLInt, GraphQLFloat, GraphQLBoolean, GraphQLID, COLOUR)
VALUES: dict[str, tuple[Any, ...]] = {
    "String": ("text", "", 5, True, ["no"], {"no": 1}, 2.5),
    "Int": (1, -7, 2**40, "3", "x", 2.0, 2.5, True),
    "Float": (1.5, 2, float("nan"), float("inf"), "1.5", "x"),
    "Boolean": (True, False, 1, "x"),
    "ID": ("a", 3, 2.5, True, ["no"]),
    "Colour": (Colour.RED, Colour.BLUE, "RED", 9, [1]),
}
MAX_DEPTH = 4


class Thing:
    """An object of the data; its class is that of its type."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Any:
        if name not in self.values:
            raise AttributeError(name)
        value = self.values[name]
        if isinstance(value, Raises):
            raise value.error
        return value


@dataclass
class Raises:
    """A value whose reading fails."""

    error: Exception


@dataclass
class World:
    """One random schema with data for it."""

    random: Random
    asynchronous: bool
    strict: bool
    objects: list[GraphQLObjectType] = field(default_factory=list)
    abstract: list[Any] = field(default_factory=list)
    kinds: dict[tuple[str, str], str] = field(default_factory=dict)
    classes: dict[str, type[Thing]] = field(default_factory=dict)

    def build(self) -> GraphQLSchema:
        random = self.random
        shared = {"shared": GraphQLField(self._wrap(random.choice(LEAVES)))}
        node = GraphQLInterfaceType("Node", shared, resolve_type=self._resolve_type)
        names = ["A", "B", "C"]
        for name in names:
            implements = [node] if name != "C" else []
            self.classes[name] = type(name, (Thing,), {})
            self.objects.append(
                GraphQLObjectType(
                    name,
                    lambda name=name: self._fields(name, shared if name != "C" else {}),
                    interfaces=implements,
                    is_type_of=self._is_type_of(name) if random.random() < 0.3 else None,
                )
            )
        union = GraphQLUnionType("Any", self.objects[1:], resolve_type=self._resolve_type)
        self.abstract = [node, union]
        self.classes["Query"] = type("Query", (Thing,), {})
        query = GraphQLObjectType("Query", lambda: self._fields("Query", {}))
        return GraphQLSchema(query, types=[*self.objects, union])

    def _resolve_type(self, value: Any, _info: Any, _type: Any) -> str:
        return type(value).__name__

    def _is_type_of(self, name: str) -> Any:
        return lambda value, _info: type(value).__name__ == name

    def _wrap(self, named: Any) -> Any:
        random = self.random
        wrapped = GraphQLNonNull(named) if self.strict and random.random() < 0.35 else named
        for _ in range(2):
            if random.random() < 0.3:
                wrapped = GraphQLList(wrapped)
                if self.strict and random.random() < 0.3:
                    wrapped = GraphQLNonNull(wrapped)
        return wrapped

    def _fields(self, owner: str, shared: dict[str, GraphQLField]) -> dict[str, GraphQLField]:
        random = self.random
        made: dict[str, GraphQLField] = {}
        for name, given in shared.items():
            made[name] = self._field(owner, name, given.type)
        for index in range(random.randint(2, 5)):
            named = random.choice([random.choice(LEAVES), random.choice([*self.objects, *self.abstract])])
            name = f"{owner.lower()}{index}"
            made[name] = self._field(owner, name, self._wrap(named))
        arguments = {
            "n": GraphQLArgument(GraphQLInt, default_value=3),
            "c": GraphQLArgument(GraphQLList(COLOUR)),
        }
        made[f"{owner.lower()}_args"] = GraphQLField(GraphQLString, arguments, _echo)
        return made

    def _field(self, owner: str, name: str, output: Any) -> GraphQLField:
        kinds = ["attribute", "resolver", "default"] + (["coroutine", "future"] if self.asynchronous else [])
        kind = self.kinds[owner, name] = self.random.choice(kinds)
        resolve: Any = {"attribute": Attribute(name), "default": None}.get(kind, _resolver(name, kind))
        return GraphQLField(output, resolve=resolve)

    def data(self, schema: GraphQLSchema) -> Thing:
        query = schema.query_type
        assert query is not None
        return self._thing(query, 0)

    def _thing(self, object_type: GraphQLObjectType, depth: int) -> Thing:
        values = {}
        for name, made in object_type.fields.items():
            if not name.endswith("_args"):
                values[name] = self._value(made.type, depth, self.kinds[object_type.name, name])
        return self.classes[object_type.name](values)

    def _value(self, output: Any, depth: int, kind: str) -> Any:
        random = self.random
        chance = random.random()
        if chance < 0.06:
            return None
        if chance < 0.10:
            return Raises(ValueError("raised")) if kind != "default" else ValueError("returned")
        if chance < 0.12:
            return "odd"
        return self._inside(output.of_type if is_non_null_type(output) else output, depth)

    def _inside(self, output: Any, depth: int) -> Any:
        random = self.random
        if is_list_type(output):
            size = random.randint(0, 3) if depth < MAX_DEPTH else 0
            items = [self._item(output.of_type, depth) for _ in range(size)]
            return random.choice([list, tuple])(items)
        if is_leaf_type(output):
            good, *rest = VALUES[output.name]
            return good if random.random() < 0.7 else random.choice([good, *rest])
        if depth >= MAX_DEPTH:
            return None
        if is_abstract_type(output):
            possible = self.objects[:2] if output.name == "Node" else self.objects[1:]
            if random.random() < 0.05:
                possible = self.objects
            output = random.choice(possible)
        return self._thing(output, depth + 1)

    def _item(self, output: Any, depth: int) -> Any:
        if self.random.random() < 0.08:
            return self.random.choice([None, ValueError("item")])
        return self._inside(output.of_type if is_non_null_type(output) else output, depth)


def _echo(_source: Any, _info: Any, **arguments: Any) -> str:
    return repr(sorted(arguments.items(), key=str))


def _resolver(name: str, kind: str) -> Any:
    def plain(source: Thing, _info: Any) -> Any:
        return getattr(source, name)

    async def coroutine(source: Thing, _info: Any) -> Any:
        await asyncio.sleep(0)
        return getattr(source, name)

    def future(source: Thing, _info: Any) -> Any:
        value = source.values[name]
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if isinstance(value, Raises):
            waiting.set_exception(value.error)
        else:
            waiting.set_result(value)
        return waiting

    return {"coroutine": coroutine, "future": future}.get(kind, plain)


class Operations:
    """Random operations over a schema."""

    def __init__(self, random: Random, schema: GraphQLSchema) -> None:
        self.random = random
        self.schema = schema
        self.fragments: list[str] = []

    def operation(self) -> str:
        assert self.schema.query_type is not None
        body = self._selection(self.schema.query_type, 0)
        head = "query($a:Boolean!,$b:Boolean=true,$n:Int,$c:[Colour])"
        return f"{head}{body} {' '.join(self.fragments)}"

    def _selection(self, named: Any, depth: int) -> str:
        random = self.random
        parts: list[str] = []
        for _ in range(random.randint(1, 5)):
            parts.append(self._part(named, depth))
        return "{" + " ".join(parts) + "}"

    def _part(self, named: Any, depth: int) -> str:
        random = self.random
        if random.random() < 0.1:
            return random.choice(["__typename", "kind:__typename"])
        if random.random() < 0.3 and depth < MAX_DEPTH:
            return self._fragment(named, depth)
        fields = getattr(named, "fields", {})
        usable = [(name, made) for name, made in fields.items() if depth < MAX_DEPTH or is_leaf_type(_named(made.type))]
        if not usable:
            return "__typename"
        name, made = random.choice(usable)
        inner = _named(made.type)
        alias, arguments = "", ""
        if name.endswith("_args"):
            pick = random.randint(0, 4)
            arguments = ["", "(n:$n)", "(n:5,c:[RED])", "(c:$c)", "(c:[BLUE,$x])".replace(",$x", "")][pick]
            alias = f"{name}{pick}:"
        elif random.random() < 0.3:
            alias = f"{name}x:"
        below = "" if is_leaf_type(inner) else self._selection(inner, depth + 1)
        return f"{alias}{name}{arguments}{self._directive()}{below}"

    def _directive(self) -> str:
        if self.random.random() < 0.75:
            return ""
        name = self.random.choice(["skip", "include"])
        return f"@{name}(if:{self.random.choice(['$a', '$b', 'true', 'false'])})"

    def _fragment(self, named: Any, depth: int) -> str:
        random = self.random
        targets = [named]
        if is_abstract_type(named):
            targets += self.schema.get_possible_types(named)
        elif getattr(named, "interfaces", ()):
            targets += named.interfaces
        target = random.choice(targets)
        body = self._selection(target, depth + 1)
        if random.random() < 0.5:
            condition = f" on {target.name}" if target is not named or random.random() < 0.5 else ""
            return f"...{condition}{self._directive()}{body}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {target.name}{body}")
        again = f" ...{name}{self._directive()}" if random.random() < 0.3 else ""
        return f"...{name}{self._directive()}{again}"


def _named(output: Any) -> Any:
    while hasattr(output, "of_type"):
        output = output.of_type
    return output
