"""The items that policy kept, at hand for the readers: by type, by reference, with their authors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TypeVar

import msgspec
import strawberry

from policies.sections import Section
from policies.sensitivity.gate import Item
from resolvers.record.status import SourceWarning
from resolvers.record.values import CodeableConcept, Organisation, OrganisationKind, PartialDateTime, RecordedBy
from resolvers.sources.fhir.bundles import local
from resolvers.sources.fhir.concepts import FhirReference, code_of, member, words
from resolvers.sources.fhir.dates import fhir_date
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.envelope import MISFILED, NAMELESS, SAME
from resolvers.sources.source import Ask, ReadNotes

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
T = TypeVar("T", bound=msgspec.Struct)
E = TypeVar("E", bound=Enum)


SECTION_OF_KIND = {
    "AllergyIntolerance": Section.ALLERGIES,
    "MedicationStatement": Section.MEDICATIONS,
    "MedicationRequest": Section.MEDICATIONS,
    "Condition": Section.CONDITIONS,
    "Observation": Section.TEST_RESULTS,
    "DiagnosticReport": Section.TEST_RESULTS,
    "Immunization": Section.IMMUNISATIONS,
    "Encounter": Section.CONSULTATIONS,
    "List": Section.CONSULTATIONS,
    "Appointment": Section.APPOINTMENTS,
}


class FhirMeta(msgspec.Struct, gc=False):
    lastUpdated: str | None = None  # noqa: N815


class _Identifier(msgspec.Struct, gc=False):
    system: str | None = None
    value: str | None = None


class FhirOrganization(msgspec.Struct):
    identifier: list[_Identifier] = []
    name: str | None = None
    type: list[CodeableConcept] = []


class _Role(msgspec.Struct):
    practitioner: FhirReference | None = None
    organization: FhirReference | None = None
    code: list[CodeableConcept] = []


_ORGANIZATION = Lenient(FhirOrganization)
_ROLE = Lenient(_Role)


class Kept:
    """What readers ask of the kept items. Misfiled items are told to `notes` and are not among them."""

    def __init__(
        self,
        items: Sequence[Item],
        source_id: str,
        organisation: Organisation,
        ask: Ask,
        notes: ReadNotes,
        sections: frozenset[Section],
    ) -> None:
        self.source_id = source_id
        self.organisation = organisation
        self.ask = ask
        self.notes = notes
        self.nameless: set[str] = set()
        self._raw: dict[str, bytes] = {}
        for item in items:
            if MISFILED in item.key:
                self._tell_misfiled(item.key, sections)
                continue
            key = item.key.replace(NAMELESS, "").rstrip(SAME)
            while key in self._raw:
                key += SAME
            if NAMELESS in item.key:
                self.nameless.add(key)
            self._raw[key] = item.raw
        self._keys: dict[str, list[str]] = defaultdict(list)
        for key in self._raw:
            self._keys[key.partition("/")[0]].append(key)
        self._authors: dict[str, RecordedBy] | None = None

    def each(self, kind: str, decoder: Lenient[T], section: Section) -> Iterator[tuple[str, T]]:
        """The resources of a type, decoded; values that could not be are told to the notes."""
        for key, value, bad in self.quietly(kind, decoder):
            for place in bad:
                self.notes.invalid(section, place)
            if value is not None:
                yield key, value

    def quietly(self, kind: str, decoder: Lenient[T]) -> Iterator[tuple[str, T | None, tuple[str, ...]]]:
        """The resources of a type, decoded, with the places of what could not be, for the caller to tell."""
        for key in self._keys.get(kind, ()):
            yield key, *decoder.decode(self._raw[key])

    def one(self, reference: FhirReference | None, kind: str, decoder: Lenient[T], section: Section) -> T | None:
        """The referenced resource as `get` gives it; values that could not be read are told to the notes."""
        key = self.key_of(reference)
        if key is None or not key.startswith(f"{kind}/"):
            return None
        value, bad = decoder.decode(self._raw[key])
        for place in bad:
            self.notes.invalid(section, place)
        return value

    def get(self, reference: FhirReference | None, kind: str, decoder: Lenient[T]) -> T | None:
        """The referenced resource, when it is of this type and was kept."""
        key = self.key_of(reference)
        if key is None or not key.startswith(f"{kind}/"):
            return None
        return decoder.decode(self._raw[key])[0]

    def key_of(self, reference: FhirReference | None) -> str | None:
        """The key of the referenced resource when it was kept."""
        key = local(reference.reference) if reference is not None else None
        return key if key in self._raw else None

    def id(self, key: str) -> strawberry.ID:
        """The globally unique id of an entry."""
        return strawberry.ID(f"{self.source_id}:{key}")

    def date(self, section: Section, where: str, text: str | None) -> PartialDateTime | None:
        """A FHIR date; one that is none is left out and told to the notes under `where`."""
        value = fhir_date(text)
        if value is None and text is not None:
            self.notes.invalid(section, where)
        return value

    def coded(self, section: Section, where: str, kind: type[E], code: str | None) -> E | None:
        """The enum member with this code; a code outside the list is left out and told to the notes."""
        value = member(kind, code)
        if value is None and code is not None:
            self.notes.invalid(section, where)
        return value

    def as_of(self, meta: FhirMeta | None) -> PartialDateTime:
        """When the source last changed it, else when it was asked for."""
        changed = fhir_date(meta.lastUpdated) if meta is not None else None
        return changed or PartialDateTime(self.ask.now)

    def recorded_by(self, *references: FhirReference | None) -> RecordedBy:
        """Organisation and role of the first reference that leads to a kept professional or organisation."""
        if self._authors is None:
            self._authors = self._read_authors()
        for reference in references:
            key = local(reference.reference) if reference is not None else None
            if key in self._authors:
                return self._authors[key]
        return RecordedBy(organisation=self.organisation)

    def organisation_of(self, reference: FhirReference | None) -> Organisation | None:
        """The referenced organisation when it was kept; the practice itself is the configured one."""
        found = self.get(reference, "Organization", _ORGANIZATION)
        return self._organisation(found) if found is not None else None

    def _read_authors(self) -> dict[str, RecordedBy]:
        authors: dict[str, RecordedBy] = {}
        for key, found, _ in self.quietly("Organization", _ORGANIZATION):
            if found is not None:
                authors[key] = RecordedBy(organisation=self._organisation(found))
        for key, role, _ in self.quietly("PractitionerRole", _ROLE):
            if role is not None:
                self._add_role(authors, key, role)
        return authors

    def _add_role(self, authors: dict[str, RecordedBy], key: str, role: _Role) -> None:
        organisation = self.organisation_of(role.organization) or self.organisation
        author = RecordedBy(organisation=organisation, role=next(filter(None, map(words, role.code)), None))
        authors[key] = author
        practitioner = local(role.practitioner.reference) if role.practitioner is not None else None
        if practitioner is not None:
            authors.setdefault(practitioner, author)

    def _organisation(self, found: FhirOrganization) -> Organisation:
        ods = next((i.value for i in found.identifier if i.system == ODS and i.value), None)
        if ods is not None and ods == self.organisation.ods_code:
            return self.organisation
        practice = any(code_of(kind) == "gp-practice" for kind in found.type)
        return Organisation(ods_code=ods, name=found.name, kind=OrganisationKind.GP_PRACTICE if practice else None)

    def _tell_misfiled(self, key: str, sections: frozenset[Section]) -> None:
        """Say that something of another person came, in the section where it would have been shown."""
        section = SECTION_OF_KIND.get(key.partition("/")[0])
        if section is None or section not in sections:
            return
        self.notes.partial.add(section)
        known = self.notes.warnings.setdefault(section, [])
        if all(warning.code != "wrong-patient" for warning in known):
            text = "The practice sent something about another person; it is left out."
            known.append(SourceWarning(code="wrong-patient", text=text))
