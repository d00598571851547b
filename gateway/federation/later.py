"""Values that are still being waited for, in an answer that is otherwise written.

Completion runs synchronously wherever it can; where a resolver gave an awaitable, a `Later` stands in the
answer and is awaited together with its neighbours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from inspect import isawaitable
from types import CoroutineType
from typing import Any

Path = tuple[Any, str | int] | None
"""A response path as linked pairs (parent, last key); None is the root."""

Complete = Callable[[Any, Path, Any], Any]


class Bubble(Exception):
    """A null stands where none may; it moves to the nearest position that may be null."""


def path_list(path: Path) -> list[str | int]:
    """A linked path as GraphQL writes it."""
    keys: list[str | int] = []
    while path is not None:
        path, key = path
        keys.append(key)
    keys.reverse()
    return keys


def is_awaitable(value: object) -> bool:
    """Whether a resolver's result has to be awaited."""
    return value.__class__ is CoroutineType or isawaitable(value)


async def drain(items: AsyncIterable[Any]) -> list[Any]:
    """All items of an asynchronous iterable."""
    return [item async for item in items]


class Later:
    """A value to come: either one awaitable with its completion, or a container with gaps.

    A job is (slot in the container, what is waited for, whether the slot may be null).
    """

    __slots__ = ("awaitable", "complete", "jobs", "out", "path")

    def __init__(
        self,
        out: Any = None,
        jobs: list[tuple[Any, Later, bool]] | None = None,
        awaitable: Any = None,
        complete: Complete | None = None,
        path: Path = None,
    ) -> None:
        self.out = out
        self.jobs = jobs or []
        self.awaitable = awaitable
        self.complete = complete
        self.path = path

    async def run(self, run: Any) -> Any:
        """The finished value. Raises Bubble where it may not be null."""
        if self.complete is not None:
            return await self._one(run)
        jobs = self.jobs
        if len(jobs) == 1:
            slot, later, nullable = jobs[0]
            self.out[slot] = await _settle(later, nullable, run)
            return self.out
        try:
            done = await gather([_settle(later, nullable, run) for _, later, nullable in jobs])
        except BaseException:
            self.drop()
            raise
        for (slot, _, _), value in zip(jobs, done, strict=True):
            self.out[slot] = value
        return self.out

    async def _one(self, run: Any) -> Any:
        try:
            value = await self.awaitable
        except Exception as error:
            value = error
        assert self.complete is not None
        value = self.complete(value, self.path, run)
        return await value.run(run) if value.__class__ is Later else value

    def drop(self) -> None:
        """Give up: nobody will await this value."""
        if isinstance(self.awaitable, CoroutineType):
            self.awaitable.close()
        elif isinstance(self.awaitable, asyncio.Future):
            self.awaitable.cancel()
        for _, later, _ in self.jobs:
            later.drop()


async def _settle(later: Later, nullable: bool, run: Any) -> Any:
    try:
        return await later.run(run)
    except Bubble:
        if nullable:
            return None
        raise


async def gather(coroutines: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """All results in order; when one fails, the others are cancelled and have ended before it is raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def drop_all(values: Iterable[Any]) -> None:
    """Give up every Later among these values."""
    for value in values:
        if value.__class__ is Later:
            value.drop()


def finish_object(out: dict[str, Any], nullable: tuple[bool, ...]) -> Any:
    """The object, or a Later if some of its values are; `nullable` is by position."""
    jobs = [
        (key, value, may) for (key, value), may in zip(out.items(), nullable, strict=True) if value.__class__ is Later
    ]
    return Later(out, jobs) if jobs else out


def finish_list(out: list[Any], nullable: bool) -> Any:
    """The list, or a Later if some of its items are."""
    jobs = [(index, value, nullable) for index, value in enumerate(out) if value.__class__ is Later]
    return Later(out, jobs) if jobs else out


def start(resolve: Callable[[Any, Path, Any], Any], complete: Complete, source: Any, path: Path, run: Any) -> Any:
    """Call a resolver and complete what it gives: now, or later if it has to be awaited."""
    try:
        value = resolve(source, path, run)
    except Exception as error:
        value = error
    if value.__class__ is CoroutineType or isawaitable(value):
        return Later(awaitable=value, complete=complete, path=path)
    return complete(value, path, run)
