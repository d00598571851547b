"""Value types shared by every section: codes, organisations, authors, quantities, dates.

Entries are plain objects: adapters fill them once, nothing resolves later, and msgspec can write and read them
(the cache holds them as MessagePack). Shapes follow FHIR R4 datatypes; a partner subgraph may share them.
"""

from __future__ import annotations

from enum import Enum
from typing import NewType

import strawberry

NHSNumber = NewType("NHSNumber", str)
PartialDateTime = NewType("PartialDateTime", str)


@strawberry.federation.type(
    shareable=True,
    description="A code from a terminology, for example SNOMED CT, dm+d or ICD-10 (FHIR Coding).",
)
class Coding:
    system: str | None = strawberry.field(
        default=None, description="The terminology, as a URI; SNOMED CT is http://snomed.info/sct."
    )
    code: str | None = strawberry.field(default=None, description="The code, as the source sent it.")
    display: str | None = strawberry.field(default=None, description="The words that the source sent with the code.")


@strawberry.federation.type(
    shareable=True,
    description="Something said in codes, in words, or both (FHIR CodeableConcept). The words are what the author saw.",
)
class CodeableConcept:
    text: str | None = strawberry.field(default=None, description="The words the author chose or saw.")
    codings: list[Coding] = strawberry.field(
        default_factory=list, description="The same meaning in one or more terminologies."
    )


@strawberry.enum(description="What kind of organisation holds a part of the record.")
class OrganisationKind(Enum):
    GP_PRACTICE = "gp-practice"
    ACUTE_TRUST = "acute-trust"
    COMMUNITY_TRUST = "community-trust"
    MENTAL_HEALTH_TRUST = "mental-health-trust"
    COUNCIL = "council"
    NATIONAL_SERVICE = "national-service"
    OTHER = "other"


@strawberry.federation.type(shareable=True, description="An organisation that cares for people or keeps their records.")
class Organisation:
    ods_code: str | None = strawberry.field(
        default=None, description="Its code in the Organisation Data Service; for a council, its ONS code."
    )
    name: str | None = strawberry.field(default=None, description="Its name.")
    kind: OrganisationKind | None = strawberry.field(default=None, description="What kind of organisation it is.")


@strawberry.federation.type(
    shareable=True,
    description="Who wrote an entry and where (PRSB: Performing professional; UK Core: recorder, author, performer).",
)
class RecordedBy:
    organisation: Organisation | None = strawberry.field(
        default=None, description="The organisation responsible for the entry."
    )
    role: str | None = strawberry.field(
        default=None, description="The author's role, for example 'General practitioner' or 'Staff nurse'."
    )


@strawberry.federation.type(shareable=True, description="A measured amount (FHIR Quantity).")
class Quantity:
    value: float | None = strawberry.field(default=None, description="The number.")
    comparator: str | None = strawberry.field(
        default=None, description="One of <, <=, >=, > where the true value lies beyond the number."
    )
    unit: str | None = strawberry.field(default=None, description="The unit in words or UCUM.")


@strawberry.federation.type(shareable=True, description="A stretch of time; either end may be unknown or open.")
class Period:
    start: PartialDateTime | None = strawberry.field(default=None, description="When it began.")
    end: PartialDateTime | None = strawberry.field(
        default=None, description="When it ended; empty: not ended, or not known."
    )


@strawberry.interface(
    description="One entry of a section, as one organisation recorded it. Entries are never merged: the same fact from "
    "two organisations is two entries."
)
class Entry:
    id: strawberry.ID = strawberry.field(
        description="Globally unique: the source, the kind of resource and the source's own id."
    )
    date: PartialDateTime | None = strawberry.field(
        default=None,
        description="The date that matters most for this kind of entry; sections are sorted by it.",
    )
    recorded_by: RecordedBy = strawberry.field(
        default_factory=RecordedBy, description="Which organisation, and in which role, recorded it."
    )
    as_of: PartialDateTime | None = strawberry.field(
        default=None,
        description="When the source last changed the entry, or, where it does not say, when it was fetched.",
    )
