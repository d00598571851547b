"""The joined record, measured: 8 FHIR sources of 100 kB each, everything on, beside the same schema under Strawberry.

    python -m bench.record [--seconds 5] [--rounds 3] [--only main|latency|growth|faults]

Load and sources run on one core, what is measured on the other. Other work on the machine disturbs wall-clock figures,
so CPU time of the measured process counts: records per core are its inverse. Targets take turns within one run.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench import gateway, load
from bench.bundles import bundle, nhs_number
from bench.processes import LOAD_CORE, MEASURED_CORE, Running, started

QUERY = Path(__file__).with_name("record.graphql").read_text("utf-8")
SOURCES_PORT, GATEWAY_PORT, BASELINE_PORT = 4810, 4811, 4812
PEOPLE, CALLERS = 16, 64
NUMBERS = [nhs_number(place) for place in range(PEOPLE)]


@dataclass(frozen=True, slots=True)
class Sample:
    """One window of one target: milliseconds of CPU a record, the load's view, and memory in MB."""

    cpu_ms: float
    window: load.Window
    rss: float
    peak: float


def control(settings: str) -> None:
    load.once(SOURCES_PORT, load.get(SOURCES_PORT, f"/control?{settings}"))


def requests(port: int, tokens: Sequence[str] = ()) -> list[bytes]:
    """Requests of all callers for all people, each by another caller than the one before."""
    bodies = [{"query": QUERY, "variables": {"number": number}} for number in NUMBERS]
    if not tokens:
        return [load.post(port, "/graphql/", body) for body in bodies]
    pairs = [(token, bodies[place % PEOPLE]) for place, token in enumerate(tokens)]
    return [load.post(port, "/graphql", body, [("authorization", f"Bearer {token}")]) for token, body in pairs]


def measure(
    running: Running,
    port: int,
    sent: Sequence[bytes],
    connections: int,
    seconds: float,
    bad: bytes | None = b'"errors"',
) -> Sample:
    before = running.usage()
    window = load.run(port, sent, connections, seconds, bad)
    after = running.usage()
    if window.failed:
        print(f"{running.name}: {window.failed} of {window.answered} answers failed", file=sys.stderr)
    return Sample((after.cpu - before.cpu) * 1000 / max(1, window.answered), window, after.rss, after.peak)


@contextmanager
def sources(folder: Path) -> Iterator[Running]:
    command = [sys.executable, "-m", "bench.sources", str(SOURCES_PORT)]
    ask = load.get(SOURCES_PORT, "/control?delays=0")
    with started(
        "sources", command, LOAD_CORE, folder / "sources.log", lambda: load.once(SOURCES_PORT, ask)
    ) as running:
        yield running


@contextmanager
def gateway_of(folder: Path, count: int, everything: bool = True) -> Iterator[tuple[Running, list[bytes]]]:
    """The gateway over so many sources, and requests for it; warm."""
    file = gateway.configure(folder, GATEWAY_PORT, SOURCES_PORT, count, everything)
    with gateway.serving(file, GATEWAY_PORT) as running:
        sent = requests(GATEWAY_PORT, gateway.tokens(file, CALLERS))
        load.run(GATEWAY_PORT, sent, 4, 2.0, None)
        yield running, sent


@contextmanager
def baseline_of(folder: Path, count: int) -> Iterator[tuple[Running, list[bytes]]]:
    command = [sys.executable, "-m", "bench.baseline", str(BASELINE_PORT), str(SOURCES_PORT), str(count)]
    ask = load.get(BASELINE_PORT, "/health/ready")
    with started(
        "strawberry", command, MEASURED_CORE, folder / "baseline.log", lambda: load.once(BASELINE_PORT, ask)
    ) as running:
        sent = requests(BASELINE_PORT)
        load.run(BASELINE_PORT, sent, 2, 2.0, None)
        yield running, sent


