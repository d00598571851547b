"""Consultations (PRSB: Contacts with professionals; GP Connect Encounter and the consultation's lists)."""

from __future__ import annotations

from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, Period


@record_type("What was noted under one heading of a topic (GP Connect: List coded Category (EHR), and what it names).")
class ConsultationNote(msgspec.Struct, gc=False):
    heading: Annotated[
        str | None, says("The heading, for example History, Examination or Plan; none where the notes have none.")
    ] = None
    text: Annotated[
        str | None, says("What was noted, one line for each thing, in the order of the practice's own view.")
    ] = None


@record_type("One matter of a consultation (GP Connect: List coded Topic (EHR)).")
class ConsultationTopic(msgspec.Struct, gc=False):
    title: Annotated[str | None, says("Its name, where the practice gave it one.")] = None
    problems: Annotated[
        list[CodeableConcept] | None,
        says("The problems that it was about (GP Connect extension RelatedProblemHeader, resolved)."),
    ] = []
    notes: Annotated[list[ConsultationNote] | None, says("What was noted, heading by heading.")] = msgspec.field(
        default_factory=list
    )
    entries: Annotated[
        list[strawberry.ID] | None,
        says(
            "The ids of the allergies, medicines, problems, results and vaccinations that were recorded here, in "
            "their own sections, where their windows show them."
        ),
    ] = []


@record_type(
    "A contact of the person with a professional of the practice, and what was noted of it (PRSB: Contacts with "
    "professionals; UK Core and GP Connect Encounter). `date` is when it began; `recordedBy` is who saw the person."
)
class Consultation(Entry, gc=False):
    kind: Annotated[
        CodeableConcept | None,
        says("How it took place: surgery, home visit, telephone (PRSB: Contact type; GP Connect Encounter.type)."),
    ] = None
    period: Annotated[Period | None, says("When it began and ended (GP Connect Encounter.period).")] = None
    minutes: Annotated[int | None, says("How long it took, in minutes (GP Connect Encounter.length).")] = None
    location: Annotated[
        str | None, says("Where it took place, in words (PRSB: Location; GP Connect Encounter.location).")
    ] = None
    topics: Annotated[list[ConsultationTopic] | None, says("What it was about, matter by matter.")] = msgspec.field(
        default_factory=list
    )
