"""Typed trees answer as dicts do, and as one schema does, over random subgraphs that answer in any order."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.federation import prepared as preparing
from gateway.federation.execute import Executor, Outcome
from gateway.federation.planner import Planner
from gateway.federation.prepared import Prepared
from tests.federation.random_shop import RandomShop
from tests.federation.wire import OnWire

SHOPS = 150
ORDERS = 3
"""Times that a query is asked, with answers in another order each."""
FIELDS = 30
"""Fields of a query, or a few more."""


@lru_cache(maxsize=SHOPS)
def shop_of(seed: int) -> tuple[RandomShop, Planner]:
    shop = RandomShop(seed)
    return shop, Planner(shop.supergraph)


DEPTH = 5


class Queries:
    """Random queries that ask for the same things at many places."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.left = FIELDS
        self.often: dict[str, tuple[list[str], list[str]]] = {}

    def query(self, root: GraphQLObjectType) -> str:
        body = self.selection(root, DEPTH)
        declared = [
            f"${name}:{of}!" for name, of in (("a", "Boolean"), ("b", "Boolean"), ("n", "Int")) if f"${name}" in body
        ]
        return f"query({','.join(declared)}){body}" if declared else body

    def twins(self, root: GraphQLObjectType) -> str:
        """As `query`, where the same way is gone from several places, and something else asked at each of its ends."""
        roots = [name for name, field in root.fields.items() if not is_leaf_type(get_named_type(field.type))]
        return f"{{{' '.join(f'r{n}:{self.way(root, self.random.choice(roots), 5)}' for n in range(3))}}}"

    def way(self, parent: GraphQLObjectType, name: str, depth: int) -> str:
        below = get_named_type(parent.fields[name].type)
        assert isinstance(below, GraphQLObjectType)
        if below.name not in self.often:
            fields = {each: is_leaf_type(get_named_type(field.type)) for each, field in below.fields.items()}
            links = [each for each, leaf in fields.items() if not leaf]
            self.often[below.name] = links and [self.random.choice(links)], [each for each in fields if fields[each]]
        (*on,), leaves = self.often[below.name]
        found = [self.random.choice(leaves)] if leaves and (self.random.random() < 0.5 or depth == 1) else []
        found += [self.way(below, each, depth - 1) for each in on if depth > 1]
        return f"{name}{{{' '.join(found) or '__typename'}}}"

    def selection(self, parent: GraphQLObjectType, depth: int) -> str:
        random = self.random
        chosen = [self.name(parent) for _ in range(random.randint(1, 3) + (depth == DEPTH))]
        parts = [self.field(parent, name, depth) for name in chosen if self.left > 0]
        if random.random() < 0.15:
            parts.append(random.choice(("__typename", "t:__typename")))
        if random.random() < 0.15:
            parts.append(f"...on {parent.name}{self.condition()}{self.selection(parent, depth)}")
        return f"{{{' '.join(filter(None, parts)) or '__typename'}}}"

    def name(self, parent: GraphQLObjectType) -> str:
        """A field, often the same ones: so that one answer's objects stand at many places."""
        if parent.name not in self.often:
            names = list(parent.fields)
            links = [name for name in names if not is_leaf_type(get_named_type(parent.fields[name].type))]
            few = self.random.sample(links, min(len(links), self.random.choice((1, 1, 1, 2))))
            self.often[parent.name] = few, names
        few, names = self.often[parent.name]
        return self.random.choice(few if few and self.random.random() < 0.6 else names)

    def field(self, parent: GraphQLObjectType, name: str, depth: int) -> str:
        field, random = parent.fields[name], self.random
        self.left -= 1
        below = get_named_type(field.type)
        alias = random.choice(("", "", "", "p", "p", "q"))
        argument = {"": "", "p": "(n:$n)", "q": "(n:2)"}[alias] if field.args else ""
        shown = f"{f'{alias}_{name}:' if alias else ''}{name}{argument}{self.condition()}"
        if is_leaf_type(below):
            return shown
        assert isinstance(below, GraphQLObjectType)
        return f"{shown}{self.selection(below, depth - 1)}" if depth else ""

    def condition(self) -> str:
        return self.random.choice([""] * 12 + ["@include(if:$a)", "@skip(if:$a)", "@include(if:$b)"])


class Seen:
    """What happened in a comparison: `typed` counts answers read as Structs."""

    def __init__(self) -> None:
        self.typed = self.clean = 0


async def compare(seed: int, query: str, order: int, *, ragged: bool, variables: dict[str, Any]) -> Seen:
    """One query on dicts and, with answers in several orders, on typed trees; without raggedness by one schema too."""
    shop, planner = shop_of(seed)
    seen = Seen()
    document = parse(query)
    prepared = Prepared(planner.plan(document), shop.schema, document)
    random = Random(order)
    outcome = await Executor(shop.fetchers(random, ragged=ragged)).run(prepared, variables, None)
    if not ragged:
        assert outcome.errors == []
        assert outcome.data == shop.truth(query, variables)
    seen.clean += not outcome.errors
    for _ in range(ORDERS):
        wired = {name: OnWire(each) for name, each in shop.fetchers(random, ragged=ragged).items()}
        with patch.object(preparing, "AGAIN", 0):
            typed = await Executor(wired).run(prepared, variables, None, encodable=True)
        assert msgspec.to_builtins(typed.data) == outcome.data
        assert places(typed) == places(outcome)
        seen.typed += sum(each.typed for each in wired.values())
    return seen


def places(outcome: Outcome) -> list[str]:
    return sorted(f"{error.path} {error.code} {error.service}" for error in outcome.errors)


def drawn(seed: int, query_seed: int) -> str | None:
    shop, _ = shop_of(seed)
    root = shop.schema.query_type
    assert root is not None
    random = Random(query_seed)
    query = Queries(random).twins(root) if query_seed % 3 == 0 else Queries(random).query(root)
    return None if validate(shop.schema, parse(query)) else query


@pytest.mark.parametrize("ragged", [False, True])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, SHOPS - 1), query_seed=st.integers(0, 2**32), a=st.booleans(), b=st.booleans())
async def test_typed_trees_answer_as_dicts_do(ragged: bool, seed: int, query_seed: int, a: bool, b: bool) -> None:
    query = drawn(seed, query_seed)
    if query is not None:
        await compare(seed, query, query_seed, ragged=ragged, variables={"a": a, "b": b, "n": 2})
