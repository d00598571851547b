"""The FHIR R4 (UK Core) source adapter: searches by patient for exactly what the sections need, and reads the answers.

A section of which no resource type is searchable, by the server's CapabilityStatement, is not asked: NOT_ASKED, with
the warning `not-implemented`. A section with several types is answered by those that the server keeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.values import Entry, Organisation
from resolvers.sources.fhir_r4 import (
    asking,
    bundle,
    gathering,
    linked,
    narrow,
    outcomes,
    paging,
    patients,
    sections,
)
from resolvers.sources.fhir_r4.asking import Query, Question
from resolvers.sources.fhir_r4.capabilities import UNKNOWN, Ability, Capabilities
from resolvers.sources.fhir_r4.catch import Catch, Wanted, of_everything, of_search
from resolvers.sources.fhir_r4.options import FhirR4Options, PatientBy
from resolvers.sources.fhir_r4.patients import NHS_NUMBER, Owner
from resolvers.sources.fhir_r4.reading import Home
from resolvers.sources.fhir_r4.searches import SEARCHES
from resolvers.sources.source import Ask, Fetched, ReadNotes
from resolvers.sources.upstream import Reply, Upstream, UpstreamError

JSON = "application/fhir+json"
GET = {"accept": JSON}
FORM = {"accept": JSON, "content-type": "application/x-www-form-urlencoded"}
BATCH = {"accept": JSON, "content-type": JSON}
MOST_KNOWN = 256

First = Reply | UpstreamError


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a set of sections means for this server: their searches and what each may bring, or what one `$everything` of
    `types` may bring."""

    sections: Sequence[Section]
    questions: Sequence[Question]
    searches: Sequence[Wanted]
    whole: Wanted
    types: str

    def catches(self) -> list[Catch]:
        """One, still empty, for each search."""
        return [Catch(wanted) for wanted in self.searches]


