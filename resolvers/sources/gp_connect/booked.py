"""Appointments read: GP Connect Appointment (STU3) into the record's appointments."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from policies.sections import Section
from resolvers.record.appointments import Appointment, AppointmentStatus
from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.bundles import local
from resolvers.sources.fhir.concepts import FhirReference, concept, concepts, words
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.extensions import FhirExtension, find, first
from resolvers.sources.gp_connect.kept import FhirMeta, Kept

SECTION = Section.APPOINTMENTS


class _Participant(msgspec.Struct):
    actor: FhirReference | None = None


class FhirAppointment(msgspec.Struct):
    fhir_type: ClassVar[str] = "Appointment"
    meta: FhirMeta | None = None
    extension: list[FhirExtension] = []
    status: str | None = None
    serviceCategory: CodeableConcept | None = None  # noqa: N815
    serviceType: list[CodeableConcept] = []  # noqa: N815
    specialty: list[CodeableConcept] = []
    appointmentType: CodeableConcept | None = None  # noqa: N815
    reason: list[CodeableConcept] = []
    description: str | None = None
    comment: str | None = None
    start: str | None = None
    end: str | None = None
    minutesDuration: int | None = None  # noqa: N815
    participant: list[_Participant] = []


class FhirLocation(msgspec.Struct):
    fhir_type: ClassVar[str] = "Location"
    name: str | None = None


_DECODER = Lenient(FhirAppointment)
LOCATION = Lenient(FhirLocation)


def read_appointments(kept: Kept) -> list[Appointment]:
    """Every kept appointment that was not entered in error."""
    found = kept.each("Appointment", _DECODER, SECTION)
    return [_appointment(kept, key, source) for key, source in found if source.status != "entered-in-error"]


def _appointment(kept: Kept, key: str, source: FhirAppointment) -> Appointment:
    start = kept.date(SECTION, "Appointment.start", source.start)
    channel = first(source.extension, "DeliveryChannel")
    return Appointment(
        kept.id(key),
        start,
        kept.recorded_by(),
        kept.as_of(source.meta),
        status=kept.coded(SECTION, "Appointment.status", AppointmentStatus, source.status),
        start=start,
        end=kept.date(SECTION, "Appointment.end", source.end),
        minutes=source.minutesDuration,
        service=next(iter(concepts(source.serviceType)), None) or concept(source.serviceCategory),
        specialty=next(iter(concepts(source.specialty)), None),
        kind=concept(source.appointmentType),
        reasons=concepts(source.reason),
        description="\n".join(dict.fromkeys(filter(None, [source.description, source.comment]))) or None,
        channel=channel.valueCode if channel is not None else None,
        location=_location(kept, source),
        with_roles=_roles(kept, source),
    )


def _location(kept: Kept, source: FhirAppointment) -> str | None:
    places = (kept.get(participant.actor, "Location", LOCATION) for participant in source.participant)
    return next((place.name for place in places if place is not None and place.name), None)


def _roles(kept: Kept, source: FhirAppointment) -> list[str]:
    """The professional's role from the booking, else those of kept participants."""
    booked = (words(extension.valueCodeableConcept) for extension in find(source.extension, "PractitionerRole"))
    actors = [p.actor for p in source.participant if p.actor is not None]
    people = [a for a in actors if (local(a.reference) or "").startswith("Practitioner")]
    roles = [*booked, *(kept.recorded_by(actor).role for actor in people)]
    return list(dict.fromkeys(role for role in roles if role))
