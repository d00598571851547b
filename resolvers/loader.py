"""One person's record within one request: each source asked once, each section joined when its sources are in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from policies import childhood
from policies.decision import Show
from policies.sections import Section
from resolvers.context import RecordContext
from resolvers.order import newest_first
from resolvers.record.activity import is_active
from resolvers.record.status import Completeness, Finding, SourceState, SourceStatus
from resolvers.record.values import Entry, PartialDateTime
from resolvers.restriction import without_whereabouts
from resolvers.sources.demographics import Person
from resolvers.sources.source import Answer, Ask, SectionAnswer, Source, Subject

ANSWERED = frozenset({SourceState.ANSWERED, SourceState.EMPTY})
HELD_BACK_SECONDS = 0.05
"""Taken off the request's deadline for sources: their own clients then give up first, and their breakers learn of it."""
ASKED_BESIDE = frozenset({Section.CONSULTATIONS})
"""Sections whose window a source is told also when nobody asks for them: it may need what they hold for its verdicts,
which must be the same whatever is asked."""
ASKED = frozenset(SourceState) - {SourceState.NOT_ASKED}


@dataclass(slots=True)
class SectionRecord:
    """One section of one person, joined over all sources, after policy, newest first."""

    entries: list[Entry]
    sources: list[SourceStatus]
    known_none: bool
    unasked: bool = False
    """Whether an organisation that serves this person could not be asked: then nobody knows what it holds."""

    @property
    def completeness(self) -> Completeness:
        asked = [status.status for status in self.sources if status.status in ASKED]
        if all(state in ANSWERED for state in asked) and not (asked and self.unasked):
            return Completeness.COMPLETE if asked else Completeness.NONE
        useful = ANSWERED | {SourceState.PARTIAL}
        return Completeness.PARTIAL if any(state in useful for state in asked) else Completeness.NONE

    @property
    def finding(self) -> Finding:
        """What may be concluded. 'None' in any form needs everybody to have answered."""
        complete = self.completeness is Completeness.COMPLETE
        if any(not getattr(entry, "no_known_allergies", False) for entry in self.entries):
            return Finding.RECORDED
        if not complete:
            return Finding.RECORDED if self.entries else Finding.NOT_ANSWERED
        return Finding.KNOWN_NONE if self.entries or self.known_none else Finding.NONE_FOUND


