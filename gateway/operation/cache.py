"""A least-recently-used map bounded by number and by weight, so that few large documents cannot fill memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class WeightedCache(Generic[V]):
    """At most `entries` values whose weights sum to at most `weight`."""

    def __init__(self, entries: int, weight: int) -> None:
        self._entries = entries
        self._weight = weight
        self._held = 0
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> V | None:
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: V, weight: int) -> None:
        if weight > self._weight:
            return
        self._held += weight - self._values.pop(key, (value, 0))[1]
        self._values[key] = (value, weight)
        while len(self._values) > self._entries or self._held > self._weight:
            _, (_, freed) = self._values.popitem(last=False)
            self._held -= freed
