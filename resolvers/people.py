"""From an NHS number to a person whose record this caller may see, or to nobody.

The order is fixed: the caller's own right, the limit on patients, the opt-out registry, the demographics service,
the registry again for the current number. Nothing is asked of anybody about a person who has opted out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from policies.access import may_see_patient
from policies.decision import Show
from policies.sections import Section
from resolvers.context import RecordContext
from resolvers.errors import PatientNotAvailable, RateLimited, RegistryDown, SourceTimeout, SourceUnavailable
from resolvers.loader import RecordLoader
from resolvers.restriction import without_sensitive_places
from resolvers.sources.demographics import Person
from resolvers.sources.upstream import Failure, UpstreamError


@dataclass(slots=True)
class Found:
    """A person, as they may be shown, and the loader of their record. `failure` says why demographics are missing, where they are."""

    nhs_number: str
    person: Person | None
    record: RecordLoader
    failure: SourceUnavailable | SourceTimeout | None = None


@dataclass(slots=True)
class PatientLoader:
    """The people of one request. Each is looked up once."""

    context: RecordContext
    _found: dict[str, asyncio.Task[Found]] = field(default_factory=dict)

    async def find(self, nhs_number: str, sections: frozenset[Section]) -> Found:
        """The person, with their sections begun. Raises PatientNotAvailable, RateLimited, RegistryDown."""
        task = self._found.get(nhs_number)
        if task is None:
            task = self._found[nhs_number] = asyncio.create_task(self._look_up(nhs_number))
        found = await asyncio.shield(task)
        self.context.journal.sections |= sections
        found.record.start(sections)
        return found

    async def refuse_opted_out(self, nhs_numbers: Collection[str]) -> frozenset[str]:
        """Those who have opted out. Raises RegistryDown where that cannot be told."""
        try:
            return await self.context.consent.opted_out(nhs_numbers)
        except Exception as error:
            raise RegistryDown from error

    def let_through(self) -> frozenset[str]:
        """The people whose records were begun, by their current numbers."""
        ended = [task for task in self._found.values() if task.done() and not task.cancelled()]
        return frozenset(task.result().nhs_number for task in ended if task.exception() is None)

    def close(self) -> None:
        """Stop what is still running; called when the request ends."""
        for task in self._found.values():
            if task.done() and not task.cancelled() and task.exception() is None:
                task.result().record.close()
            else:
                task.cancel()
        self._found.clear()

    async def _look_up(self, nhs_number: str) -> Found:
        context = self.context
        context.journal.patients.add(nhs_number)
        if not isinstance(may_see_patient(context.caller, nhs_number), Show):
            raise PatientNotAvailable
        if not await context.admission.admit(context.caller, [nhs_number]):
            raise RateLimited
        if await self.refuse_opted_out([nhs_number]):
            context.journal.refused.add(nhs_number)
            raise PatientNotAvailable
        demographics = context.directory.demographics
        try:
            person = await demographics.person(nhs_number, context.caller, context.request_id, context.deadline)
        except UpstreamError as error:
            failure = SourceTimeout() if error.failure is Failure.TIMED_OUT else SourceUnavailable()
            return Found(nhs_number, None, RecordLoader(context, nhs_number, None), failure)
        if person is None:
            raise PatientNotAvailable
        if person.nhs_number != nhs_number:
            await self._check_current(person.nhs_number)
        shown = without_sensitive_places(person, context.policies.sensitivity)
        return Found(person.nhs_number, shown, RecordLoader(context, person.nhs_number, shown))

    async def _check_current(self, nhs_number: str) -> None:
        """A superseded number leads to the current one, whose holder may have opted out under it."""
        self.context.journal.patients.add(nhs_number)
        if not isinstance(may_see_patient(self.context.caller, nhs_number), Show):
            raise PatientNotAvailable
        if await self.refuse_opted_out([nhs_number]):
            self.context.journal.refused.add(nhs_number)
            raise PatientNotAvailable
