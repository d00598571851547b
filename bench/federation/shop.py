"""The shop of the public gateway benchmark's scenario, with made-up contents: four subgraphs and the right answer.

Six users, nine products, eleven reviews. As there, every review is by the first user, who has the first two reviews,
and the shipping estimate, which requires price and weight, is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from graphql import GraphQLSchema, build_schema, graphql_sync

Row = dict[str, Any]
Entity = Callable[[Row], Row | None]

SDL = {
    "accounts": """
extend type Query { me: User user(id: ID!): User users: [User] }
type User @key(fields: "id") { id: ID! name: String username: String birthday: Int }
""",
    "products": """
extend type Query { topProducts(first: Int = 5): [Product] }
type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }
""",
    "inventory": """
extend type Product @key(fields: "upc") {
  upc: String! @external
  weight: Int @external
  price: Int @external
  inStock: Boolean
  shippingEstimate: Int @requires(fields: "price weight")
}
""",
    "reviews": """
type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
extend type User @key(fields: "id") { id: ID! @external username: String @external reviews: [Review] }
extend type Product @key(fields: "upc") { upc: String! @external reviews: [Review] }
""",
}
MACHINERY = """
scalar _Any
scalar _FieldSet
type _Service { sdl: String }
union _Entity = %s
directive @key(fields: _FieldSet!) repeatable on OBJECT | INTERFACE
directive @external on FIELD_DEFINITION
directive @requires(fields: _FieldSet!) on FIELD_DEFINITION
directive @provides(fields: _FieldSet!) on FIELD_DEFINITION
%s { _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
"""
MERGED = """
type Query { users: [User] topProducts(first: Int = 5): [Product] }
type User { id: ID! name: String username: String birthday: Int reviews: [Review] }
type Product { upc: String! name: String price: Int weight: Int inStock: Boolean shippingEstimate: Int reviews: [Review] }
type Review { id: ID! body: String product: Product author: User }
"""

PEOPLE = ("Mina Hartwell", "Tom Adeyemi", "Lea Brandt", "Raj Puri", "Ines Okafor", "Kit Marlowe")
WARES = (
    ("Shelf", 899, 100),
    ("Carpet", 1299, 1000),
    ("Bowl", 15, 20),
    ("Clock", 499, 100),
    ("Heater", 1299, 1000),
    ("Mirror", 6999, 300),
    ("Smoker", 3999, 2000),
    ("Freezer", 100000, 6000),
    ("Chaise", 9999, 800),
)
LENGTHS = ((445, 1), (289, 1), (275, 1), (143, 1), (445, 2), (289, 2), (275, 2), (143, 2), (143, 3), (143, 4), (844, 4))
WORDS = "table lamp north window river stone garden copper linen harbour meadow candle".split()


def _prose(seed: int, length: int) -> str:
    pick = Random(seed).choice
    return " ".join(pick(WORDS) for _ in range(length // 4))[: length - 1] + "."


USERS = [
    {"id": str(n), "name": name, "username": name.lower().replace(" ", ""), "birthday": 10**9 + n}
    for n, name in enumerate(PEOPLE, 1)
]
PRODUCTS = [
    {"upc": str(n), "name": name, "price": price, "weight": weight} for n, (name, price, weight) in enumerate(WARES, 1)
]
STOCK = [{"upc": str(n), "inStock": n % 3 == 1} for n in range(1, len(WARES) + 1)]
REVIEWS = [{"id": str(n), "body": _prose(n, length), "upc": str(upc)} for n, (length, upc) in enumerate(LENGTHS, 1)]


def _find(rows: list[Row], key: str, value: Any) -> Row | None:
    return next((row for row in rows if row[key] == str(value)), None)


def _review(row: Row) -> Row:
    return {
        "__typename": "Review",
        "id": row["id"],
        "body": row["body"],
        "product": lambda _info: _reviewed(row["upc"]),
        "author": lambda _info: _author(),
    }


def _author() -> Row:
    return {"id": "1", "username": USERS[0]["username"], "reviews": lambda _info: [_review(row) for row in REVIEWS[:2]]}


def _reviewed(upc: str) -> Row:
    return {"upc": upc, "reviews": lambda _info: [_review(row) for row in REVIEWS if row["upc"] == upc]}


def _reviewing(key: Row) -> Row:
    user = _find(USERS, "id", key["id"]) or {}
    return {**_author(), "id": key["id"], "username": user.get("username")}


def _one_review(key: Row) -> Row | None:
    row = _find(REVIEWS, "id", key["id"])
    return row and _review(row)


ENTITIES: Mapping[str, Mapping[str, Entity]] = {
    "accounts": {"User": lambda key: _find(USERS, "id", key["id"])},
    "products": {"Product": lambda key: _find(PRODUCTS, "upc", key["upc"])},
    "inventory": {"Product": lambda key: _find(STOCK, "upc", key["upc"])},
    "reviews": {"User": _reviewing, "Product": lambda key: _reviewed(key["upc"]), "Review": _one_review},
}
ROOTS: Mapping[str, Row] = {
    "accounts": {
        "me": USERS[0],
        "users": USERS,
        "user": lambda _info, id: _find(USERS, "id", id),
    },
    "products": {"topProducts": lambda _info, first: PRODUCTS[:first]},
    "inventory": {},
    "reviews": {},
}


def schema(name: str) -> GraphQLSchema:
    """A subgraph's executable schema."""
    own = SDL[name].replace("extend type", "type")
    head = "extend type Query" if "type Query" in own else "type Query"
    return build_schema(own + MACHINERY % (" | ".join(ENTITIES[name]), head))


def root(name: str) -> Row:
    """A subgraph's root value."""

    def entities(_info: Any, representations: list[Row]) -> list[Row | None]:
        found = [(each["__typename"], ENTITIES[name][each["__typename"]](each)) for each in representations]
        return [{**row, "__typename": typename} if row else None for typename, row in found]

    return {**ROOTS[name], "_service": {"sdl": SDL[name]}, "_entities": entities}


def answer(query: str) -> Any:
    """The right answer to a query, from one schema of everything."""

    def product(row: Row) -> Row:
        stock = _find(STOCK, "upc", row["upc"]) or {}
        return {
            **row,
            "inStock": stock["inStock"],
            "reviews": lambda _info: [review(each) for each in REVIEWS if each["upc"] == row["upc"]],
        }

    def review(row: Row) -> Row:
        return {
            **row,
            "product": lambda _info: product(_find(PRODUCTS, "upc", row["upc"]) or {}),
            "author": lambda _info: user(USERS[0]),
        }

    def user(row: Row) -> Row:
        return {**row, "reviews": lambda _info: [review(each) for each in REVIEWS[:2]]}

    roots = {
        "users": lambda _info: [*map(user, USERS)],
        "topProducts": lambda _info, first: [*map(product, PRODUCTS[:first])],
    }
    result = graphql_sync(build_schema(MERGED), query, roots)
    if result.errors:
        raise result.errors[0]
    return result.data
