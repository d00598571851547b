"""Value types shared by every section: codes, organisations, authors, quantities, dates.

Entries are plain objects: adapters fill them once, nothing resolves later, and msgspec can write and read them
(the cache holds them as MessagePack). Shapes follow FHIR R4 datatypes; a partner subgraph may share them.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, NewType

import msgspec
import strawberry

from resolvers.record.structs import record_interface, record_type, says

NHSNumber = NewType("NHSNumber", str)
PartialDateTime = NewType("PartialDateTime", str)


@record_type("A code from a terminology, for example SNOMED CT, dm+d or ICD-10 (FHIR Coding).", shareable=True)
class Coding(msgspec.Struct, gc=False):
    system: Annotated[str | None, says("The terminology, as a URI; SNOMED CT is http://snomed.info/sct.")] = None
    code: Annotated[str | None, says("The code, as the source sent it.")] = None
    display: Annotated[str | None, says("The words that the source sent with the code.")] = None


@record_type(
    "Something said in codes, in words, or both (FHIR CodeableConcept). The words are what the author saw.",
    shareable=True,
)
class CodeableConcept(msgspec.Struct, gc=False, rename={"codings": "coding"}):
    # FHIR's own name for its codings, so that one is read as it stands
    text: Annotated[str | None, says("The words the author chose or saw.")] = None
    codings: Annotated[list[Coding], says("The same meaning in one or more terminologies.")] = msgspec.field(
        default_factory=list
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


@record_type("An organisation that cares for people or keeps their records.", shareable=True)
class Organisation(msgspec.Struct, gc=False):
    ods_code: Annotated[str | None, says("Its code in the Organisation Data Service; for a council, its ONS code.")] = (
        None
    )
    name: Annotated[str | None, says("Its name.")] = None
    kind: Annotated[OrganisationKind | None, says("What kind of organisation it is.")] = None


@record_type(
    "Who wrote an entry and where (PRSB: Performing professional; UK Core: recorder, author, performer).",
    shareable=True,
)
class RecordedBy(msgspec.Struct, gc=False):
    organisation: Annotated[Organisation | None, says("The organisation responsible for the entry.")] = None
    role: Annotated[str | None, says("The author's role, for example 'General practitioner' or 'Staff nurse'.")] = None


@record_type("A measured amount (FHIR Quantity).", shareable=True)
class Quantity(msgspec.Struct, gc=False):
    value: Annotated[float | None, says("The number.")] = None
    comparator: Annotated[str | None, says("One of <, <=, >=, > where the true value lies beyond the number.")] = None
    unit: Annotated[str | None, says("The unit in words or UCUM.")] = None


@record_type("A stretch of time; either end may be unknown or open.", shareable=True)
class Period(msgspec.Struct, gc=False):
    start: Annotated[PartialDateTime | None, says("When it began.")] = None
    end: Annotated[PartialDateTime | None, says("When it ended; empty: not ended, or not known.")] = None


@record_interface(
    "One entry of a section, as one organisation recorded it. Entries are never merged: the same fact from "
    "two organisations is two entries."
)
class Entry(msgspec.Struct, gc=False):
    # adapters give these four in their order and all else by name: CPython makes a dict of sixteen names or more
    id: Annotated[strawberry.ID, says("Globally unique: the source, the kind of resource and the source's own id.")]
    date: Annotated[
        PartialDateTime | None, says("The date that matters most for this kind of entry; sections are sorted by it.")
    ] = None
    recorded_by: Annotated[RecordedBy, says("Which organisation, and in which role, recorded it.")] = msgspec.field(
        default_factory=RecordedBy
    )
    as_of: Annotated[
        PartialDateTime | None,
        says("When the source last changed the entry, or, where it does not say, when it was fetched."),
    ] = None
