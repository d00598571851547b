"""The scenario's four subgraphs in one process: any query is answered, each distinct one worked out once.

    python -m bench.federation.subgraphs PORT

`POST /accounts /inventory /products /reviews`. An answer is executed by graphql-core when its body is first seen and
served as ready bytes from then on, so that a gateway never waits for a subgraph's work. The SDL is Federation 1,
which every gateway reads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from graphql import GraphQLSchema, GraphQLUnionType, build_schema, graphql_sync

from bench.federation.shop import PRODUCTS, REVIEWS, USERS, Row, product_of, review_of, shipping, user_of
from bench.server import Answer, serve, wire
from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput

KEPT = 10_000

SDL = {
    "accounts": """
        extend type Query { me: User user(id: ID!): User users: [User] }
        type User @key(fields: "id") { id: ID! name: String username: String birthday: Int }
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
    "products": """
        extend type Query { topProducts(first: Int = 5): [Product] }
        type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }
    """,
    "reviews": """
        type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
        extend type User @key(fields: "id") { id: ID! @external username: String @external reviews: [Review] }
        extend type Product @key(fields: "upc") { upc: String! @external reviews: [Review] }
    """,
}
FEDERATION = """
    scalar _Any
    scalar _FieldSet
    type _Service { sdl: String }
    union _Entity = %s
    extend type Query { _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }
    directive @key(fields: _FieldSet!) repeatable on OBJECT
    directive @external on FIELD_DEFINITION
    directive @requires(fields: _FieldSet!) on FIELD_DEFINITION
    directive @provides(fields: _FieldSet!) on FIELD_DEFINITION
"""


def _review(row: Row) -> Row:
    author = {"__typename": "User", "id": "1", "username": USERS[0]["username"], "reviews": _first_two}
    return {**row, "__typename": "Review", "product": lambda _: _reviewed(row["upc"]), "author": author}


def _first_two(_: Any) -> list[Row]:
    return [_review(row) for row in REVIEWS[:2]]


def _reviewed(upc: str) -> Row:
    found = [row for row in REVIEWS if row["upc"] == upc]
    return {"__typename": "Product", "upc": upc, "reviews": lambda _: [_review(row) for row in found]}


def _stock(sent: Row) -> Row | None:
    row = product_of(sent["upc"])
    return row and {
        "upc": sent["upc"],
        "inStock": row["inStock"],
        "shippingEstimate": shipping(sent.get("price"), sent.get("weight")),
    }


def _known(row: Row | None) -> Row | None:
    return row and _review(row)


def _writer(sent: Row) -> Row | None:
    row = user_of(sent["id"])
    return row and {"id": row["id"], "username": row["username"], "reviews": _first_two}


Resolve = Callable[[Row], Row | None]
ENTITIES: Mapping[str, Mapping[str, Resolve]] = {
    "accounts": {"User": lambda sent: user_of(sent["id"])},
    "inventory": {"Product": _stock},
    "products": {"Product": lambda sent: product_of(sent["upc"])},
    "reviews": {
        "Review": lambda sent: _known(review_of(sent["id"])),
        "User": _writer,
        "Product": lambda sent: _reviewed(sent["upc"]),
    },
}
ROOTS: Mapping[str, Row] = {
    "accounts": {
        "me": USERS[0],
        "users": USERS,
        "user": lambda _, id: user_of(id),
    },
    "products": {"topProducts": lambda _, first: PRODUCTS[:first]},
}


class Subgraph:
    """One of the four: its schema and its answers so far."""

    def __init__(self, name: str) -> None:
        kinds = ENTITIES[name]
        own = SDL[name].replace("extend type Query", "type Query").replace("extend type", "type")
        extra = FEDERATION % " | ".join(kinds)
        self._schema: GraphQLSchema = build_schema(
            own + (extra if "type Query" in own else extra.replace("extend type Query", "type Query"))
        )
        union = self._schema.type_map["_Entity"]
        assert isinstance(union, GraphQLUnionType)
        union.resolve_type = lambda value, *_: value["__typename"]
        self._root = {**ROOTS.get(name, {}), "_service": {"sdl": SDL[name]}, "_entities": self._entities}
        self._kinds = kinds
        self._ready: dict[bytes, Answer] = {}

    def _entities(self, _: Any, representations: list[Row]) -> list[Row | None]:
        found = ((sent["__typename"], self._kinds[sent["__typename"]](sent)) for sent in representations)
        return [row and {**row, "__typename": name} for name, row in found]

    def answer(self, body: bytes) -> Answer:
        ready = self._ready.get(body)
        if ready is None:
            if len(self._ready) > KEPT:
                self._ready.clear()
            ready = self._ready[body] = Answer(wire(msgspec.json.encode(self._work_out(body))))
        return ready

    def _work_out(self, body: bytes) -> Any:
        asked = msgspec.json.decode(body)
        return [self._one(each) for each in asked] if isinstance(asked, list) else self._one(asked)

    def _one(self, asked: Row) -> Any:
        return graphql_sync(
            self._schema,
            asked["query"],
            self._root,
            variable_values=asked.get("variables"),
            operation_name=asked.get("operationName"),
        ).formatted


def supergraph(port: int) -> str:
    """The four composed. Raises ValueError."""
    composed = compose([SubgraphInput(name, sdl, f"http://127.0.0.1:{port}/{name}") for name, sdl in SDL.items()])
    if not composed.ok:
        raise ValueError(str(composed.as_json()))
    return composed.supergraph_sdl


def main() -> None:
    graphs = {f"/{name}": Subgraph(name) for name in SDL}
    counts = dict.fromkeys(graphs, 0)
    nothing = Answer(wire(b"{}", status="404 Not Found"))

    def application(_method: str, path: str, body: bytes) -> Answer:
        graph = graphs.get(path)
        if graph is not None:
            counts[path] += 1
            return graph.answer(body)
        return Answer(wire(msgspec.json.encode(counts))) if path == "/counts" else nothing

    serve(application, int(sys.argv[1]))


if __name__ == "__main__":
    main()
