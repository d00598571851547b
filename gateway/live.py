"""The graph at work, and how it is replaced while requests run.

Composition and planning of what is in use happen beside the graph at work; then one reference changes. Requests in
flight finish on the generation that they began with; its connections close after the last of them. A graph that
cannot be put to work changes nothing: the last good one stays, and the reasons are kept for whoever asks.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from gateway.connect import ConnectError, Connections
from gateway.federation.subgraph import SubgraphInput
from gateway.federation.supergraph import SupergraphError
from gateway.generation import Generation
from gateway.graph import RECORD, Graph, GraphError, compose_graph, read_graph
from gateway.partners import partner_fetchers
from gateway.reach import Reach
from gateway.sdl import SdlError, ask_sdl
from gateway.settings import ConfigError, Settings, load
from gateway.subgraphs import Partner, SubgraphsFileError, managed_file, partners, watched_files
from policies.bundle import Policies

log = structlog.get_logger("gateway")

WATCH_SECONDS = 1.0
SETTLE_SECONDS = 0.3
"""How long the watched files must have been left alone before they are read: editors write in several steps."""
DRAIN_SECONDS = 60.0
DRAIN_STEP_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Status:
    """What became of the last attempt to put a graph to work."""

    generation: int
    subgraphs: tuple[str, ...]
    at: str
    ok: bool
    reasons: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    """Partners that are configured and not in the graph: they have not told their SDL yet, or are at fault."""


@dataclass(slots=True)
class LiveGraph:
    """Owns the generation at work."""

    settings: Settings
    policies: Policies
    reach: Reach
    _generation: Generation | None = None
    _connections: Connections | None = None
    _status: Status | None = None
    _sdls: dict[str, str] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)

    @property
    def generation(self) -> Generation:
        """The generation at work. Take it once per request."""
        assert self._generation is not None, "started before anything is answered"
        return self._generation

    @property
    def status(self) -> Status | None:
        """What became of the last attempt."""
        return self._status

    async def start(self) -> None:
        """Put the first graph to work, with those partners that can be had. Raises GraphError where even the record
        alone cannot be served."""
        self._seen = self._stamps()
        status = await self.reload()
        if not status.ok:
            await self._start_without_broken(status)
        self._spawn(self._watch())

    async def close(self) -> None:
        """Stop watching and close the connections to partners."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connections is not None:
            await self._connections.resources.aclose()

    async def reload(self) -> Status:
        """Read configuration and subgraphs anew, compose beside, swap. The graph at work stays where that fails."""
        return await self._attempt(frozenset())

    def tell_other_workers(self) -> None:
        """Let the workers beside this one notice that something is to be read anew: they watch the same file."""
        file = managed_file(self.settings)
        if file is not None and file.exists():
            with suppress(OSError):
                os.utime(file)
        self._seen = self._stamps()

    async def _attempt(self, leave_out: frozenset[str]) -> Status:
        async with self._lock:
            try:
                settings = self._reread()
                wanted = partners(settings)
                found = await self._with_sdl(settings, [one for one in wanted if one.entry.name not in leave_out])
                graph = await asyncio.to_thread(self._make, settings, found)
                await self._swap(settings, graph, found)
            except Exception as error:
                self._status = self._report(ok=False, reasons=_reasons(error))
                log.error("graph_refused", reasons=list(self._status.reasons), error=type(error).__name__)
            else:
                working = {one.entry.name for one in found}
                self._status = self._report(
                    ok=True, waiting=tuple(one.entry.name for one in wanted if one.entry.name not in working)
                )
                log.info("graph_at_work", generation=self._status.generation, subgraphs=list(self._status.subgraphs))
            return self._status

    async def _start_without_broken(self, status: Status) -> None:
        """The record with all partners that do compose, taken one after the other by name."""
        found = await self._with_sdl(self.settings, self._partners())
        kept: list[Partner] = []
        for one in found:
            with suppress(GraphError, SupergraphError):
                await asyncio.to_thread(self._make, self.settings, [*kept, one])
                kept.append(one)
        left_out = frozenset(one.entry.name for one in found if one not in kept)
        if not (await self._attempt(left_out)).ok:
            raise GraphError(status.reasons)
        self._status = self._report(ok=False, reasons=status.reasons, waiting=tuple(sorted(left_out)))

    def _partners(self) -> list[Partner]:
        with suppress(SubgraphsFileError):
            return partners(self.settings)
        return []

    def _reread(self) -> Settings:
        file = Path(self.settings.file)
        return load(file) if file.exists() else self.settings

    async def _with_sdl(self, settings: Settings, found: list[Partner]) -> list[Partner]:
        """Every partner that has an SDL: its own, else what it answers now, else what it answered last."""
        return [one for one in await asyncio.gather(*(self._asked(settings, one) for one in found)) if one is not None]

    async def _asked(self, settings: Settings, partner: Partner) -> Partner | None:
        if partner.sdl is not None:
            return partner
        name = partner.entry.name
        try:
            self._sdls[name] = await ask_sdl(settings, partner.entry, self.reach)
        except (SdlError, ConnectError) as error:
            log.warning("subgraph_sdl_unavailable", subgraph=name, reason=str(error))
        known = self._sdls.get(name)
        return None if known is None else Partner(partner.entry, known)

    def _make(self, settings: Settings, found: list[Partner]) -> Graph:
        file = settings.config.federation.supergraph
        if file:
            return self._read_composed(file, settings.path(file), found)
        inputs = [SubgraphInput(one.entry.name, one.sdl or "", one.entry.url) for one in found]
        return compose_graph(inputs, self.policies)

    def _read_composed(self, name: str, file: Path, found: list[Partner]) -> Graph:
        try:
            graph = read_graph(file.read_text("utf-8"), self.policies)
        except (OSError, UnicodeDecodeError) as error:
            raise GraphError([f"{name}: cannot be read ({type(error).__name__})"]) from None
        known = {RECORD, *(one.entry.name for one in found)}
        unknown = sorted(graph.supergraph.by_name.keys() - known)
        if unknown:
            raise GraphError([f"{name}: subgraph {one!r} has no address; add [[subgraphs]] for it" for one in unknown])
        return graph

    async def _swap(self, settings: Settings, graph: Graph, found: list[Partner]) -> None:
        connections = Connections(settings, self.reach)
        old, old_connections = self._generation, self._connections
        try:
            federation = settings.config.federation
            labels = frozenset(federation.override_labels)
            fetchers = partner_fetchers(connections, found)
            new = graph.generation(fetchers, federation.cached_plans, federation.area, labels)
            if old is not None:
                await asyncio.to_thread(new.warm, old.known())
        except BaseException:
            await connections.resources.aclose()
            raise
        self._generation, self._connections, self.settings = new, connections, settings
        if old is not None and old_connections is not None:
            self._spawn(_retire(old, old_connections.resources))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            stamps = self._stamps()
            missing = self._missing()
            if stamps == self._seen and not missing:
                continue
            await asyncio.sleep(SETTLE_SECONDS)
            if self._stamps() != stamps:
                continue
            self._seen = stamps
            await self.reload()
            if missing:
                await asyncio.sleep(10 * WATCH_SECONDS)

    def _missing(self) -> bool:
        """Whether a partner could not be asked for its SDL yet."""
        with suppress(SubgraphsFileError):
            return any(one.sdl is None and one.entry.name not in self._sdls for one in partners(self.settings))
        return False

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        files = [Path(self.settings.file), *watched_files(self.settings)]
        return {file: _stamp(file) for file in files}

    def _report(self, *, ok: bool, reasons: tuple[str, ...] = (), waiting: tuple[str, ...] = ()) -> Status:
        generation = self._generation
        names = sorted(generation.supergraph.by_name) if generation is not None else []
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return Status(generation.number if generation else 0, tuple(names), at, ok, reasons, waiting)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _retire(old: Generation, resources: AsyncExitStack) -> None:
    """Close an old generation's connections when its last request has been answered, or has had its time."""
    loop = asyncio.get_running_loop()
    until = loop.time() + DRAIN_SECONDS
    try:
        while old.in_flight and loop.time() < until:  # noqa: ASYNC110 - nobody waits for this; requests pay nothing
            await asyncio.sleep(DRAIN_STEP_SECONDS)
    finally:
        await resources.aclose()


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def _reasons(error: Exception) -> tuple[str, ...]:
    if isinstance(error, GraphError):
        return error.reasons
    if isinstance(error, ConfigError):
        return tuple(str(problem) for problem in error.problems)
    if isinstance(error, SupergraphError | SubgraphsFileError | ConnectError):
        return (str(error),)
    return (f"the gateway failed to build the graph ({type(error).__name__}); report this with its log",)
