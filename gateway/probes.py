"""Whether the stores can be used, asked in the background, so that a readiness probe costs nothing and never waits.

Without the opt-out registry and the audit nothing is answered, and a load balancer should ask another machine. Sources
are no part of this: one that is down costs its own part of an answer only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

import structlog

log = structlog.get_logger("gateway")

EVERY_SECONDS = 2.0
PATIENCE_SECONDS = 2.0

Probe = Callable[[], Awaitable[object]]


class Probes:
    """What was found last, by name. Nothing holds before the first round."""

    def __init__(self, probes: Mapping[str, Probe], every: float = EVERY_SECONDS) -> None:
        self._probes = dict(probes)
        self._every = every
        self._good = dict.fromkeys(probes, False)
        self._task: asyncio.Task[None] | None = None

    def checks(self) -> dict[str, Callable[[], bool]]:
        """By name, a function that tells what was found last."""
        return {name: partial(self._good.__getitem__, name) for name in self._probes}

    async def start(self) -> None:
        """One round, and then one after another until closed."""
        await self._round()
        self._task = asyncio.create_task(self._go_on())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self._round()

    async def _round(self) -> None:
        await asyncio.gather(*(self._ask(name, probe) for name, probe in self._probes.items()))

    async def _ask(self, name: str, probe: Probe) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await probe()
            good = True
        except Exception:
            good = False
        if good != self._good[name] and not (good and self._task is None):
            (log.info if good else log.error)("store_usable" if good else "store_not_usable", kind=name)
        self._good[name] = good
