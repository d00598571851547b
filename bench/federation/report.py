"""Samples → rows of a Markdown table."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.load import Window

COLUMNS = (
    "gateway",
    "connections",
    "CPU µs/request (best)",
    "requests/s per core (best)",
    "wall requests/s",
    "p50 ms",
    "p99 ms",
    "RSS MB",
    "peak MB",
    "× Hive, Rust planner",
    "joinup is",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One window of one gateway: microseconds of CPU a request, the load's view, memory in MB."""

    cpu: float
    window: Window
    rss: float
    peak: float


def heading() -> str:
    return f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"


def table(connections: int, samples: Mapping[str, Sequence[Sample]], ours: str, reference: str) -> list[str]:
    """One row a gateway. Ratios are of throughput per core, medians over rounds of the ratio within one round."""
    rows = []
    for name, found in samples.items():
        to_reference = _ratio(samples.get(reference), found)
        of_ours = _ratio(found, samples.get(ours)) if name != ours else ""
        rows.append(f"| {_row(name, connections, found)} | {to_reference} | {of_ours} |")
    return rows


def _row(name: str, connections: int, found: Sequence[Sample]) -> str:
    def median(read: Callable[[Sample], float]) -> float:
        return statistics.median(map(read, found))

    cpu, best = median(lambda one: one.cpu), min(one.cpu for one in found)
    wall = median(lambda one: one.window.answered / one.window.seconds)
    p50, p99 = (median(lambda one, q=q: one.window.quantile(q) * 1000) for q in (0.5, 0.99))  # type: ignore[misc]
    return (
        f"{name} | {connections} | {cpu:.0f} ({best:.0f}) | {1e6 / cpu:.0f} ({1e6 / best:.0f}) | {wall:.0f} "
        f"| {p50:.1f} | {p99:.1f} | {found[-1].rss:.0f} | {max(one.peak for one in found):.0f}"
    )


def _ratio(slow: Sequence[Sample] | None, fast: Sequence[Sample] | None) -> str:
    if not slow or not fast:
        return "–"
    return f"{statistics.median(a.cpu / b.cpu for a, b in zip(slow, fast, strict=True)):.2f}×"
