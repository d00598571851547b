"""People remembered for seconds, and one look-up at a time for each: nothing clinical is kept here."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from resolvers.sources.demographics import Person
from resolvers.sources.upstream import Failure, UpstreamError

LookUp = Callable[[float], Awaitable[Person | None]]


@dataclass(slots=True)
class _Flight:
    nhs_number: str
    task: asyncio.Task[Person | None]
    deadline: float
    waiting: int = 0


class Memory:
    """A bounded map by NHS number whose entries live `seconds`; `seconds` 0 remembers nothing.

    People who ask for the same number at the same time share one look-up. `forget` also keeps look-ups that are
    under way from being remembered or joined.
    """

    def __init__(self, seconds: float = 10.0, most: int = 10_000, clock: Callable[[], float] | None = None) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Person | None]] = OrderedDict()
        self._flights: dict[str, _Flight] = {}

    async def person(self, nhs_number: str, deadline: float, look_up: LookUp) -> Person | None:
        """The remembered person, else what `look_up` finds. Raises UpstreamError, TIMED_OUT at the deadline."""
        known = self._known.get(nhs_number)
        if known is not None and known[0] > self._now():
            return _copy(known[1])
        flight = self._flights.get(nhs_number)
        joined = flight is not None
        if flight is None:
            flight = self._start(nhs_number, deadline, look_up)
        try:
            return _copy(await self._wait(flight, deadline))
        except UpstreamError as error:
            # the one who asked first had less time: ask again with what is left
            if (
                joined
                and error.failure is Failure.TIMED_OUT
                and flight.deadline < deadline
                and self._left(deadline) > 0
            ):
                return await self.person(nhs_number, deadline, look_up)
            raise

    def forget(self, nhs_number: str) -> None:
        """Drop everything about a person, under this number or one that led to it."""
        self._flights.pop(nhs_number, None)
        for key, (_, person) in list(self._known.items()):
            if key == nhs_number or (person is not None and nhs_number in (person.nhs_number, person.asked_number)):
                del self._known[key]

    def _start(self, nhs_number: str, deadline: float, look_up: LookUp) -> _Flight:
        async def fly() -> Person | None:
            person = await look_up(deadline)
            if self._flights.get(nhs_number) is flight:
                self._remember(nhs_number, person)
            return person

        flight = _Flight(nhs_number, asyncio.create_task(fly()), deadline)
        self._flights[nhs_number] = flight
        flight.task.add_done_callback(lambda _: self._landed(flight))
        return flight

    def _landed(self, flight: _Flight) -> None:
        self._leave(flight)
        if not flight.task.cancelled():
            flight.task.exception()  # looked at, even where nobody waits any more

    def _leave(self, flight: _Flight) -> None:
        """No one may join this look-up any more."""
        if self._flights.get(flight.nhs_number) is flight:
            del self._flights[flight.nhs_number]

    async def _wait(self, flight: _Flight, deadline: float) -> Person | None:
        """Wait without letting one caller's end cancel the others' look-up; the last to leave ends it."""
        flight.waiting += 1
        try:
            return await asyncio.wait_for(asyncio.shield(flight.task), self._left(deadline))
        except TimeoutError:
            raise UpstreamError(Failure.TIMED_OUT, "the demographics service did not answer in time") from None
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._leave(flight)
                flight.task.cancel()

    def _remember(self, nhs_number: str, person: Person | None) -> None:
        if self._seconds <= 0:
            return
        self._known[nhs_number] = (self._now() + self._seconds, person)
        self._known.move_to_end(nhs_number)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def _now(self) -> float:
        return self._clock() if self._clock is not None else asyncio.get_running_loop().time()

    def _left(self, deadline: float) -> float:
        return max(0.0, deadline - asyncio.get_running_loop().time())


def _copy(person: Person | None) -> Person | None:
    return replace(person) if person is not None else None
