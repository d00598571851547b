"""Two areas' gateways, a graph of both, and routers of other makers above them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from graphql import build_schema, graphql_sync

from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput
from tests.gateway.node_packages import node_modules
from tests.system.conftest import MANY_PATIENTS
from tests.system.world import World, free_port, running

PACKAGES = (
    "@graphql-hive/gateway@2.15.1",
    "@graphql-hive/router-runtime@1.4.23",
    "@apollo/gateway@2.14.4",
    "@apollo/server@5.5.1",
    "@apollo/composition@2.14.4",
    "graphql@16",
)
ROUTERS = {"apollo": ["apollo.mjs"], "hive": ["hive.mjs"], "hive with the Rust planner": ["hive.mjs", "rust"]}
SCRIPTS = Path(__file__).parent / "routers"
SOUTHERN = frozenset({"pds", "hospital-2", "mental-health"})
"""The organisations of the second area; the first has all."""
CASELOAD = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
scalar NHSNumber
type Query { caseload: [Patient!] }
type Patient @key(fields: "nhsNumber", resolvable: false) { nhsNumber: NHSNumber! }
"""


@dataclass(frozen=True)
class London:
    """The first area's system, the second area's address, and a subgraph of London's own that lists people."""

    north: World
    south: str
    caseload: list[str]
    folder: Path
    packages: Path
    supergraphs: dict[str, Path]


@contextmanager
def london(folder: Path) -> Iterator[London]:
    packages = node_modules("routers", *PACKAGES)
    for script in SCRIPTS.iterdir():
        shutil.copy(script, packages / script.name)
    caseload: list[str] = []
    with ExitStack() as stack:
        (folder / "north").mkdir()
        north = stack.enter_context(running(folder / "north", MANY_PATIENTS, lambda text: in_area(text, "north")))
        south = stack.enter_context(second_area(north, folder / "south"))
        listing = stack.enter_context(serving_caseload(caseload))
        subgraphs = [
            {"name": "caseload", "url": listing, "sdl": CASELOAD},
            *(
                {"name": name, "url": f"{url}/graphql", "sdl": told(north, url)}
                for name, url in (("north", north.url), ("south", south))
            ),
        ]
        supergraphs = {"ours": folder / "ours.graphql", "apollo": folder / "apollo.graphql"}
        supergraphs["ours"].write_text(composed(subgraphs))
        (folder / "subgraphs.json").write_text(json.dumps(subgraphs))
        command = ["node", str(packages / "compose.mjs"), str(folder / "subgraphs.json"), str(supergraphs["apollo"])]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        yield London(north, south, caseload, folder, packages, supergraphs)


def in_area(text: str, area: str) -> str:
    return text.replace("[federation]", f'[federation]\narea = "{area}"')


@contextmanager
def second_area(north: World, folder: Path) -> Iterator[str]:
    """A gateway of its own beside the first, with fewer organisations and the same issuer of tokens."""
    shutil.copytree(north.folder, folder, ignore=shutil.ignore_patterns("*.sqlite3*", "*.log", "var"))
    port = free_port()
    text = re.sub(r"port = \d+", f"port = {port}", (folder / "joinup.toml").read_text(), count=1)
    head, *sources = re.split(r"(?m)^(?=\[\[sources\]\])", text.replace('area = "north"', 'area = "south"'))
    last, _, tail = sources[-1].partition("[[subgraphs]]")
    kept = [one for one in (*sources[:-1], last) if re.search(r'id = "([^"]+)"', one)[1] in SOUTHERN]  # type: ignore[index]
    (folder / "joinup.toml").write_text(head + "".join(kept) + "\n[rate]\npatients = 100000\n")
    assert tail.count("[[subgraphs]]") < 2, "the partner belongs to the first area"
    command = [sys.executable, "-m", "gateway.cli.main", "serve", "--config", str(folder / "joinup.toml")]
    with started(command, folder / "gateway.log", f"http://127.0.0.1:{port}/health/ready"):
        yield f"http://127.0.0.1:{port}"


def told(world: World, url: str) -> str:
    """The SDL that a gateway tells a router."""
    headers = {"authorization": f"Bearer {world.token('gp')}"}
    answer = world.client.post(f"{url}/graphql", json={"query": "{ _service { sdl } }"}, headers=headers).json()
    sdl: str = answer["data"]["_service"]["sdl"]
    return sdl


def composed(subgraphs: Sequence[dict[str, str]]) -> str:
    composition = compose([SubgraphInput(one["name"], one["sdl"], one["url"]) for one in subgraphs])
    assert composition.supergraph is not None, composition.errors
    return composition.supergraph.sdl


@contextmanager
def router(london: London, kind: str, supergraph: str) -> Iterator[str]:
    """A router's GraphQL address."""
    port = free_port()
    script, *options = ROUTERS[kind]
    command = ["node", str(london.packages / script), str(london.supergraphs[supergraph]), str(port), *options]
    url = f"http://127.0.0.1:{port}/graphql"
    with started(command, london.folder / "router.log", f"{url}?query=%7B__typename%7D"):
        yield url


@contextmanager
def started(command: list[str], log: Path, probe: str) -> Iterator[None]:
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _await(process, probe, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()  # a router may wait for idle connections to end


def _await(process: subprocess.Popen[bytes], probe: str, log: Path) -> None:
    until = time.monotonic() + 60
    headers = {"apollo-require-preflight": "true", "accept": "application/json"}
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(probe, headers=headers, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8")[-4000:])


@contextmanager
def serving_caseload(numbers: list[str]) -> Iterator[str]:
    """London's own subgraph: a list of people, known by their numbers alone."""
    schema = build_schema("scalar NHSNumber type Query { caseload: [Patient!] } type Patient { nhsNumber: NHSNumber! }")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["content-length"])))
            root = {"caseload": [{"__typename": "Patient", "nhsNumber": number} for number in numbers]}
            result = graphql_sync(schema, asked["query"], root, variable_values=asked.get("variables"))
            body = json.dumps(result.formatted).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/graphql"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