class FhirR4Adapter:
    """A FHIR R4 server as a source. `source_id` prefixes every entry's id; `organisation` is who keeps the server."""

    def __init__(
        self, upstream: Upstream, source_id: str, organisation: Organisation, options: FhirR4Options | None = None
    ) -> None:
        self._upstream = upstream
        self._options = options or FhirR4Options()
        urls = (upstream.base_url, *self._options.own_urls)
        self._home = Home(source_id, organisation, tuple(url.rstrip("/") for url in urls))
        self._gives = self._options.sections & frozenset(SEARCHES)
        self._capabilities = Capabilities(upstream)
        self._remembered = patients.Remembered()
        self._able: Ability | None = None
        self._known: dict[tuple[frozenset[Section], frozenset[str] | None], Inquiry] = {}

    @property
    def gives(self) -> frozenset[Section]:
        return self._gives

    async def fetch(self, ask: Ask) -> Fetched:
        """Search for what `ask.sections` need. Raises UpstreamError where the patient could not be looked up."""
        possible = ask.sections & self._gives
        ability = await self._capabilities.current(ask.deadline) if self._options.capabilities else UNKNOWN
        inquiry = self._inquiry(possible, narrow.telling(ask.names), ability)
        owner, catches = await self._asked(inquiry, ability, ask) if inquiry.questions else (None, [])
        if owner is not None:
            catches += await self._linked(catches, inquiry.questions, owner, ability, ask)
        return gathering.gather(inquiry.sections, catches, owner is not None and owner.doubtful)

    def _inquiry(self, possible: frozenset[Section], selected: frozenset[str] | None, ability: Ability) -> Inquiry:
        """Worked out once for each set of sections and of what is selected in them, while the server stays able."""
        if self._able is not ability or len(self._known) > MOST_KNOWN:
            self._able, self._known = ability, {}
        known = self._known.get((possible, selected))
        if known is None:
            wanted = tuple(section for section in SEARCHES if section in possible)
            questions = tuple(question for section in wanted for question in asking.questions(section, ability))
            decoder = narrow.decoder(selected)
            searches = tuple(of_search(each.section, each.search, decoder) for each in questions)
            whole = of_everything(((each.section, each.search) for each in questions), decoder)
            known = self._known[possible, selected] = Inquiry(
                wanted, questions, searches, whole, asking.types(questions)
            )
        return known

    def read(self, kept: Sequence[Item], ask: Ask, notes: ReadNotes) -> dict[Section, list[Entry]]:
        """Entries of the asked sections from what policy kept."""
        return sections.read(kept, ask, notes, self._home)

    async def _asked(self, inquiry: Inquiry, ability: Ability, ask: Ask) -> tuple[Owner, list[Catch]]:
        """Who the patient is, and what every question brought: nothing where nobody is known to ask about."""
        questions = inquiry.questions
        if not self._options.patient_by.looks_up_first:
            asked = [asking.query(each, None, ability, ask, self._options) for each in questions]
            catches = inquiry.catches()
            owner, firsts = await asyncio.gather(self._owner(ability, ask), self._firsts(asked, ability, ask))
            await self._read_all(catches, firsts, owner, ask)
            return owner, catches
        owner = await self._owner(ability, ask)
        if not owner.ids:
            return owner, inquiry.catches()
        whole = await self._everything(inquiry, owner, ability, ask)
        if whole is not None:
            return owner, [whole]
        catches = inquiry.catches()
        asked = [asking.query(each, owner, ability, ask, self._options) for each in questions]
        if self._batches(asked, ability):
            await self._read_all(catches, await self._batch(asked, ask.deadline), owner, ask)
        else:
            pairs = zip(catches, asked, strict=True)
            await asyncio.gather(*(self._search_all(catch, query, owner, ask) for catch, query in pairs))
        return owner, catches

    async def _owner(self, ability: Ability, ask: Ask) -> Owner:
        """Who the asked person is here. Several Patients may carry one number; none may."""
        subject = ask.subject
        if self._options.patient_by is PatientBy.NHS_NUMBER:
            return patients.owner(subject, (subject.nhs_number,), self._home.bases)
        if not self._options.patient_by.looks_up_first and ability.of("Patient") is None:
            return patients.owner(subject, (), self._home.bases)
        ids = self._remembered.get(subject)
        if ids is not None:
            return patients.owner(subject, ids, self._home.bases)
        reply = await self._search(
            Query("Patient", (("identifier", f"{NHS_NUMBER}|{subject.nhs_number}"),)), ask.deadline
        )
        outcomes.raise_for(reply)
        found = bundle.rows(reply.body, bundle.envelope(reply.body))
        owner = patients.identify(found, subject, self._home.bases)
        self._remembered.put(subject, owner.ids)
        return owner

    async def _everything(self, inquiry: Inquiry, owner: Owner, ability: Ability, ask: Ask) -> Catch | None:
        """All sections by one request; None where that is not wanted or not possible."""
        may = self._options.takes_everything and (ability.everything or ability.types is None)
        if not may or len(owner.ids) != 1:
            return None
        first = await self._first(asking.everything(inquiry.types, owner, self._options), ask.deadline)
        if isinstance(first, Reply) and outcomes.unsupported(first):
            return None
        catch = Catch(inquiry.whole)
        await self._read_all([catch], [first], owner, ask)
        return catch

    async def _linked(
        self, catches: Sequence[Catch], questions: Sequence[Question], owner: Owner, ability: Ability, ask: Ask
    ) -> list[Catch]:
        """What the entries refer to, or are held by, and no search brought."""
        named = owner if self._options.patient_by.looks_up_first else None

        async def read(wanted: Sequence[Catch], queries: Sequence[Query]) -> None:
            await self._read_all(wanted, await self._firsts(queries, ability, ask), owner, ask)

        server = linked.Server(ability, named, ask, self._options, self._home.bases)
        return await linked.follow(server, questions, catches, read)

    async def _search_all(self, catch: Catch, query: Query, owner: Owner, ask: Ask) -> None:
        """One search from its first page to its last; read while others are still on their way."""
        await self._read_all([catch], [await self._first(query, ask.deadline)], owner, ask)

    async def _read_all(self, catches: Sequence[Catch], firsts: Sequence[First], owner: Owner, ask: Ask) -> None:
        """Read first pages at once, then the pages after them side by side."""

        async def turn(url: str) -> Reply:
            return await self._upstream.send("GET", url, headers=GET, deadline=ask.deadline)

        bases, pages = self._home.bases, self._options.max_pages
        links = [paging.start(catch, first, owner, bases) for catch, first in zip(catches, firsts, strict=True)]
        following = [
            paging.follow(catch, link, owner, turn, bases, pages)
            for catch, link in zip(catches, links, strict=True)
            if link is not None
        ]
        if following:
            await asyncio.gather(*following)

    async def _firsts(self, asked: Sequence[Query], ability: Ability, ask: Ask) -> Sequence[First]:
        """The first page of every search, or what went wrong with it."""
        if self._batches(asked, ability):
            return await self._batch(asked, ask.deadline)
        return await asyncio.gather(*(self._first(query, ask.deadline) for query in asked))

    def _batches(self, asked: Sequence[Query], ability: Ability) -> bool:
        return self._options.batch and len(asked) > 1 and (ability.batch or ability.types is None)

    async def _batch(self, asked: Sequence[Query], deadline: float) -> Sequence[First]:
        """All searches in one request; it only reads, so it may be repeated."""
        try:
            reply = await self._upstream.send(
                "POST", "", headers=BATCH, content=asking.batch(asked), deadline=deadline, idempotent=True
            )
            outcomes.raise_for(reply)
            return asking.answers(reply, len(asked))
        except UpstreamError as error:
            return [error] * len(asked)

    async def _first(self, query: Query, deadline: float) -> First:
        try:
            return await self._search(query, deadline)
        except UpstreamError as error:
            return error

    async def _search(self, query: Query, deadline: float) -> Reply:
        if not self._options.post or query.operation:
            return await self._upstream.send("GET", query.path, query=query.parameters, headers=GET, deadline=deadline)
        form = urlencode(query.parameters).encode()
        return await self._upstream.send(
            "POST", f"{query.path}/_search", headers=FORM, content=form, deadline=deadline, idempotent=True
        )
