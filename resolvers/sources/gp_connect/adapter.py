"""GP Connect as a source: one structured-record call for all clinical sections, one search for appointments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.status import SourceState
from resolvers.record.values import Entry, Organisation
from resolvers.sources.gp_connect.allergies import read_allergies
from resolvers.sources.gp_connect.appointments import fetch_appointments
from resolvers.sources.gp_connect.booked import read_appointments
from resolvers.sources.gp_connect.calls import STRUCTURED_RECORD, Line
from resolvers.sources.gp_connect.consultations import read_consultations
from resolvers.sources.gp_connect.envelope import open_record
from resolvers.sources.gp_connect.immunisations import read_immunisations
from resolvers.sources.gp_connect.kept import Kept
from resolvers.sources.gp_connect.medications import read_medications
from resolvers.sources.gp_connect.parameters import STRUCTURED, request_body
from resolvers.sources.gp_connect.problems import read_problems
from resolvers.sources.gp_connect.results import read_results
from resolvers.sources.gp_connect.settings import GPConnectSettings
from resolvers.sources.source import FAILED, Ask, Fetched, ReadNotes
from resolvers.sources.upstream import Upstream, UpstreamError

PATIENT = "patient"
TELLING = frozenset({Section.CONDITIONS, Section.CONSULTATIONS})
"""Asked for with every section: a problem or a consultation that policy withholds takes with it what was done about the
one or recorded in the other, and an answer must not depend on whether the question was about these, too."""
# HL7 v3-ActReason: treatment, emergency treatment, break the glass, care management, coordination of care.
DIRECT_CARE = frozenset({"TREAT", "ETREAT", "BTG", "CAREMGT", "COC"})

READERS: Mapping[Section, Callable[[Kept], Sequence[Entry]]] = {
    Section.ALLERGIES: read_allergies,
    Section.MEDICATIONS: read_medications,
    Section.CONDITIONS: read_problems,
    Section.TEST_RESULTS: read_results,
    Section.IMMUNISATIONS: read_immunisations,
    Section.CONSULTATIONS: read_consultations,
    Section.APPOINTMENTS: read_appointments,
}


@dataclass(frozen=True, slots=True)
class GPConnect:
    """One practice. `structured` and `appointments` are its two end points; either may be absent."""

    source_id: str
    organisation: Organisation
    settings: GPConnectSettings
    structured: Upstream | None = None
    appointments: Upstream | None = None

    @property
    def gives(self) -> frozenset[Section]:
        clinical = STRUCTURED if self.structured is not None else frozenset()
        return clinical | ({Section.APPOINTMENTS} if self.appointments is not None else frozenset())

    async def fetch(self, ask: Ask) -> Fetched:
        """The raw items of the asked sections; both end points side by side. A failure costs its own sections."""
        sections = ask.sections & self.gives
        if not self._may_ask(ask):
            return Fetched(failures=dict.fromkeys(sections, SourceState.NOT_ASKED))
        parts = [(sections & STRUCTURED, self._record), (sections - STRUCTURED, self._booked)]
        calls = [call(ask, part) for part, call in parts if part]
        return _joined(await asyncio.gather(*calls))

    def read(self, kept: Sequence[Item], ask: Ask, notes: ReadNotes) -> dict[Section, list[Entry]]:
        sections = ask.sections & self.gives
        at_hand = Kept(kept, self.source_id, self.organisation, ask, notes, sections)
        return {section: list(READERS[section](at_hand)) for section in sections}

    def _may_ask(self, ask: Ask) -> bool:
        """GP Connect serves direct care by professionals: the token can truthfully name nobody and nothing else."""
        if ask.caller.role == PATIENT:
            return self.settings.citizens
        return ask.caller.purpose in DIRECT_CARE

    async def _record(self, ask: Ask, sections: frozenset[Section]) -> Fetched:
        assert self.structured is not None
        line = Line(self.structured, self.settings, self.settings.audience)
        try:
            reply = await line.post(
                ask, STRUCTURED_RECORD, "Patient/$gpc.getstructuredrecord", request_body(ask, sections | TELLING)
            )
            return open_record(reply.body, ask, sections)
        except UpstreamError as error:
            return Fetched(failures=dict.fromkeys(sections, FAILED[error.failure]))

    async def _booked(self, ask: Ask, sections: frozenset[Section]) -> Fetched:
        assert self.appointments is not None
        line = Line(self.appointments, self.settings, self.settings.appointments_audience)
        try:
            return await fetch_appointments(line, ask)
        except UpstreamError as error:
            return Fetched(failures=dict.fromkeys(sections, FAILED[error.failure]))


def _joined(parts: Sequence[Fetched]) -> Fetched:
    """Two catches as one. Where both end points sent a resource of one id, it is the same one."""
    whole = Fetched()
    items: dict[str, Item] = {}
    for part in parts:
        for item in part.items:
            items.setdefault(item.key, item)
        whole.failures |= part.failures
        whole.warnings |= part.warnings
        whole.partial |= part.partial
        whole.known_none |= part.known_none
        whole.as_of = whole.as_of or part.as_of
    whole.items = list(items.values())
    return whole