def main_figures(folder: Path, seconds: float, rounds: int) -> None:
    """Throughput and CPU beside Strawberry's executor over plain httpx, at 1 and 8 connections."""
    with gateway_of(folder, 8) as (ours, sent), baseline_of(folder, 8) as (theirs, asked):
        answer = load.once(GATEWAY_PORT, sent[0])
        print(f"answer: {len(answer)} bytes; for scale, {scale()}\n")
        targets = [(ours, GATEWAY_PORT, sent), (theirs, BASELINE_PORT, asked)]
        print(
            "| target | connections | CPU ms/record | records/s per core | wall records/s | p50 ms | p99 ms | RSS MB | peak |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for connections in (1, 8):
            samples: dict[str, list[Sample]] = {}
            for turn in range(rounds):
                for running, port, what in targets if turn % 2 == 0 else targets[::-1]:
                    samples.setdefault(running.name, []).append(measure(running, port, what, connections, seconds))
            for name, found in samples.items():
                print(row(name, connections, found))
            ratios = [b.cpu_ms / a.cpu_ms for a, b in zip(samples["gateway"], samples["strawberry"], strict=True)]
            print(f"ratio of CPU within one round, {connections} connections: {statistics.median(ratios):.1f}")


def scale() -> str:
    """What decoding the same eight Bundles into plain dicts costs here and now: a measure of the machine."""
    bodies = [bundle(place, NUMBERS[0]) for place in range(8)]
    found = []
    for _ in range(50):
        before = time.process_time()
        for body in bodies:
            msgspec.json.decode(body)
        found.append((time.process_time() - before) * 1000)
    return f"decoding the eight Bundles into dicts: {statistics.median(found):.2f} ms (best {min(found):.2f})"


def row(name: str, connections: int, found: Sequence[Sample]) -> str:
    cpu = statistics.median(sample.cpu_ms for sample in found)
    wall = statistics.median(sample.window.answered / sample.window.seconds for sample in found)
    p50, p99 = (statistics.median(s.window.quantile(q) * 1000 for s in found) for q in (0.5, 0.99))
    best = min(sample.cpu_ms for sample in found)
    return (
        f"| {name} | {connections} | {cpu:.2f} (best {best:.2f}) | {1000 / cpu:.0f} (best {1000 / best:.0f}) | {wall:.0f} "
        f"| {p50:.1f} | {p99:.1f} | {found[-1].rss:.0f} | {found[-1].peak:.0f} |"
    )


def latency_figures(folder: Path, seconds: float, rounds: int) -> None:
    """How much later than the slowest source the answer comes, at few requests: sources staggered, and all at once."""
    target = f"/fhir/7/Patient/{NUMBERS[0]}/$everything"
    with gateway_of(folder, 8) as (running, sent):
        for name, delays in (("staggered 20, 25 … 55 ms", range(20, 60, 5)), ("all after 40 ms", [40] * 8)):
            control("delays=" + ",".join(map(str, delays)))
            load.run(GATEWAY_PORT, sent, 1, 1.0)
            for connections in (1, 4):
                beyond50, beyond99 = [], []
                for _ in range(rounds):
                    slowest = load.run(SOURCES_PORT, [load.get(SOURCES_PORT, target)], 1, seconds, None)
                    whole = measure(running, GATEWAY_PORT, sent, connections, seconds).window
                    beyond50.append((whole.quantile(0.5) - slowest.quantile(0.5)) * 1000)
                    beyond99.append((whole.quantile(0.99) - slowest.quantile(0.99)) * 1000)
                print(
                    f"{name}, {connections} at once: beyond the slowest source p50 {statistics.median(beyond50):.1f} ms, "
                    f"p99 {statistics.median(beyond99):.1f} ms"
                )
        control("delays=0")


def growth_figures(folder: Path, seconds: float, _rounds: int) -> None:
    """CPU a record by number of sources, and by number of entries over 8 sources."""
    print(
        "| sources | entries | answer bytes | CPU ms/record | records/s per core | RSS MB |\n|---|---|---|---|---|---|"
    )
    for count in (1, 2, 4, 8, 16):
        with gateway_of(folder / f"sources-{count}", count) as (running, sent):
            print(grown(running, sent, f"{count} | 100 kB each", seconds))
    with gateway_of(folder, 8) as (running, sent):
        for entries in (10, 100, 1000, 10_000):
            control(f"entries={max(1, entries // 8)}")
            load.run(GATEWAY_PORT, sent, 2, 1.0, None)
            print(grown(running, sent, f"8 | {entries}", seconds))
        control("entries=0")


def grown(running: Running, sent: Sequence[bytes], what: str, seconds: float) -> str:
    size = len(load.once(GATEWAY_PORT, sent[0]))
    sample = measure(running, GATEWAY_PORT, sent, 2, seconds)
    return f"| {what} | {size} | {sample.cpu_ms:.2f} | {1000 / sample.cpu_ms:.0f} | {sample.rss:.0f} |"


def fault_figures(folder: Path, seconds: float, _rounds: int) -> None:
    """One source of eight dead or silent: what the others' answers cost then."""
    for name, last in (("all well", "0"), ("one closes connections", "drop"), ("one never answers", "hang")):
        with gateway_of(folder, 8) as (running, sent):  # one of its own for each, whose breakers know nothing yet
            control(f"delays=0,0,0,0,0,0,0,{last}")
            first = load.run(GATEWAY_PORT, sent, 8, 0.01, None)
            load.run(GATEWAY_PORT, sent, 8, 4.0, None)
            sample = measure(running, GATEWAY_PORT, sent, 8, seconds, None)
            arrived = load.once(GATEWAY_PORT, sent[0]).count(b'"asOf"')
            print(
                f"{name}: first answers within {max(first.latencies) * 1000:.0f} ms; later {row(name, 8, [sample])} "
                f"{arrived} entries in an answer"
            )
            control("delays=0")


PARTS = {"main": main_figures, "latency": latency_figures, "growth": growth_figures, "faults": fault_figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, action="append")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leave no process behind
    with tempfile.TemporaryDirectory(prefix="joinup-bench-") as name, sources(Path(name)):
        for part in chosen.only or PARTS:
            print(f"\n## {part}: {PARTS[part].__doc__}\n", flush=True)
            PARTS[part](Path(name), chosen.seconds, chosen.rounds)


if __name__ == "__main__":
    main()
