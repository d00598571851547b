"""Who recorded an entry, from kept people and organisations, contained ones, or a Provenance tag."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from resolvers.record.values import Organisation, RecordedBy
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import Name, Reference, Tag, Telecom

if TYPE_CHECKING:
    from resolvers.sources.fhir_r4.reading import Reading

PEOPLE = frozenset({"Practitioner", "PractitionerRole", "Organization"})
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
PROVENANCE = "https://fhir.interweavedigital.nhs.uk/Provenance"


def recorded_by(
    reading: Reading, author: Reference | None, holder: fhir.Resource, own: Organisation
) -> RecordedBy | None:
    """The author that a reference means; None where it was not kept."""
    found = reading.resolve(author, holder, fhir.PractitionerRole, fhir.Organization, fhir.Practitioner)
    if isinstance(found, fhir.PractitionerRole):
        employer = reading.resolve(found.organization, holder, fhir.Organization)
        return RecordedBy(organisation=organisation(employer) if employer is not None else own, role=role(found))
    if isinstance(found, fhir.Organization):
        return RecordedBy(organisation=organisation(found))
    return None


def organisation(source: fhir.Organization) -> Organisation:
    """An Organization as the record knows it."""
    code = next((each.value for each in source.identifier if each.system == ODS and each.value), None)
    return Organisation(ods_code=code, name=source.name)


def tagged(tags: Iterable[Tag], own: Organisation) -> RecordedBy | None:
    """The organisation of a Provenance tag (Interweave base fields: system and ODS code), where it is another."""
    for tag in tags:
        if tag.system == PROVENANCE and tag.code:
            if tag.code == own.ods_code:
                return None
            return RecordedBy(organisation=Organisation(ods_code=tag.code, name=tag.display))
    return None


def role(source: fhir.PractitionerRole) -> str | None:
    """What somebody does, in words."""
    for code in source.code:
        text = code.text or next((coding.display for coding in code.codings if coding.display), None)
        if text:
            return text
    return None


def name(names: Iterable[Name]) -> str | None:
    """A name in words: the official or usual one, else the first; never an old one."""
    ranked = sorted(
        (each for each in names if each.use != "old"), key=lambda each: each.use not in ("official", "usual")
    )
    for each in ranked:
        parts = [part for part in (*each.prefix, *each.given, each.family) if part]
        text = each.text or " ".join(parts)
        if text:
            return text
    return None


def telephone(telecoms: Iterable[Telecom]) -> str | None:
    return next((each.value for each in telecoms if each.system == "phone" and each.value), None)
