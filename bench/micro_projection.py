"""What completing values costs: projection, in-process execution, graphql-core, and a whole plan from memory.

    python -m bench.micro_projection [--rounds N]

Every row is the best and the median of N rounds, interleaved in one run; "per leaf" divides by the leaves written.
The closures row is the same projection built from closures, kept here to show why source is generated instead.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import strawberry
from graphql import DocumentNode, GraphQLSchema, execute, is_leaf_type, is_list_type, is_non_null_type, parse

from gateway.federation.execute import Execution, Executor
from gateway.federation.fetcher import SubgraphRequest, SubgraphResponse
from gateway.federation.leaves import json_leaf
from gateway.federation.local import LocalOperation
from gateway.federation.project import Projection
from gateway.federation.shape import Shapes, find_operation
from tests.federation.shop import QUERY, Shop

ROWS, COLUMNS = 200, 10


@strawberry.type
class Row:
    row_id: strawberry.ID
    first_name: str
    last_name: str | None
    street_name: str | None
    post_code: str | None
    house_number: int
    visit_count: int | None
    is_active: bool
    unit_price: float
    last_note: str | None


def row(number: int) -> Row:
    """One row of the table."""
    return Row(
        row_id=strawberry.ID(str(number)),
        first_name="Ada",
        last_name="Lime",
        street_name=None,
        post_code="N1",
        house_number=number,
        visit_count=3,
        is_active=True,
        unit_price=1.5,
        last_note="note",
    )


DATA = [row(number) for number in range(ROWS)]


@strawberry.type
class Query:
    @strawberry.field
    def rows(self) -> list[Row]:
        return DATA

    @strawberry.field
    async def later(self) -> list[Row]:
        return DATA


def closures(shapes: Shapes) -> Callable[[Any], Any]:
    """A projection of objects and leaves as nested closures: the alternative to generated source."""

    def complete(output: Any, nodes: Any) -> Callable[[Any, Any], Any]:
        inner = output.of_type if is_non_null_type(output) else output
        if is_list_type(inner):
            item = complete(inner.of_type, nodes)
            return lambda v, p: None if v is None else [item(y, (p, i)) for i, y in enumerate(v)]
        if is_leaf_type(inner):
            leaf = json_leaf(inner)
            kinds = {"String": str, "ID": str, "Int": int, "Float": float, "Boolean": bool}
            kind = kinds.get(inner.name, object)
            return lambda v, p: v if v.__class__ is kind or v is None else leaf.convert(v)
        fields = [(f.key, f.key, complete(f.definition.type, f.nodes)) for f in shapes.below(inner, nodes)]
        return lambda v, p: None if v is None else {k: c(v[r], (p, k)) for k, r, c in fields}

    made = [(f.key, complete(f.definition.type, f.nodes)) for f in shapes.root()]
    return lambda tree: {key: c(tree[key], (None, key)) for key, c in made}


class Canned:
    """Answers from bytes that the real subgraph gave once, decoded anew for each request, as from a socket."""

    def __init__(self, fetcher: Any) -> None:
        self.fetcher = fetcher
        self.bytes: dict[str, bytes] = {}

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        ready = self.bytes.get(request.document)
        if ready is None:
            response = await self.fetcher.fetch(request, context)
            ready = self.bytes[request.document] = msgspec.json.encode(response.data)
        return SubgraphResponse(msgspec.json.decode(ready))


def leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1


Case = Callable[[], Awaitable[Any]]


def cases() -> dict[str, tuple[Case, int]]:
    schema: GraphQLSchema = strawberry.Schema(Query)._schema
    names = " ".join(schema.type_map["Row"].fields)  # type: ignore[attr-defined]
    document = parse(f"{{rows{{{names}}}}}")
    made: dict[str, tuple[Case, int]] = {}
    made |= table_cases(schema, document, parse(f"{{later{{{names}}}}}"))
    made |= shop_cases()
    return made


def table_cases(schema: GraphQLSchema, document: DocumentNode, later: DocumentNode) -> dict[str, tuple[Case, int]]:
    count = ROWS * COLUMNS
    local, asynchronous = LocalOperation(schema, document), LocalOperation(schema, later)
    projection = Projection(schema, document)
    shapes = Shapes(schema, document, find_operation(document, None), {})
    closed = closures(shapes)
    tree: Any = execute(schema, document).data  # type: ignore[union-attr]

    async def core() -> Any:
        return execute(schema, document)

    async def projected() -> Any:
        return projection.run(tree, {})

    async def projected_by_closures() -> Any:
        return closed(tree)

    return {
        f"graphql-core execute, {ROWS}x{COLUMNS} objects": (core, count),
        f"generated execution, {ROWS}x{COLUMNS} objects": (lambda: local.run(None, {}, None), count),
        f"generated execution, async resolver, {ROWS}x{COLUMNS}": (lambda: asynchronous.run(None, {}, None), count),
        f"projection of JSON, generated source, {ROWS}x{COLUMNS}": (projected, count),
        f"projection of JSON, closures, {ROWS}x{COLUMNS}": (projected_by_closures, count),
    }


def shop_cases() -> dict[str, tuple[Case, int]]:
    shop = Shop()
    prepared = shop.prepare(QUERY)
    executor = Executor({name: Canned(fetcher) for name, fetcher in shop.fetchers.items()})
    execution = Execution(executor, prepared, {}, None)
    asyncio.run(execution.run_all())
    answer = execution.outcome().data
    count = leaves(answer)
    encode = msgspec.json.Encoder().encode

    async def projected() -> Any:
        return prepared.projection.run(execution.tree, {})

    async def core() -> Any:
        return execute(shop.schema, parse_once(QUERY), execution.tree)

    async def encoded() -> Any:
        return encode(answer)

    async def decoded() -> Any:
        for canned in executor.fetchers.values():
            for ready in canned.bytes.values():  # type: ignore[attr-defined]
                msgspec.json.decode(ready)

    return {
        "benchmark answer: projection alone": (projected, count),
        "benchmark answer: graphql-core over the merged tree": (core, count),
        "benchmark answer: decode of the seven answers": (decoded, count),
        "benchmark answer: whole plan from memory, decode included": (lambda: executor.run(prepared, {}, None), count),
        "benchmark answer: encode": (encoded, count),
    }


_parsed: dict[str, DocumentNode] = {}


def parse_once(text: str) -> DocumentNode:
    if text not in _parsed:
        _parsed[text] = parse(text)
    return _parsed[text]


async def measure(made: dict[str, tuple[Case, int]], rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(rounds):
        for name, (case, _count) in made.items():
            start = time.perf_counter()
            await case()
            taken[name].append(time.perf_counter() - start)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    made = cases()
    gc.collect()
    gc.freeze()
    taken = asyncio.run(measure(made, rounds))
    print(f"{'what':<62}{'best µs':>10}{'median µs':>11}{'ns/leaf':>9}")
    for name, (_, count) in made.items():
        best, median = min(taken[name]) * 1e6, statistics.median(taken[name]) * 1e6
        print(f"{name:<62}{best:>10.1f}{median:>11.1f}{best * 1000 / count:>9.1f}")


if __name__ == "__main__":
    main()
