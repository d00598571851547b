"""Consultations (PRSB: Contacts with professionals; GP Connect Encounter and the consultation's lists)."""

from __future__ import annotations

import strawberry

from resolvers.record.values import CodeableConcept, Entry, Period


@strawberry.type(
    description="What was noted under one heading of a topic (GP Connect: List coded Category (EHR), and what it names)."
)
class ConsultationNote:
    heading: str | None = strawberry.field(
        default=None,
        description="The heading, for example History, Examination or Plan; none where the notes have none.",
    )
    text: str | None = strawberry.field(
        default=None, description="What was noted, one line for each thing, in the order of the practice's own view."
    )


@strawberry.type(description="One matter of a consultation (GP Connect: List coded Topic (EHR)).")
class ConsultationTopic:
    title: str | None = strawberry.field(default=None, description="Its name, where the practice gave it one.")
    problems: list[CodeableConcept] | None = strawberry.field(
        default_factory=list,
        description="The problems that it was about (GP Connect extension RelatedProblemHeader, resolved).",
    )
    notes: list[ConsultationNote] | None = strawberry.field(
        default_factory=list, description="What was noted, heading by heading."
    )
    entries: list[strawberry.ID] | None = strawberry.field(
        default_factory=list,
        description="The ids of the allergies, medicines, problems, results and vaccinations that were recorded here, in "
        "their own sections, where their windows show them.",
    )


@strawberry.type(
    description="A contact of the person with a professional of the practice, and what was noted of it (PRSB: Contacts with "
    "professionals; UK Core and GP Connect Encounter). `date` is when it began; `recordedBy` is who saw the person."
)
class Consultation(Entry):
    kind: CodeableConcept | None = strawberry.field(
        default=None,
        description="How it took place: surgery, home visit, telephone (PRSB: Contact type; GP Connect Encounter.type).",
    )
    period: Period | None = strawberry.field(
        default=None, description="When it began and ended (GP Connect Encounter.period)."
    )
    minutes: int | None = strawberry.field(
        default=None, description="How long it took, in minutes (GP Connect Encounter.length)."
    )
    location: str | None = strawberry.field(
        default=None, description="Where it took place, in words (PRSB: Location; GP Connect Encounter.location)."
    )
    topics: list[ConsultationTopic] | None = strawberry.field(
        default_factory=list, description="What it was about, matter by matter."
    )
