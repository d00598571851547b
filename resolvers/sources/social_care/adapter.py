"""Adult social care as a source: one GET per person for all sections that are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from policies import childhood
from policies.decision import Show
from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.status import SourceState
from resolvers.record.values import Entry, Organisation
from resolvers.sources.social_care.envelope import open_document
from resolvers.sources.social_care.reading import Reading, read_section
from resolvers.sources.social_care.shapes import LISTS_OF
from resolvers.sources.source import Ask, Fetched, ReadNotes
from resolvers.sources.upstream import Upstream


@dataclass(frozen=True, slots=True)
class SocialCare:
    """One council's interface: `GET {base}/v1/people/{nhsNumber}/adult-social-care` (docs/social-care.md)."""

    source_id: str
    organisation: Organisation
    upstream: Upstream
    sections: frozenset[Section] = frozenset(LISTS_OF)

    @property
    def gives(self) -> frozenset[Section]:
        return self.sections & frozenset(LISTS_OF)

    async def fetch(self, ask: Ask) -> Fetched:
        """The raw items of the asked lists. A council is never asked about somebody who is not known to be an adult."""
        sections = ask.sections & self.gives
        if not isinstance(childhood.may_ask(ask.subject.birth_date, datetime.fromisoformat(ask.now).date()), Show):
            return Fetched(failures=dict.fromkeys(sections, SourceState.NOT_ASKED))
        reply = await self.upstream.send(
            "GET",
            f"v1/people/{ask.subject.nhs_number}/adult-social-care",
            query=_query(ask, sections),
            headers=_headers(ask),
            deadline=ask.deadline,
        )
        return open_document(reply, ask, sections)

    def read(self, kept: Sequence[Item], ask: Ask, notes: ReadNotes) -> dict[Section, list[Entry]]:
        reading = Reading(self.source_id, self.organisation, ask, notes)
        return {section: read_section(kept, section, reading) for section in ask.sections & self.gives}


def _query(ask: Ask, sections: frozenset[Section]) -> tuple[tuple[str, str], ...]:
    """Only the lists that are needed; and since when, where every asked section has a first day."""
    names = dict.fromkeys(name for section in LISTS_OF if section in sections for name in LISTS_OF[section])
    query = [("include", ",".join(names))]
    if all(section in ask.since for section in sections):
        query.append(("since", min(ask.since[section] for section in sections)))
    return tuple(query)


def _headers(ask: Ask) -> dict[str, str]:
    """Who asks, for the council's own audit; values are percent-encoded, since names may hold anything."""
    caller = ask.caller
    return {
        "Accept": "application/json",
        "X-Request-ID": ask.request_id,
        "X-Requester-Id": quote(caller.subject, safe=""),
        "X-Requester-Role": quote(caller.role, safe=""),
        "X-Requester-Organisation": quote(caller.organisation, safe=""),
        "X-Requester-Purpose": quote(caller.purpose, safe=""),
    }
