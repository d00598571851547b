"""Composer, planner and executor together, over four subgraphs in this process; a single schema is the oracle."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from graphql import build_schema, execute_sync, parse, validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.federation import prepared as preparing
from gateway.federation.execute import Executor, Outcome
from gateway.federation.fetcher import FetchFailure, SubgraphRequest, SubgraphResponse
from resolvers.sources.upstream import Failure
from tests.federation.shop import HEAVY, PRODUCTS, QUERY, REVIEWS, USERS, Shop, review
from tests.federation.wire import OnWire

SHOP = Shop()
MONOLITH = build_schema(
    """
    type Query { users: [User] me: User topProducts(first: Int! = 5): [Product] reviewCount: Int! stocked: Int! }
    type User { id: ID! name: String username: String reviews: [Review] }
    type Product {
      upc: String! name: String price: Int weight: Int inStock: Boolean shippingEstimate: Int reviews: [Review]
    }
    type Review { id: ID! body: String author: User product: Product }
    """
)


def user(number: int) -> dict[str, Any]:
    name = USERS[number - 1]
    return {
        "id": str(number),
        "name": name,
        "username": name.lower(),
        "reviews": lambda *_: [one_review(1), one_review(2)],
    }


def product(number: int) -> dict[str, Any]:
    name, price, weight, stocked = PRODUCTS[number - 1]
    return {
        "upc": str(number),
        "name": name,
        "price": price,
        "weight": weight,
        "inStock": stocked,
        "shippingEstimate": 0 if price > HEAVY else weight // 2,
        "reviews": lambda *_: [one_review(i + 1) for i, (_, upc) in enumerate(REVIEWS) if upc == number],
    }


def one_review(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "body": review(number).body,
        "author": lambda *_: user(1),
        "product": lambda *_: product(REVIEWS[number - 1][1]),
    }


ROOT = {
    "users": [user(index + 1) for index in range(len(USERS))],
    "me": user(1),
    "topProducts": lambda _info, first: [product(index + 1) for index in range(first)],
    "reviewCount": len(REVIEWS),
    "stocked": sum(each[3] for each in PRODUCTS),
}


async def ask(query: str, variables: dict[str, Any] | None = None, executor: Executor | None = None) -> Outcome:
    """The outcome; once more with answers read off the wire, where it must be the same on a typed tree."""
    prepared, executor = SHOP.prepare(query), executor or SHOP.executor()
    outcome = await executor.run(prepared, variables or {}, None)
    wired = {name: OnWire(fetcher) for name, fetcher in executor.fetchers.items()}
    with patch.object(preparing, "AGAIN", 0):
        typed = await Executor(wired).run(prepared, variables or {}, None, encodable=True)
    assert msgspec.to_builtins(typed.data) == outcome.data
    assert {(error.path, error.code) for error in typed.errors} == {
        (error.path, error.code) for error in outcome.errors
    }
    assert sum(each.typed for each in wired.values()) or outcome.errors or not outcome.fetched
    return outcome


def expected(query: str, variables: dict[str, Any] | None = None) -> Any:
    result = execute_sync(MONOLITH, parse(query), ROOT, variable_values=variables)
    assert not result.errors
    return result.data


async def test_the_benchmark_query_is_answered_in_seven_fetches() -> None:
    outcome = await ask(QUERY)
    assert outcome.errors == []
    assert outcome.data == expected(QUERY)
    assert len(outcome.fetched) == 7


LEAVES = {
    "User": ["id", "name", "username", "n:name", "__typename"],
    "Product": ["upc", "name", "price", "inStock", "shippingEstimate", "s:shippingEstimate", "weight", "__typename"],
    "Review": ["id", "body", "__typename"],
}
BELOW = {
    "User": [("reviews", "Review")],
    "Product": [("reviews", "Review"), ("r:reviews", "Review")],
    "Review": [("author", "User"), ("product", "Product"), ("p:product", "Product")],
}
ROOTS = [("users", "User"), ("me", "User"), ("topProducts", "Product"), ("two:topProducts(first:$n)", "Product")]
CONDITIONS = st.sampled_from(["", "", "", "@include(if:$a)", "@skip(if:$a)", "@include(if:$b)"])


@st.composite
def selections(draw: st.DrawFn, typename: str, depth: int) -> str:
    parts = [
        f"{leaf}{draw(CONDITIONS)}"
        for leaf in draw(st.lists(st.sampled_from(LEAVES[typename]), min_size=1, max_size=4))
    ]
    for field, below in BELOW[typename] if depth else []:
        if draw(st.booleans()):
            inner = f"{field}{draw(CONDITIONS)}{{{draw(selections(below, depth - 1))}}}"
            parts.append(f"...on {typename}{draw(CONDITIONS)}{{{inner}}}" if draw(st.booleans()) else inner)
    return " ".join(draw(st.permutations(parts)))


@st.composite
def queries(draw: st.DrawFn) -> str:
    roots = draw(st.lists(st.sampled_from(ROOTS), min_size=1, max_size=3, unique=True))
    body = " ".join(f"{field}{draw(CONDITIONS)}{{{draw(selections(name, 3))}}}" for field, name in roots)
    return f"query($a:Boolean!,$b:Boolean!,$n:Int! = 2){{{body}}}"


@settings(max_examples=60, deadline=None)
@given(queries(), st.booleans(), st.booleans())
async def test_any_query_is_answered_as_by_one_schema(query: str, a: bool, b: bool) -> None:
    assume(not validate(MONOLITH, parse(query)))
    given_variables = {"a": a, "b": b, "n": 2}
    outcome = await ask(query, given_variables)
    assert outcome.errors == []
    assert outcome.data == expected(query, given_variables)


@pytest.mark.parametrize("a", [True, False])
async def test_objects_that_are_asked_for_apart_stay_apart(a: bool) -> None:
    """`product` and `p` are sent alike to one subgraph and apart to another: neither may take the other's place."""
    reviews = "r:reviews{product{inStock s:shippingEstimate} p:product{shippingEstimate@skip(if:$a) inStock}}"
    query = f"query($a:Boolean!){{two:topProducts(first:2){{upc {reviews}}}}}"
    outcome = await ask(query, {"a": a})
    assert outcome.data == expected(query, {"a": a})


