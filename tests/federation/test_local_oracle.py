"""Our generated execution gives what graphql-core's executor gives, on random schemas, data and operations."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from graphql import ExecutionResult, GraphQLSchema, execute, parse, validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.federation.local import LocalOperation, LocalResult
from gateway.federation.typed_run import expand
from tests.federation.random_graphql import Operations, World

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
"""graphql-core leaves coroutines behind when a null bubbles; ours are watched in a test of their own."""

READ = frozenset({"a1", "b2", "c0", "query0", "query1", "query2x"})

seeds = st.integers(min_value=0, max_value=2**32)


def case(seed: int, asynchronous: bool, strict: bool) -> tuple[GraphQLSchema, Any, str, dict[str, Any]]:
    random = Random(seed)
    world = World(random, asynchronous, strict)
    schema = world.build()
    data = world.data(schema)
    variables: dict[str, Any] = {"a": random.random() < 0.5}
    if random.random() < 0.5:
        variables["b"] = random.random() < 0.5
    if random.random() < 0.5:
        variables["n"] = random.choice([None, 7])
    if random.random() < 0.5:
        variables["c"] = random.choice([None, ["RED", None], "BLUE"])
    return schema, data, Operations(random, schema).operation(), variables


async def both(schema: GraphQLSchema, data: Any, query: str, variables: Any) -> tuple[LocalResult, ExecutionResult]:
    document = parse(query)
    assume(not validate(schema, document))
    expected = execute(schema, document, data, "context", variables)
    if inspect.isawaitable(expected):
        expected = await expected
    operation = LocalOperation(schema, document)
    first = await operation.run(data, variables, "context")
    again = await operation.run(data, variables, "context")
    assert written(first.data) == written(again.data)
    half = await LocalOperation(schema, document, read=READ).run(data, variables, "context")
    assert written(expand(half.data, {})) == written(first.data)
    assert msgspec.json.encode(half.data) == msgspec.json.encode(first.data)
    assert_read(half.data)
    return first, expected


def assert_read(data: Any) -> None:
    """Objects under the keys that are read are dicts, whatever they are in."""
    if isinstance(data, list):
        for item in data:
            assert_read(item)
    elif isinstance(data, dict | msgspec.Struct):
        pairs = data.items() if isinstance(data, dict) else msgspec.structs.asdict(data).items()
        for key, value in pairs:
            assert key.removeprefix("f_") not in READ or "Struct" not in kinds(value)
            assert_read(value)


def kinds(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(kinds, value))
    return "Struct" if isinstance(value, msgspec.Struct) else ""


def written(data: Any) -> str:
    return json.dumps(data)


def paths(result: LocalResult | ExecutionResult) -> list[tuple[Any, ...]]:
    return sorted((tuple(error.path or ()) for error in result.errors or ()), key=str)


def lost_at(data: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where the null of an error came to stand."""
    for length, key in enumerate(path):
        if data is None:
            return path[:length]
        data = data[key]
    return path


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What graphql-core left behind goes before the next test."""
    yield
    gc.collect()


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_synchronous_execution_is_the_same(seed: int) -> None:
    ours, expected = asyncio.run(both(*case(seed, asynchronous=False, strict=True)))
    assert written(ours.data) == written(expected.data)
    assert paths(ours) == paths(expected)


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_asynchronous_execution_is_the_same(seed: int) -> None:
    ours, expected = asyncio.run(both(*case(seed, asynchronous=True, strict=False)))
    assert written(ours.data) == written(expected.data)
    assert paths(ours) == paths(expected)


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_asynchronous_nulls_bubble_to_the_same_places(seed: int) -> None:
    """Which of several failing neighbours is heard first is a matter of timing; what is null is not."""
    ours, expected = asyncio.run(both(*case(seed, asynchronous=True, strict=True)))
    assert written(ours.data) == written(expected.data)
    assert {lost_at(ours.data, path) for path in paths(ours)} == {
        lost_at(expected.data, path) for path in paths(expected)
    }


@pytest.mark.filterwarnings("error")
@settings(max_examples=50, deadline=None)
@given(seeds)
def test_no_coroutine_is_left_behind(seed: int) -> None:
    schema, data, query, variables = case(seed, asynchronous=True, strict=True)
    document = parse(query)
    assume(not validate(schema, document))
    asyncio.run(LocalOperation(schema, document).run(data, variables, "context"))
    gc.collect()
