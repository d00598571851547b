"""Runs the public federation gateway audit against the planner and the executor, case by case.

    JOINUP_AUDIT=<checkout> python -m tests.federation.audit [suite ...]

The checkout is of graphql-hive/federation-gateway-audit with its npm packages installed; `node` (24 or
later) must be on the PATH. The audit serves its subgraphs and cases; here each case is validated, planned,
executed over HTTP and compared. Where the reference plans are at hand, fetches and depth are compared too.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from graphql import OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from gateway.federation.execute import Executor
from gateway.federation.fetcher import SubgraphError, SubgraphRequest, SubgraphResponse
from gateway.federation.plan import QueryPlan
from gateway.federation.planner import Planner, PlanningError
from gateway.federation.prepared import Prepared
from gateway.federation.supergraph_read import read_supergraph
from tests.shared_data import ROOT

VARIABLE = "JOINUP_AUDIT"
REFERENCE = ROOT / "federation" / "reference-plans-hive.json"


@dataclass
class Case:
    suite: str
    index: int
    right: bool
    fetches: int
    depth: int
    reference: tuple[int, int] | None
    note: str = ""
    planning: float = 0.0

    @property
    def over_the_bar(self) -> bool:
        """Whether the plan needs more fetches or more rounds than the reference."""
        if self.reference is None:
            return False
        return self.fetches > self.reference[0] or self.depth > self.reference[1]


@dataclass
class Fetcher:
    """The audit's subgraphs over HTTP."""

    client: httpx.AsyncClient
    urls: dict[str, str] = field(default_factory=dict)

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        body = {"query": request.document, "variables": dict(request.variables)}
        answer = (await self.client.post(self.urls[request.subgraph], json=body)).json()
        errors = tuple(
            SubgraphError(error.get("message", ""), tuple(error["path"]) if error.get("path") else None)
            for error in answer.get("errors") or ()
        )
        return SubgraphResponse(answer.get("data"), errors)


@contextmanager
def serving(checkout: Path) -> Iterator[str]:
    """The audit's subgraph server on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["node", "node_modules/.bin/tsx", "src/cli.ts", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    try:
        _await_health(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _await_health(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError("the audit's server ended; run it by hand to see why")
        try:
            if httpx.get(f"{url}/_health").status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the audit's server did not start within 30 seconds")


def references() -> dict[tuple[str, int], tuple[int, int]]:
    """Fetches and depth of the reference plans, where there is one."""
    if not REFERENCE.exists():
        return {}
    entries = json.loads(REFERENCE.read_text())
    return {(e["id"], e["i"]): (e["fetches"], e["depth"]) for e in entries if "fetches" in e}


async def run(url: str, wanted: list[str] | None = None) -> list[Case]:
    """Every case of the wanted suites (default: all)."""
    bar = references()
    cases = []
    async with httpx.AsyncClient(timeout=30) as client:
        suites = wanted or (await client.get(f"{url}/ids")).json()
        for suite in suites:
            sdl = (await client.get(f"{url}/{suite}/supergraph")).text
            given = (await client.get(f"{url}/{suite}/tests")).json()
            cases.extend(await _run_suite(client, suite, sdl, given, bar))
    return cases


async def _run_suite(
    client: httpx.AsyncClient,
    suite: str,
    sdl: str,
    given: list[dict[str, Any]],
    bar: dict[tuple[str, int], tuple[int, int]],
) -> list[Case]:
    supergraph = read_supergraph(sdl)
    planner = Planner(supergraph)
    urls = {subgraph.name: subgraph.url for subgraph in supergraph.subgraphs.values()}
    executor = Executor(dict.fromkeys(urls, Fetcher(client, urls)))
    cases = []
    for index, test in enumerate(given):
        case = Case(suite, index, False, 0, 0, bar.get((suite, index)))
        data, errors, plan = await _answer(planner, executor, test["query"], case)
        if plan is not None:
            case.fetches, case.depth = plan.fetches, plan.depth
        expected = test["expected"]
        wants_errors = expected.get("errors")
        case.right = data == expected.get("data") and wants_errors in (None, bool(errors))
        if not case.right and not case.note:
            case.note = f"answered {json.dumps(data)} with {len(errors)} errors"
        cases.append(case)
    return cases


async def _answer(
    planner: Planner, executor: Executor, text: str, case: Case
) -> tuple[Any, list[Any], QueryPlan | None]:
    schema = planner.supergraph.api_schema
    document = parse(text)
    invalid: list[Any] = list(validate(schema, document))
    if invalid:
        return None, invalid, None
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    values: Any = get_variable_values(schema, operation.variable_definitions or (), {})
    begun = time.perf_counter()
    try:
        plan = planner.plan(document)
    except PlanningError as error:
        return None, [error], None
    case.planning = time.perf_counter() - begun
    outcome = await executor.run(Prepared(plan, schema, document), getattr(values, "coerced", {}), None)
    return outcome.data, list(outcome.errors), plan


def report(cases: list[Case]) -> str:
    """Suite by suite, then the totals."""
    lines = []
    for suite in dict.fromkeys(case.suite for case in cases):
        mine = [case for case in cases if case.suite == suite]
        lines.append(f"{suite}: {sum(case.right for case in mine)}/{len(mine)}")
        lines += [f"  case {case.index}: {case.note}" for case in mine if not case.right]
        lines += [
            f"  case {case.index}: {case.fetches} fetches in {case.depth} rounds, reference {case.reference}"
            for case in mine
            if case.over_the_bar
        ]
    planned = [case for case in cases if case.reference is not None and case.fetches]
    lines.append(f"right: {sum(case.right for case in cases)} of {len(cases)}")
    lines.append(
        f"over {len(planned)} plans: {sum(c.fetches for c in planned)} fetches, depth {sum(c.depth for c in planned)}; "
        f"reference {sum((c.reference or (0, 0))[0] for c in planned)}, {sum((c.reference or (0, 0))[1] for c in planned)}"
    )
    slowest = max(cases, key=lambda case: case.planning)
    lines.append(f"slowest plan: {slowest.planning * 1000:.1f} ms ({slowest.suite} {slowest.index})")
    return "\n".join(lines)


def main() -> None:
    checkout = os.environ.get(VARIABLE)
    if not checkout:
        sys.exit(f"set {VARIABLE} to a checkout of the audit with its npm packages installed")
    with serving(Path(checkout)) as url:
        print(report(asyncio.run(run(url, sys.argv[1:] or None))))  # noqa: T201


if __name__ == "__main__":
    main()
