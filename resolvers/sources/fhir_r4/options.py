"""How one FHIR R4 server is asked: its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from policies.sections import Section
from resolvers.sources.fhir_r4.searches import SEARCHES


class PatientBy(Enum):
    """How searches name the patient.

    `ID`: by the server's own id, after a search for the Patient by NHS number (remembered briefly). `IDENTIFIER`:
    by `patient:identifier=`, `CHAIN`: by the chained `patient.identifier=`; both look up the Patient beside the
    other searches, to check whose each resource is. `NHS_NUMBER`: the server's Patient ids are NHS numbers.
    """

    ID = "id"
    IDENTIFIER = "identifier"
    CHAIN = "chain"
    NHS_NUMBER = "nhs-number"

    @property
    def looks_up_first(self) -> bool:
        return self in (PatientBy.ID, PatientBy.NHS_NUMBER)


@dataclass(frozen=True, slots=True)
class FhirR4Options:
    """How one server is asked. `own_urls`: base URLs other than the configured one under which it names itself.

    `page_size` rows a page (`_count`), at most `max_pages` pages a search. `capabilities`: read the server's
    CapabilityStatement; without, the standard's parameters are assumed and no lower bound is sent. `batch`: send
    all searches as one FHIR batch where the server declares it. `everything`: ask by `Patient/[id]/$everything`, one
    request for all sections, where the server declares it; it has no lower bound and no total. `post`: search by POST `_search`, so that no NHS
    number stands in a URL.
    """

    patient_by: PatientBy = PatientBy.ID
    sections: frozenset[Section] = frozenset(SEARCHES)
    page_size: int = 200
    max_pages: int = 25
    capabilities: bool = True
    batch: bool = False
    everything: bool = False
    post: bool = False
    own_urls: tuple[str, ...] = ()

    @property
    def takes_everything(self) -> bool:
        """Not where its URL would hold an NHS number that must not stand in one."""
        return self.everything and not (self.post and self.patient_by is PatientBy.NHS_NUMBER)
