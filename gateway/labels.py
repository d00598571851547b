"""Which labels of @override are active for a caller: those that the configuration names, and shares of callers.

`percent(n)` is active for n of a hundred callers, always the same ones: a field must not answer from one subgraph now
and from another in the next request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

PERCENT = re.compile(r"percent\((\d{1,3}(?:\.\d{1,8})?)\)")
PARTS = 10**10
"""As many parts of a hundred per cent as a label can tell apart."""


def active(labels: Iterable[str], named: frozenset[str], who: str) -> frozenset[str]:
    """Of a graph's labels those in force for `who`. A label that is neither named nor a percentage is off."""
    return frozenset(label for label in labels if label in named or _share(label, who))


def _share(label: str, who: str) -> bool:
    found = PERCENT.fullmatch(label)
    if found is None:
        return False
    place = int.from_bytes(sha256(f"{label}\n{who}".encode()).digest()[:8], "big") % PARTS
    return place < float(found[1]) / 100 * PARTS
