"""Incremental delivery: the first answer at once, deferred fragments as they are ready.

Payloads follow the current format (`pending`, `incremental`, `completed`, `hasNext`). All parts are executed side
by side, each with its own plan and gates; a fragment is announced only if the object that it belongs to was
delivered, and comes after the part that it lies in. What leaves is decided frame by frame, by the caller's `Settle`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.federation.defer import Deferred
from gateway.federation.errors import INTERNAL_ERROR, SOURCE_INCOMPLETE, ResponseError
from gateway.federation.execute import Executor, Outcome
from gateway.federation.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Frame:
    """One payload, and the outcome behind it for the audit (one frame is one part's outcome)."""

    payload: dict[str, Any]
    outcome: Outcome


Settle = Callable[[Prepared, Outcome, Deferred | None], Awaitable[Outcome]]
"""What is done with a part's outcome (of the first answer: no Deferred) before its frame is made: it gives the outcome
that may leave. What it raises ends the delivery."""

Write = Callable[[ResponseError], dict[str, Any]]


async def as_it_is(_prepared: Prepared, outcome: Outcome, _part: Deferred | None) -> Outcome:
    """Lets every outcome leave."""
    return outcome


async def deliver(
    executor: Executor,
    first: Prepared,
    deferred: Sequence[tuple[Deferred, Prepared]],
    variables: Mapping[str, Any],
    context: Any,
    settle: Settle = as_it_is,
    write: Write = ResponseError.to_json,
) -> AsyncGenerator[Frame]:
    """Execute the parts of a split operation and yield the payloads in the order in which they may be sent.

    With nothing to defer there is one frame, without `hasNext`. Closing the iterator cancels what still runs.
    """
    wanted = {index: each for index, each in enumerate(deferred) if each[0].wanted(variables)}
    if not wanted:
        outcome = await settle(first, await executor.run(first, variables, context), None)
        yield Frame(_body(outcome, write), outcome)
        return
    opening = asyncio.ensure_future(executor.run(first, variables, context))
    running = {
        index: asyncio.ensure_future(executor.run(prepared, variables, context))
        for index, (_, prepared) in wanted.items()
    }
    delivery = _Delivery({index: part for index, (part, _) in wanted.items()}, write)
    try:
        outcome = await settle(first, await opening, None)
        yield delivery.opening(outcome)
        while delivery.open:
            ready = [index for index in delivery.open if running[index].done()]
            if not ready:
                await asyncio.wait([running[index] for index in delivery.open], return_when=asyncio.FIRST_COMPLETED)
                continue
            index = ready[0]
            part, prepared = wanted[index]
            yield delivery.part(index, await settle(prepared, _result(running[index], part), part))
    finally:
        tasks = [opening, *running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _result(task: asyncio.Task[Outcome], part: Deferred) -> Outcome:
    """A part's outcome; a fault of our own costs the fragment, not the answer that is under way."""
    if task.exception() is not None:
        return Outcome(None, [ResponseError(INTERNAL_ERROR, part.path)])
    return task.result()


class _Delivery:
    """Which fragments have been announced and not yet completed."""

    def __init__(self, parts: Mapping[int, Deferred], write: Write) -> None:
        self.parts = parts
        self.write = write
        self.open: list[int] = []

    def opening(self, outcome: Outcome) -> Frame:
        pending = self._announce(None, outcome.data)
        payload = _body(outcome, self.write)
        if self.open:
            payload["pending"] = pending
            payload["hasNext"] = True
        return Frame(payload, outcome)

    def part(self, index: int, outcome: Outcome) -> Frame:
        part = self.parts[index]
        self.open.remove(index)
        data = _at(outcome.data, part.path)
        errors = [self.write(error) for error in outcome.errors]
        payload: dict[str, Any] = {}
        if isinstance(data, dict):
            pending = self._announce(index, outcome.data)
            if pending:
                payload["pending"] = pending
            entry: dict[str, Any] = {"id": str(index), "data": data}
            if errors:
                entry["errors"] = errors
            payload["incremental"] = [entry]
            payload["completed"] = [{"id": str(index)}]
        else:
            lost = errors or [self.write(ResponseError(SOURCE_INCOMPLETE, part.path))]
            payload["completed"] = [{"id": str(index), "errors": lost}]
        payload["hasNext"] = bool(self.open)
        return Frame(payload, outcome)

    def _announce(self, parent: int | None, data: Any) -> list[dict[str, Any]]:
        pending: list[dict[str, Any]] = []
        for index, part in self.parts.items():
            if part.parent == parent and isinstance(_at(data, part.path), dict):
                self.open.append(index)
                entry: dict[str, Any] = {"id": str(index), "path": list(part.path)}
                if part.label is not None:
                    entry["label"] = part.label
                pending.append(entry)
        return pending


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _body(outcome: Outcome, write: Write) -> dict[str, Any]:
    body: dict[str, Any] = {"data": outcome.data}
    if outcome.errors:
        body["errors"] = [write(error) for error in outcome.errors]
    return body
