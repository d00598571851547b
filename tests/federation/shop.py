"""Four subgraphs of a shop in this process: the shape of the public gateway benchmark, with data of our own.

Six users, nine products, eleven reviews; the reviews' texts are as long as the benchmark's.
"""

from __future__ import annotations

import strawberry
from graphql import parse, validate

from gateway.federation.composition.compose import Composition, compose
from gateway.federation.execute import Executor
from gateway.federation.fetcher import Fetcher
from gateway.federation.local_fetcher import LocalFetcher
from gateway.federation.planner import Planner
from gateway.federation.prepared import Prepared
from gateway.federation.subgraph import SubgraphInput

PRODUCTS = [
    ("Bench", 899, 100, True),
    ("Couch", 1299, 1000, False),
    ("Mug", 15, 20, False),
    ("Stool", 499, 100, False),
    ("Radio", 1299, 1000, True),
    ("Lamp", 6999, 300, True),
    ("Grill", 3999, 2000, True),
    ("Fridge", 100000, 6000, False),
    ("Sofa", 9999, 800, True),
]
USERS = ["Ada", "Ben", "Cara", "Dov", "Eli", "Fay"]
REVIEWS = [(445, 1), (289, 1), (275, 1), (143, 1), (445, 2), (289, 2), (275, 2), (143, 2), (143, 3), (143, 4), (844, 4)]
HEAVY = 1000
"""Goods dearer than this are sent free."""

QUERY = """
query Scenario {
  users { ...U reviews { ...R product { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } } } }
  topProducts { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } }
}
fragment U on User { id username name }
fragment R on Review { id body }
fragment P on Product { inStock name price shippingEstimate upc weight }
"""


@strawberry.federation.type(name="User", keys=["id"])
class Account:
    id: strawberry.ID
    name: str | None
    username: str | None

    @classmethod
    def resolve_reference(cls, id: str) -> Account | None:
        return account(int(id)) if int(id) <= len(USERS) else None


def account(number: int) -> Account:
    name = USERS[number - 1]
    return Account(id=strawberry.ID(str(number)), name=name, username=name.lower())


@strawberry.type(name="Query")
class AccountsQuery:
    @strawberry.field
    def users(self) -> list[Account | None] | None:
        return [account(index + 1) for index in range(len(USERS))]

    @strawberry.field
    async def me(self) -> Account | None:
        return account(1)


@strawberry.federation.type(name="Product", keys=["upc"])
class Good:
    upc: str
    name: str | None
    price: int | None
    weight: int | None

    @classmethod
    async def resolve_reference(cls, upc: str) -> Good | None:
        return good(int(upc))


def good(number: int) -> Good:
    name, price, weight, _ = PRODUCTS[number - 1]
    return Good(upc=str(number), name=name, price=price, weight=weight)


@strawberry.type(name="Query")
class ProductsQuery:
    @strawberry.field
    def top_products(self, first: int = 5) -> list[Good | None] | None:
        return [good(index + 1) for index in range(first)]


@strawberry.federation.type(name="Product", keys=["upc"])
class Stock:
    upc: str
    price: int | None = strawberry.federation.field(external=True, default=None)
    weight: int | None = strawberry.federation.field(external=True, default=None)

    @classmethod
    def resolve_reference(cls, upc: str, price: int | None = None, weight: int | None = None) -> Stock:
        return cls(upc=upc, price=price, weight=weight)

    @strawberry.field
    def in_stock(self) -> bool | None:
        return PRODUCTS[int(self.upc) - 1][3]

    @strawberry.federation.field(requires=["price weight"])
    def shipping_estimate(self) -> int | None:
        if self.price is None or self.weight is None:
            return None
        return 0 if self.price > HEAVY else self.weight // 2


@strawberry.type(name="Query")
class InventoryQuery:
    @strawberry.field
    def stocked(self) -> int:
        return sum(stocked for *_, stocked in PRODUCTS)


@strawberry.federation.type(keys=["id"])
class Review:
    id: strawberry.ID
    body: str | None

    @strawberry.field
    def author(self) -> Author | None:
        return Author(id=strawberry.ID("1"))

    @strawberry.field
    def product(self) -> Reviewed | None:
        return Reviewed(upc=str(REVIEWS[int(self.id) - 1][1]))


@strawberry.federation.type(name="User", keys=["id"])
class Author:
    id: strawberry.ID

    @strawberry.field
    def reviews(self) -> list[Review | None] | None:
        return [review(number) for number in (1, 2)]

    @classmethod
    def resolve_reference(cls, id: str) -> Author:
        return cls(id=strawberry.ID(id))


@strawberry.federation.type(name="Product", keys=["upc"])
class Reviewed:
    upc: str

    @strawberry.field
    def reviews(self) -> list[Review | None] | None:
        return [review(index + 1) for index, (_, upc) in enumerate(REVIEWS) if str(upc) == self.upc]

    @classmethod
    def resolve_reference(cls, upc: str) -> Reviewed:
        return cls(upc=upc)


def review(number: int) -> Review:
    length = REVIEWS[number - 1][0]
    return Review(id=strawberry.ID(str(number)), body=(f"review {number} " * length)[:length])


@strawberry.type(name="Query")
class ReviewsQuery:
    @strawberry.field
    def review_count(self) -> int:
        return len(REVIEWS)


def schemas() -> dict[str, strawberry.federation.Schema]:
    """The subgraphs by name."""
    return {
        "accounts": strawberry.federation.Schema(AccountsQuery, federation_version="2.9"),
        "products": strawberry.federation.Schema(ProductsQuery, federation_version="2.9"),
        "inventory": strawberry.federation.Schema(InventoryQuery, types=[Stock], federation_version="2.9"),
        "reviews": strawberry.federation.Schema(ReviewsQuery, types=[Author, Reviewed], federation_version="2.9"),
    }


class Shop:
    """The four subgraphs composed, with a planner and a fetcher for each."""

    def __init__(self) -> None:
        parts = schemas()
        composed = compose([SubgraphInput(name, part.as_str(), "http://x") for name, part in parts.items()])
        assert composed.ok, composed.errors
        assert composed.supergraph is not None
        self.composed: Composition = composed
        self.schema = composed.supergraph.api_schema
        self.planner = Planner(composed.supergraph)
        self.fetchers: dict[str, Fetcher] = {
            name: LocalFetcher(part._schema, part.query()) for name, part in parts.items()
        }

    def prepare(self, query: str) -> Prepared:
        """Parse, validate, plan and compile."""
        document = parse(query)
        faults = validate(self.schema, document)
        assert not faults, faults
        return Prepared(self.planner.plan(document), self.schema, document)

    def executor(self) -> Executor:
        return Executor(self.fetchers)
