"""Who the asked person is at this server, and whether a resource is theirs.

A server that ignores a parameter sends everybody's rows. So every resource is checked to name the asked person,
by a reference to a Patient that carries the NHS number, or by the NHS number itself.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from resolvers.sources.fhir.dates import is_fhir_date
from resolvers.sources.fhir_r4.bundle import Row
from resolvers.sources.fhir_r4.datatypes import Identifier, Reference
from resolvers.sources.fhir_r4.resources import Patient, Resource
from resolvers.sources.source import Subject

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
KEPT_SECONDS = 60.0
KEPT_PATIENTS = 2000


@dataclass(frozen=True, slots=True)
class Owner:
    """The asked person at one server: their NHS number and the ids of their Patient resources there.

    `doubtful`: a Patient there carries the number with another birth date, and is not taken for this person.
    """

    nhs_number: str
    ids: tuple[str, ...]
    references: frozenset[str]
    bases: tuple[str, ...]
    doubtful: bool = False

    def owns(self, resource: Resource) -> bool:
        """Whether a resource is about this person; true for what is about nobody, such as a Medication."""
        referents = _REFERENTS.get(resource.__class__.__name__)
        return referents is None or referents(resource, self)

    def meant_by(self, reference: Reference | None) -> bool:
        """Whether a reference means this person. A contradicting NHS number beats a matching reference."""
        if reference is None:
            return False
        identifier = reference.identifier
        if identifier is None and reference.reference in self.references:
            return True
        if identifier is not None and identifier.system == NHS_NUMBER and identifier.value is not None:
            if "".join(identifier.value.split()) != self.nhs_number:
                return False
            return reference.reference is None or self._local(reference.reference) is not False
        return reference.reference in self.references or self._local(reference.reference) is True

    def _local(self, target: str | None) -> bool | None:
        """True for one of this person's Patient resources, False for another of this server, None for elsewhere."""
        if target is None:
            return None
        for base in self.bases:
            if target.startswith(f"{base}/"):
                target = target[len(base) + 1 :]
                break
        if not target.startswith("Patient/"):
            return None
        return target.split("/_history/", 1)[0] in self.references


def owner(subject: Subject, ids: tuple[str, ...], bases: tuple[str, ...], doubtful: bool = False) -> Owner:
    """The asked person with these Patient ids. `bases` are the URLs under which the server names itself."""
    return Owner(subject.nhs_number, ids, frozenset(f"Patient/{each}" for each in ids), bases, doubtful)


def identify(rows: Iterable[Row], subject: Subject, bases: tuple[str, ...]) -> Owner:
    """The asked person among the Patients that a search by NHS number brought, whatever it brought."""
    carrying = [
        resource
        for _, resource, _ in rows
        if isinstance(resource, Patient) and any(_carries(each, subject.nhs_number) for each in resource.identifier)
    ]
    same = [patient for patient in carrying if _born_alike(patient, subject)]
    ids = tuple(dict.fromkeys(patient.id for patient in same if patient.id))
    return owner(subject, ids, bases, len(same) < len(carrying))


def _born_alike(patient: Patient, subject: Subject) -> bool:
    """Whether the birth dates agree as far as both are known and readable."""
    known, told = subject.birth_date, patient.birth_date
    if known is None or told is None or not is_fhir_date(told):
        return True
    return known.startswith(told[:10]) or told.startswith(known)


def _carries(identifier: Identifier, nhs_number: str) -> bool:
    if identifier.system != NHS_NUMBER or identifier.value is None or identifier.use == "old":
        return False
    return "".join(identifier.value.split()) == nhs_number


def _participant(resource: Any, owner: Owner) -> bool:
    return any(owner.meant_by(participant.actor) for participant in resource.participant)


def _single(resource: Resource, owner: Owner) -> bool:
    return owner.meant_by(SUBJECTS[resource.__class__.__name__](resource))


def _optional(resource: Any, owner: Owner) -> bool:
    return resource.subject is None or owner.meant_by(resource.subject)


_BY_PATIENT = ("AllergyIntolerance", "EpisodeOfCare", "Immunization", "RelatedPerson")
_BY_SUBJECT = (
    "MedicationRequest",
    "MedicationStatement",
    "Condition",
    "Encounter",
    "Composition",
    "Observation",
    "DiagnosticReport",
    "Procedure",
    "DocumentReference",
    "Flag",
    "CarePlan",
    "CareTeam",
    "Goal",
    "ServiceRequest",
)

SUBJECTS: dict[str, Callable[[Any], Reference | None]] = {
    **dict.fromkeys(_BY_PATIENT, attrgetter("patient")),
    **dict.fromkeys(_BY_SUBJECT, attrgetter("subject")),
}
"""Where a resource type names the one person that it must be about."""

_REFERENTS: dict[str, Callable[[Any, Owner], bool]] = {
    **dict.fromkeys(SUBJECTS, _single),
    "Specimen": _optional,
    "Appointment": _participant,
}


class Remembered:
    """The local ids of recently asked people: bounded, brief, in memory only."""

    def __init__(self) -> None:
        self._ids: OrderedDict[Subject, tuple[float, tuple[str, ...]]] = OrderedDict()

    def get(self, subject: Subject) -> tuple[str, ...] | None:
        found = self._ids.get(subject)
        if found is None or found[0] < asyncio.get_running_loop().time():
            return None
        return found[1]

    def put(self, subject: Subject, ids: tuple[str, ...]) -> None:
        """Remember ids that were found; that somebody is unknown is not remembered."""
        if not ids:
            return
        self._ids[subject] = (asyncio.get_running_loop().time() + KEPT_SECONDS, ids)
        self._ids.move_to_end(subject)
        while len(self._ids) > KEPT_PATIENTS:
            self._ids.popitem(last=False)
