"""The scenario's one right answer: graphql-core over one schema, with no gateway between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphql import build_schema, graphql_sync

from bench.federation.shop import PRODUCTS, REVIEWS, USERS, Row, product_of, shipping

QUERY = Path(__file__).with_name("scenario.graphql").read_text("utf-8")

_SDL = """
    type Query { users: [User] topProducts(first: Int = 5): [Product] }
    type User { id: ID! name: String username: String reviews: [Review] }
    type Review { id: ID! body: String product: Product author: User }
    type Product { upc: String! name: String price: Int weight: Int inStock: Boolean shippingEstimate: Int reviews: [Review] }
"""


def _user(row: Row) -> Row:
    return {**row, "reviews": lambda _: [_review(each) for each in REVIEWS[:2]]}


def _review(row: Row) -> Row:
    about = product_of(row["upc"])
    assert about is not None
    return {**row, "author": lambda _: _user(USERS[0]), "product": lambda _: _product(about)}


def _product(row: Row) -> Row:
    found = [each for each in REVIEWS if each["upc"] == row["upc"]]
    cost = shipping(row["price"], row["weight"])
    return {**row, "shippingEstimate": cost, "reviews": lambda _: [_review(each) for each in found]}


def expected() -> Any:
    """The answer's `data`."""
    root = {
        "users": [_user(row) for row in USERS],
        "topProducts": lambda _, first: [_product(row) for row in PRODUCTS[:first]],
    }
    result = graphql_sync(build_schema(_SDL), QUERY, root)
    if result.errors:
        raise ValueError(str(result.errors))
    return result.data
