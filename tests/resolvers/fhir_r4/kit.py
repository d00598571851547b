"""One answer of one section, and the resources to ask for, in few words."""

from __future__ import annotations

import asyncio
from typing import Any

from policies.sections import Section
from resolvers.record.values import CodeableConcept, Coding
from resolvers.sources.fhir_r4.searches import SEARCHES
from resolvers.sources.source import SectionAnswer
from tests.resolvers.fhir_r4.server import Everything, FhirServer, Json, answer, codes, declared, patient

UKCORE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"


EVERYTHING: dict[str, list[str]] = {
    **{search.type: list(search.by) for searches in SEARCHES.values() for search in searches},
    "Patient": ["identifier"],
    "PractitionerRole": [],
}


def part(section: Section, *resources: Json, withheld: tuple[str, ...] = ()) -> SectionAnswer:
    server = FhirServer([patient(), *resources], declared(EVERYTHING, includes={key: ["*"] for key in EVERYTHING}))
    return asyncio.run(answer(server, section, policy=Everything(*withheld)))[section]


def one(section: Section, *resources: Json, withheld: tuple[str, ...] = ()) -> Any:
    found = part(section, *resources, withheld=withheld)
    assert codes(found) == []
    (entry,) = found.entries
    return entry


def of(kind: str, **more: Any) -> Json:
    owner = {"reference": "Patient/p1"}
    link = "patient" if kind in ("AllergyIntolerance", "Immunization", "RelatedPerson") else "subject"
    return {"resourceType": kind, "id": "1", link: owner, **more}


def shared(kind: str, local: str, **more: Any) -> Json:
    return {"resourceType": kind, "id": local, **more}


def meant(code: str, display: str) -> CodeableConcept:
    return CodeableConcept(text=None, codings=[Coding(system="http://snomed.info/sct", code=code, display=display)])


def status(code: str) -> Json:
    return {"coding": [{"system": "x", "code": code}]}
