"""Random operations over an API schema: fields, aliases, fragments, arguments, conditions."""

from __future__ import annotations

import random

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


def random_operation(schema: GraphQLSchema, rng: random.Random, *, depth: int = 4) -> tuple[str, dict[str, bool]]:
    """An operation as text, and values for the variables of its conditions."""
    maker = _Maker(schema, rng)
    assert schema.query_type is not None
    body = maker.selection(schema.query_type, depth)
    values = {f"v{i}": rng.random() < 0.5 for i in range(maker.variables)}
    declared = f"({', '.join(f'${name}: Boolean!' for name in values)})" if values else ""
    return f"query Random{declared} {body}", values


class _Maker:
    def __init__(self, schema: GraphQLSchema, rng: random.Random) -> None:
        self.schema = schema
        self.rng = rng
        self.variables = 0
        self.aliases = 0

    def selection(self, parent: Composite, depth: int) -> str:
        parts = []
        if not isinstance(parent, GraphQLUnionType):
            parts = [text for name in self._names(parent) if (text := self._field(parent, name, depth))]
        if not isinstance(parent, GraphQLObjectType) and (not parts or self.rng.random() < 0.7):
            for member in self._members(parent):
                if self.rng.random() < 0.6:
                    parts.append(f"... on {member.name}{self._condition()} {self.selection(member, depth)}")
        if self.rng.random() < 0.2 or not parts:
            parts.append("__typename")
        return f"{{ {' '.join(parts)} }}"

    def _names(self, parent: GraphQLObjectType | GraphQLInterfaceType) -> list[str]:
        names = list(parent.fields)
        count = self.rng.randint(1, min(5, len(names)))
        return self.rng.sample(names, count)

    def _members(self, parent: Composite) -> list[GraphQLObjectType | GraphQLInterfaceType]:
        members: list[GraphQLObjectType | GraphQLInterfaceType] = list(self.schema.get_possible_types(parent))
        if isinstance(parent, GraphQLInterfaceType):
            members.extend(self.schema.get_implementations(parent).interfaces)
        return members

    def _field(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str, depth: int) -> str:
        field = parent.fields[name]
        named = get_named_type(field.type)
        below = ""
        if not is_leaf_type(named):
            if depth == 0:
                return ""
            below = " " + self.selection(named, depth - 1)  # type: ignore[arg-type]
        arguments = [
            f"{key}: {literal(argument.type)}"
            for key, argument in field.args.items()
            if is_non_null_type(argument.type)
        ]
        alias = ""
        if self.rng.random() < 0.1 or arguments or not is_object_type(parent):
            self.aliases += 1  # fragments may clash in type or arguments: keep response keys apart
            alias = f"a{self.aliases}: " if self.rng.random() < 0.5 or arguments else ""
        given = f"({', '.join(arguments)})" if arguments else ""
        return alias + name + given + self._condition() + below

    def _condition(self) -> str:
        if self.rng.random() > 0.08:
            return ""
        self.variables += 1
        return f" @{self.rng.choice(['include', 'skip'])}(if: $v{self.variables - 1})"


def literal(given: object) -> str:
    """Some value of an input type."""
    if is_non_null_type(given):
        return literal(given.of_type)
    if is_list_type(given):
        return f"[{literal(given.of_type)}]"
    if is_enum_type(given):
        return next(iter(given.values))
    if is_input_object_type(given):
        assert isinstance(given, GraphQLInputObjectType)
        inner = [f"{n}: {literal(f.type)}" for n, f in given.fields.items() if is_non_null_type(f.type)]
        return f"{{{', '.join(inner)}}}"
    return {"Int": "1", "Float": "1.5", "Boolean": "true"}.get(getattr(given, "name", ""), '"x"')