@dataclass(slots=True)
class RecordLoader:
    """Asks each source once for all the sections that the operation needs. `person` is None where the demographics
    service gave no answer: then everything is treated as if the person were restricted, and nothing that depends on
    their age or home is asked."""

    context: RecordContext
    nhs_number: str
    person: Person | None
    _asks: dict[str, tuple[frozenset[Section], asyncio.Task[Answer]]] = field(default_factory=dict)
    _not_asked: dict[str, SourceState] = field(default_factory=dict)
    _planned: frozenset[Section] = frozenset()

    def start(self, sections: frozenset[Section]) -> None:
        """Begin asking for these sections; those begun already are not asked again."""
        new = sections - self._planned - {Section.DEMOGRAPHICS}
        if not new:
            return
        self._planned |= new
        located = self.context.directory.locate(self.person, new)
        for source in self.context.directory.sources:
            wanted = located.ask.get(source.id, frozenset())
            if source.id in located.not_asked:
                self._not_asked[source.id] = located.not_asked[source.id]
            if Section.SOCIAL_CARE in wanted and not self._is_adult():
                wanted -= {Section.SOCIAL_CARE}
            if wanted:
                key = f"{source.id}#{len(self._asks)}"
                self._asks[key] = (wanted, asyncio.create_task(self._ask(source, wanted)))

    async def section(self, section: Section) -> SectionRecord:
        """The joined section. Waits only for the sources that were asked for it."""
        self.start(frozenset({section}))
        waiting = {key.partition("#")[0]: task for key, (sections, task) in self._asks.items() if section in sections}
        answers = dict(zip(waiting, await asyncio.gather(*waiting.values()), strict=True))
        return self._join(section, answers)

    def close(self) -> None:
        """Stop what is still running, and let go of what came; called when the request ends."""
        for _, task in self._asks.values():
            task.cancel()
        self._asks.clear()  # a task's context leads back here: the record would stay until the collector finds it

    async def _ask(self, source: Source, sections: frozenset[Section]) -> Answer:
        context = self.context
        if context.cache is None:
            return await self._fetch(source, sections)
        looked = await context.cache.look_up(source.id, self.nhs_number, sections, self._variant())
        if looked.answer is not None:
            return looked.answer
        answer = await self._fetch(source, sections)
        if all(part.status in ANSWERED for part in answer.values()):
            await looked.keep(answer)
        return answer

    def _variant(self) -> str:
        """What else can change a source's answer: the policy files, who asks on whose behalf, the day, the person."""
        context = self.context
        caller = context.caller
        born = self.person.birth_date if self.person else None
        day = context.now.date().isoformat()
        asker = (caller.organisation, caller.role, caller.job_role, caller.purpose)
        parts = (context.policies.version, *asker, born, day)
        return "|".join(part or "" for part in parts)

    async def _fetch(self, source: Source, sections: frozenset[Section]) -> Answer:
        context = self.context
        today = context.now.date()
        windows = context.policies.windows
        since = {s: lower.isoformat() for s in sections | ASKED_BESIDE if (lower := windows.earliest(s, today))}
        ask = Ask(
            subject=Subject(self.nhs_number, self.person.birth_date if self.person else None),
            sections=sections,
            caller=context.caller,
            request_id=context.request_id,
            deadline=context.deadline - HELD_BACK_SECONDS,
            now=context.now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            since=since,
            names=context.names if context.cache is None else None,  # what is cached has to serve other operations
        )
        try:
            async with asyncio.timeout_at(context.deadline):
                return await source.ask(ask, context.policies.sensitivity, self._of_record)
        except TimeoutError:
            return {section: SectionAnswer(SourceState.TIMED_OUT) for section in sections}

    def _join(self, section: Section, answers: Mapping[str, Answer]) -> SectionRecord:
        entries: list[Entry] = []
        statuses: list[SourceStatus] = []
        known_none = False
        unasked = self._no_practice_asked(section, answers)
        for source in self.context.directory.sources:
            if section not in source.adapter.gives:
                continue
            answer = answers.get(source.id, {}).get(section)
            if answer is None:
                state = self._not_asked.get(source.id, SourceState.NOT_ASKED)
                self.context.journal.asked(source.id, section, state)
                statuses.append(SourceStatus(organisation=source.organisation, status=state))
                continue
            visible = self._visible(answer.entries)
            state = answer.status
            if state is SourceState.ANSWERED and not visible:
                state = SourceState.EMPTY
            known_none = known_none or answer.known_none
            unasked = unasked or state is SourceState.NOT_ASKED
            entries.extend(visible)
            self.context.journal.asked(source.id, section, state)
            statuses.append(
                SourceStatus(
                    organisation=source.organisation,
                    status=state,
                    as_of=None if answer.as_of is None else PartialDateTime(answer.as_of),
                    warnings=answer.warnings,
                )
            )
        return SectionRecord(newest_first(entries), statuses, known_none, unasked)

    def _no_practice_asked(self, section: Section, answers: Mapping[str, Answer]) -> bool:
        """Whether practices are connected that keep this section, and none of them is the person's: theirs, of which
        nobody asks, may hold the most of it."""
        practices = [s for s in self.context.directory.sources if s.coverage.practices and section in s.adapter.gives]
        return bool(practices) and not any(source.id in answers for source in practices)

    def _visible(self, entries: list[Entry]) -> list[Entry]:
        """What restriction leaves of a source's entries. Decided anew for every request."""
        if self.person is None or self.person.restricted:
            withheld = self.context.policies.restricted
            return [without_whereabouts(entry, withheld) for entry in entries]
        return entries

    def _of_record(self, section: Section, entries: list[Entry]) -> list[Entry]:
        """What recent history and adulthood leave of a source's entries. The day and the birth date that decide it are
        part of what the cache knows an answer by (`_variant`)."""
        window = self.context.policies.windows.opened(section, self.context.now.date())
        shown = [
            entry
            for entry in entries
            if isinstance(window.keeps(entry.date, is_active(entry) if window.active else None), Show)
        ]
        if section is Section.SOCIAL_CARE:
            born = self.person.birth_date if self.person else None
            return [entry for entry in shown if isinstance(childhood.keeps(entry.date, born), Show)]
        return shown

    def _is_adult(self) -> bool:
        born = self.person.birth_date if self.person else None
        return isinstance(childhood.may_ask(born, self.context.now.date()), Show)
