"""Holds Python's cycle collector back while something large is built."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No collection meanwhile: of the hundred thousands of objects that composing makes nearly all stay to its end,
    so that looking through them time and again is half the work and finds nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
