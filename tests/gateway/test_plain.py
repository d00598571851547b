"""A plain federation gateway: any supergraph, no policy, and nobody starts one by a slip."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput
from gateway.plain import plain_gateway
from tests.federation.random_subgraphs import HEAD, Served, serving

COMMAND = [sys.executable, "-m", "gateway.cli.main", "serve"]
SHELF = HEAD + 'type Query { rsBook: E0 } type E0 @key(fields: "id") { id: ID! title: String }\n'
PRICE = HEAD + 'type Query { rsPrice: Int } type E0 @key(fields: "id") { id: ID! price: Int }\n'


@contextmanager
def supergraph() -> Iterator[str]:
    with ExitStack() as stack:
        parts = {"shelf": SHELF, "prices": PRICE}
        urls = {name: stack.enter_context(serving(Served(sdl, {}))) for name, sdl in parts.items()}
        composed = compose([SubgraphInput(name, sdl, urls[name]) for name, sdl in parts.items()]).supergraph
        assert composed is not None
        yield composed.sdl


def refused(*options: str) -> str:
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    return done.stderr


def test_no_policy_without_a_supergraph_is_refused() -> None:
    assert "--no-policy needs --supergraph" in refused("--no-policy")


def test_a_supergraph_is_not_served_without_policy_by_a_slip() -> None:
    assert "--supergraph needs --no-policy" in refused("--supergraph", "any.graphql")


def test_a_file_that_is_no_supergraph_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sub.graphql"
    file.write_text("type Query { a: Int }")
    assert "sub.graphql: no enum join__Graph" in refused("--supergraph", str(file), "--no-policy")


def test_a_subgraph_without_an_address_is_named() -> None:
    composed = compose([SubgraphInput("shelf", SHELF, "")]).supergraph
    assert composed is not None
    with pytest.raises(ValueError, match="subgraph shelf: the supergraph has no address"):
        plain_gateway(composed.sdl, "127.0.0.1", 0)


def test_it_says_loudly_that_it_has_no_policy_and_serves_both_subgraphs(tmp_path: Path) -> None:
    file = tmp_path / "supergraph.graphql"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with supergraph() as sdl:
        file.write_text(sdl)
        command = [*COMMAND, "--supergraph", str(file), "--no-policy", "--port", str(port)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
            try:
                await_ready(f"http://127.0.0.1:{port}/health/ready")
                query = "{ rsBook { id title price } }"
                answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}).json()
                deferred = httpx.post(
                    f"http://127.0.0.1:{port}/graphql", json={"query": "{ rsBook { ... @defer { id } } }"}
                ).json()
            finally:
                served.terminate()
            assert served.stderr is not None
            said = served.stderr.read()
    book = answer["data"]["rsBook"]
    assert set(book) == {"id", "title", "price"}
    assert deferred["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert said.startswith("NO POLICY")
    assert '"event": "policy_is_off"' in said


def await_ready(url: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("not ready")


async def test_nothing_of_the_callers_request_goes_to_a_subgraph() -> None:
    heard: list[str] = []

    class Listening(Served):
        def answer(self, asked):  # type: ignore[no-untyped-def]
            heard.append(str(asked))
            return super().answer(asked)

    with serving(Listening(SHELF, {})) as url:
        composed = compose([SubgraphInput("shelf", SHELF, url)]).supergraph
        assert composed is not None
        gateway = plain_gateway(composed.sdl, "127.0.0.1", 0)
        try:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway)) as client:
                body = {"query": "{ rsBook { title } }", "extensions": {"secret": 1}}
                await client.post("http://gateway/graphql", json=body, headers={"authorization": "Bearer x"})
        finally:
            await gateway.engine.close()
    assert len(heard) == 1
    assert "secret" not in heard[0]


async def test_equal_queries_at_the_same_time_are_one_execution_only_if_asked() -> None:
    with ExitStack() as stack:
        served = [Served(SHELF, {}), Served(PRICE, {})]
        urls = [stack.enter_context(serving(each)) for each in served]
        inputs = [SubgraphInput("shelf", SHELF, urls[0]), SubgraphInput("prices", PRICE, urls[1])]
        sdl = compose(inputs).supergraph_sdl
        assert await executions(sdl, share=False) == 4
        assert await executions(sdl, share=True) == 2


async def executions(sdl: str, *, share: bool) -> int:
    """How many executions four requests at once make, three of which are equal but for their callers."""
    app = plain_gateway(sdl, "127.0.0.1", 0, share=share)
    executor = app.engine.generation.executor  # type: ignore[attr-defined]
    made: list[object] = []
    run = executor.run

    async def counted(*given: object, **named: object) -> object:
        made.append(given)
        return await run(*given, **named)

    executor.run = counted
    queries = ["{ rsPrice }"] * 3 + ["{ rsBook { title } }"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        headers = [{"authorization": f"Bearer {place}"} for place in range(4)]
        asked = [
            client.post("/graphql", json={"query": query}, headers=each)
            for query, each in zip(queries, headers, strict=True)
        ]
        answers = [answer.json() for answer in await asyncio.gather(*asked)]
    await app.close()
    assert all("data" in answer for answer in answers)
    return len(made)


def test_sharing_is_not_for_the_record() -> None:
    assert "--share-in-flight needs --no-policy" in refused("--share-in-flight")
