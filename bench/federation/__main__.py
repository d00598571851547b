"""The public federation benchmark's scenario: our gateway beside Hive Gateway, Apollo Gateway and Mercurius.

    python -m bench.federation [--seconds 4] [--rounds 3] [--connections 1,16,50] [--only NAME] [--skip-sharing]

Load and subgraphs run on one core, the measured gateway on the other. Every gateway's answer must equal the expected
one before it is measured; all take turns within one run, in reverse order in every second round. CPU time of the
process tree counts: requests per core are its inverse, and ratios are medians of ratios within one round. Each caller
is another one, and nothing is shared between callers; then once more with one request over and over, and sharing of
identical requests in flight where a gateway has it. Peers are installed by npm into `--cache`. Ten minutes or so.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench import load
from bench.federation import shop, targets
from bench.federation.report import Sample, heading, table
from bench.federation.targets import OURS, REFERENCE, SUBGRAPHS_PORT, Target
from bench.processes import LOAD_CORE, MEASURED_CORE, Running, started
from gateway.federation.composition.compose import compose
from gateway.federation.subgraph import SubgraphInput

CALLERS = 1000
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "joinup-bench"
BODY = {"query": Path(__file__).with_name("query.graphql").read_text("utf-8")}


@dataclass(frozen=True, slots=True)
class Competitor:
    """A gateway that runs, and the requests for it."""

    target: Target
    running: Running
    requests: Sequence[bytes]


class WrongAnswer(Exception):
    """A gateway's answer is not the expected one: it is not measured."""


@contextmanager
def subgraphs(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.federation.subgraphs", str(SUBGRAPHS_PORT)]
    with started("subgraphs", command, LOAD_CORE, folder / "subgraphs.log", fetches):
        yield


def supergraph() -> str:
    """The four subgraphs, composed. Raises ValueError."""
    addresses = {name: f"http://127.0.0.1:{SUBGRAPHS_PORT}/{name}" for name in shop.SDL}
    composed = compose([SubgraphInput(name, sdl, addresses[name]) for name, sdl in shop.SDL.items()])
    if not composed.ok:
        raise ValueError(str(composed.as_json()))
    return composed.supergraph_sdl


def fetches() -> int:
    """How many requests the subgraphs have had since this was last asked."""
    return int(load.once(SUBGRAPHS_PORT, load.get(SUBGRAPHS_PORT, "/count")))


@contextmanager
def competing(target: Target, folder: Path, *, distinct: bool) -> Iterator[Competitor]:
    """Start a gateway, compare its answer, let it warm up. Raises WrongAnswer."""
    port, path = target.port, target.path
    plain = load.post(port, path, BODY)
    log = folder / f"{port}.log"
    with started(
        target.name, target.command, MEASURED_CORE, log, lambda: load.once(port, plain), target.env, target.cwd
    ) as running:
        answer = msgspec.json.decode(load.once(port, plain))
        if answer.get("errors") or answer.get("data") != shop.answer(BODY["query"]):
            raise WrongAnswer(f"{target.name}: {msgspec.json.encode(answer)[:300]!r}")
        fetches()
        load.once(port, plain)
        print(f"{target.name}: the answer is right; {fetches()} requests to subgraphs", file=sys.stderr)
        sent = [plain]
        if distinct:
            sent = [load.post(port, path, BODY, [("authorization", f"Bearer {n:06d}")]) for n in range(CALLERS)]
        yield Competitor(target, running, sent)


def measure(one: Competitor, connections: int, seconds: float) -> Sample:
    before = one.running.usage()
    window = load.run(one.target.port, one.requests, connections, seconds)
    after = one.running.usage()
    if window.failed:
        print(f"{one.target.name}: {window.failed} of {window.answered} answers failed", file=sys.stderr)
    return Sample((after.cpu - before.cpu) * 1e6 / max(1, window.answered), window, after.rss, after.peak)


def compare(chosen: Sequence[Target], folder: Path, options: argparse.Namespace, *, distinct: bool) -> None:
    """Measure targets by turns and print the table."""
    with ExitStack() as stack:
        running = []
        for target in chosen:
            try:
                running.append(stack.enter_context(competing(target, folder, distinct=distinct)))
            except (WrongAnswer, RuntimeError) as failure:
                print(f"not measured: {failure}", file=sys.stderr)
                continue
            load.run(target.port, running[-1].requests, 16, options.warm if target.name != OURS else 4.0)
        for connections in options.connections:
            samples: dict[str, list[Sample]] = {one.target.name: [] for one in running}
            for turn in range(options.rounds):
                for one in running if turn % 2 == 0 else running[::-1]:
                    samples[one.target.name].append(measure(one, connections, options.seconds))
            print("\n".join(table(connections, samples, OURS, REFERENCE)), flush=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--warm", type=float, default=15.0, help="seconds of load before peers are measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=lambda text: [int(part) for part in text.split(",")], default=[1, 16, 50])
    parser.add_argument("--only", action="append", help=f"measure only these: {OURS!r}, {REFERENCE!r}, …")
    parser.add_argument("--skip-sharing", action="store_true")
    parser.add_argument("--cache", type=Path, default=CACHE)
    return parser.parse_args()


def main() -> None:
    chosen = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leave no process behind
    with tempfile.TemporaryDirectory(prefix="joinup-bench-") as name:
        folder = Path(name)
        file = folder / "supergraph.graphql"
        file.write_text(supergraph(), "utf-8")

        def wanted(all_of_them: Sequence[Target]) -> list[Target]:
            return [one for one in all_of_them if not chosen.only or one.name in chosen.only]

        alone = chosen.only == [OURS]
        node = Path("node") if alone else targets.install(chosen.cache)
        with subgraphs(folder):
            print(f"load average at the start {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d %H:%M')}")
            print("\n### Distinct callers, nothing shared\n\n" + heading())
            targets_of = [] if alone else targets.others(file, chosen.cache, node)
            compare(wanted([targets.ours(file), *targets_of]), folder, chosen, distinct=True)
            if not chosen.skip_sharing:
                print("\n### One request over and over, identical ones in flight share\n\n" + heading())
                targets_of = [] if alone else targets.sharing(file, chosen.cache, node)
                compare(wanted([targets.ours(file, share=True), *targets_of]), folder, chosen, distinct=False)
            print(f"\nload average at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
