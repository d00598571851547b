"""What the sensitivity gate costs, in microseconds of CPU per entry.

    python bench/micro_policy.py FILE_OR_FOLDER [...]

Each argument is a FHIR Bundle, or a folder of them. Reported per source of bundles: the proof of innocence from bytes
(`innocent`), the exact walk (`judge`, decoding included), and the whole gate with its links (`sift`), each the best of
several rounds; how much is withheld; and what the proof did not settle.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from policies.decision import Withhold
from policies.sensitivity.gate import Item, SensitivityPolicy

T = TypeVar("T")
ROUNDS = 7


def items_of(path: Path) -> list[Item]:
    """The entries of a Bundle, each as compact JSON, as an adapter would slice them."""
    bundle = json.loads(path.read_bytes())
    found = [entry["resource"] for entry in bundle.get("entry", []) if "resource" in entry]
    return [
        Item(f"{one['resourceType']}/{one.get('id', place)}", json.dumps(one, separators=(",", ":")).encode())
        for place, one in enumerate(found)
    ]


def cost(work: Callable[[T], object], load: Sequence[T], entries: int) -> float:
    """Microseconds of CPU per entry, best of several rounds over the load."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        for one in load:
            work(one)
        best = min(best, time.process_time_ns() - start)
    return best / 1000 / entries


def measure(name: str, bundles: Sequence[list[Item]], policy: SensitivityPolicy) -> None:
    raws = [item.raw for items in bundles for item in items]
    entries = len(raws)
    proved = sum(map(policy.innocent, raws))
    withheld = sum(isinstance(one, Withhold) for items in bundles for one in policy.sift(items))
    print(
        f"{name:28} {entries:6} entries of {sum(map(len, raws)) / entries:6.0f} bytes"
        f" | innocent {cost(policy.innocent, raws, entries):6.2f} µs"
        f" | judge {cost(lambda raw: policy.judge(msgspec.json.decode(raw)), raws, entries):6.1f} µs"
        f" | sift {cost(policy.sift, bundles, entries):6.2f} µs"
        f" | withheld {withheld / entries:6.2%} | settled by proof {proved / entries:6.2%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", nargs="+", type=Path)
    start = time.process_time()
    policy = SensitivityPolicy.load()
    print(f"load and compile: {(time.process_time() - start) * 1000:.0f} ms of CPU")
    for path in parser.parse_args().bundles:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        bundles = [items for items in map(items_of, files) if items]
        if bundles:
            measure(path.name, bundles, policy)


if __name__ == "__main__":
    main()
