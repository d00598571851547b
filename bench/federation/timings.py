"""What happens once per operation or per graph: composing 20 subgraphs, planning 200 fields over them, planning the
public audit's operations, and what a request costs the gateway when its plan is cached.

    python -m bench.federation.timings [--audit http://localhost:4200]

Milliseconds of CPU; first is cold. `--audit` is the address of graphql-hive/federation-gateway-audit, served; its
suites are those that it lists at `/`. The cached plan is run in process: subgraphs answer from ready bytes without a
network, so that the figure is the gateway's own work between operation and answer.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from graphql import OperationDefinitionNode, parse, validate

from bench.federation import shop
from bench.federation.subgraphs import Subgraphs
from bench.micro_planner import operation, supergraph
from gateway import plain
from gateway.federation.composition.compose import compose
from gateway.federation.planner import Planner
from gateway.federation.subgraph import SubgraphInput
from gateway.federation.supergraph_read import read_supergraph
from gateway.federation.walk import PlanningError
from gateway.pipeline import Params, RequestInfo
from resolvers.sources.upstream import Reply

SUBGRAPHS, TYPES, FIELDS = 20, 8, 25
QUERY = Path(__file__).with_name("query.graphql").read_text("utf-8")


def milliseconds(work: Callable[[], object], times: int) -> list[float]:
    """CPU of each of so many runs."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        work()
        found.append((time.process_time() - begun) * 1000)
    return found


def subgraph(place: int) -> SubgraphInput:
    """One of twenty: eight entities that all share, each with fields of its own and one that needs the neighbour's."""
    types = []
    for index in range(TYPES):
        own = " ".join(f"t{index}s{place}f{field}: String" for field in range(FIELDS))
        before = f"t{index}s{(place - 1) % SUBGRAPHS}f0"
        types.append(
            f'type T{index} @key(fields: "id") {{ id: ID! {own} {before}: String @external '
            f't{index}r{place}: String @requires(fields: "{before}") next{place}: T{(index + 1) % TYPES} }}'
        )
    head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])'
    return SubgraphInput(f"s{place}", f"{head}\ntype Query {{ q{place}: T0 }}\n" + "\n".join(types), f"http://s{place}")


def composing() -> str:
    inputs = [subgraph(place) for place in range(SUBGRAPHS)]
    composed = compose(inputs)
    if not composed.ok:
        raise ValueError(str(composed.as_json())[:500])
    times = milliseconds(lambda: compose(inputs), 3)
    size = sum(len(each.sdl) for each in inputs)
    return f"composing {SUBGRAPHS} subgraphs ({size // 1000} kB of SDL), satisfiability included: {min(times):.0f} ms"


def planning() -> Iterable[str]:
    planner = Planner(read_supergraph(supergraph(SUBGRAPHS, TYPES)))
    for levels, required in ((4, True), (6, False)):
        text = operation(SUBGRAPHS, levels, required=required)
        document = parse(text)
        plan = planner.plan(document)
        times = milliseconds(lambda document=document: planner.plan(document), 5)  # type: ignore[misc]
        count = len(text.replace("{", " ").replace("}", " ").split())
        yield f"planning {count} fields over {SUBGRAPHS} subgraphs into {plan.fetches} fetches: {statistics.median(times):.1f} ms"


def audit(address: str) -> str:
    """All operations of the audit's suites, each planned cold in a graph just loaded, then again."""
    first: list[float] = []
    again: list[float] = []
    with httpx.Client(base_url=address, timeout=30) as client:
        for suite in client.get("/ids").json():
            planner = Planner(read_supergraph(client.get(f"/{suite}/supergraph").text))
            for case in client.get(f"/{suite}/tests").json():
                document = parse(case["query"])
                if validate(planner.supergraph.api_schema, document):
                    continue
                names = [each.name for each in document.definitions if isinstance(each, OperationDefinitionNode)]
                name = names[0].value if len(names) > 1 and names[0] else None
                try:
                    first += milliseconds(lambda p=planner, d=document, n=name: p.plan(d, n), 1)  # type: ignore[misc]
                except PlanningError:
                    continue
                again.append(
                    statistics.median(milliseconds(lambda p=planner, d=document, n=name: p.plan(d, n), 5))  # type: ignore[misc]
                )
    return (
        f"planning the audit's {len(first)} operations: first median {statistics.median(first):.2f}, at most "
        f"{max(first):.1f} ms; again median {statistics.median(again):.2f}, at most {max(again):.1f} ms"
    )


class Ready:
    """An upstream that answers at once, from the shop's subgraphs in process."""

    def __init__(self, settings: Any) -> None:
        self._path = f"/{settings.name}"

    async def send(self, _method: str, _path: str, *, content: bytes, **_: Any) -> Reply:
        return Reply(200, SHOP("POST", self._path, content).wire.partition(b"\r\n\r\n")[2], JSON)

    async def aclose(self) -> None: ...


SHOP = Subgraphs()
JSON: Mapping[str, str] = {"content-type": "application/json"}


async def cached(query: str) -> str:
    """CPU of one request whose document and plan are known, from parameters to the answer's bytes."""
    addresses = [SubgraphInput(name, sdl, f"http://127.0.0.1/{name}") for name, sdl in shop.SDL.items()]
    with patch.object(plain, "UpstreamClient", Ready):
        gateway = plain.plain_gateway(compose(addresses).supergraph_sdl, "127.0.0.1", 0)
    visible = gateway.engine.schema_for(plain.NOBODY)
    request = RequestInfo("", 0.0, False, {})
    times, size = [], 0
    for _ in range(1000):
        begun = time.process_time()
        ready = gateway.operations.prepare(Params(query, None, {}, None), visible, None)
        answer = await gateway.engine.answer(ready, plain.NOBODY, request)
        times.append((time.process_time() - begun) * 1e6)
        size = len(answer.body)  # type: ignore[union-attr]
    times.sort()
    return f"cached plan, answer of {size} bytes: median {times[500]:.0f}, best {times[20]:.0f} µs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audit", default="")
    chosen = parser.parse_args()
    print(f"- {composing()}")
    for line in planning():
        print(f"- {line}")
    if chosen.audit:
        print(f"- {audit(chosen.audit)}")
    for query in ("{ me { id } }", "{ topProducts { upc reviews { id } } }", QUERY):
        print(f"- {asyncio.run(cached(query))}")


if __name__ == "__main__":
    main()