class Dead:
    """A subgraph that never answers."""

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        raise FetchFailure(Failure.TIMED_OUT)


def nulls(whole: Any, left: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value of the whole answer is missing from what is left of it."""
    if left is None:
        return [] if whole is None else [path]
    if isinstance(whole, dict):
        return [lost for key, value in whole.items() for lost in nulls(value, left[key], (*path, key))]
    if isinstance(whole, list):
        pairs = enumerate(zip(whole, left, strict=True))
        return [lost for index, (value, rest) in pairs for lost in nulls(value, rest, (*path, index))]
    assert whole == left
    return []


@pytest.mark.parametrize("dead", ["accounts", "products", "inventory", "reviews"])
async def test_a_dead_subgraph_costs_its_values_and_each_has_an_error(dead: str) -> None:
    executor = Executor({**SHOP.fetchers, dead: Dead()})
    outcome = await ask(QUERY, executor=executor)
    lost = nulls(expected(QUERY), outcome.data)
    assert lost
    assert {error.path for error in outcome.errors} == set(lost)
    assert {(error.code, error.service) for error in outcome.errors} == {("SOURCE_TIMEOUT", dead)}


@settings(max_examples=40, deadline=None)
@given(queries(), st.sampled_from(["accounts", "products", "inventory", "reviews"]))
async def test_no_value_is_ever_lost_silently(query: str, dead: str) -> None:
    assume(not validate(MONOLITH, parse(query)))
    given_variables = {"a": True, "b": True, "n": 2}
    outcome = await ask(query, given_variables, Executor({**SHOP.fetchers, dead: Dead()}))
    assert {error.path for error in outcome.errors} == set(nulls(expected(query, given_variables), outcome.data))
