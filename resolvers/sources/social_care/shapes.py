"""The council's adult social care document, version 1: see docs/social-care.md and docs/social-care.schema.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from policies.sections import Section
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.lenient import Lenient

VERSION = "1"
LISTS: Mapping[str, str] = {
    "services": "Service",
    "assessments": "Assessment",
    "contacts": "Contact",
    "supportReasons": "SupportReason",
    "equipment": "Equipment",
    "flags": "Flag",
    "workers": "Worker",
    "plans": "Plan",
}
"""Each list of the document, and the kind of its items as it stands in keys and ids."""

LISTS_OF: Mapping[Section, tuple[str, ...]] = {
    Section.SOCIAL_CARE: ("services", "assessments", "contacts", "supportReasons", "equipment", "flags"),
    Section.ALERTS: ("flags",),
    Section.CARE_TEAM: ("workers",),
    Section.CARE_PLANS: ("plans",),
}


class Person(msgspec.Struct):
    nhsNumber: str  # noqa: N815


class Document(msgspec.Struct):
    """The envelope; items stay raw until policy has judged them."""

    version: str
    person: Person
    asOf: str | None = None  # noqa: N815
    notHeld: list[str] = []  # noqa: N815
    services: list[msgspec.Raw] | None = None
    assessments: list[msgspec.Raw] | None = None
    contacts: list[msgspec.Raw] | None = None
    supportReasons: list[msgspec.Raw] | None = None  # noqa: N815
    equipment: list[msgspec.Raw] | None = None
    flags: list[msgspec.Raw] | None = None
    workers: list[msgspec.Raw] | None = None
    plans: list[msgspec.Raw] | None = None


class Head(msgspec.Struct, gc=False):
    id: str


class Team(msgspec.Struct):
    name: str | None = None
    service: str | None = None


class Provider(msgspec.Struct):
    name: str | None = None


class CareItem(msgspec.Struct):
    """What every item carries. `clientType` says whose care it is: only an adult's, or an adult carer's, is read."""

    fhir_type: ClassVar[str] = "item"
    clientType: str | None = None  # noqa: N815
    team: Team | None = None
    type: CodeableConcept | None = None
    category: CodeableConcept | None = None
    status: str | None = None
    start: str | None = None
    end: str | None = None
    updated: str | None = None
    recordedByRole: str | None = None  # noqa: N815
    description: str | None = None
    outcomes: list[CodeableConcept] = []
    frequency: str | None = None
    provider: Provider | None = None
    name: str | None = None
    role: str | None = None
    telephone: str | None = None
    title: str | None = None
    goals: list[str] = []
    activities: list[Activity] = []


class Activity(msgspec.Struct):
    description: str | None = None
    status: str | None = None


ENVELOPE = msgspec.json.Decoder(Document)
HEAD = msgspec.json.Decoder(Head)
ITEM = Lenient(CareItem)
