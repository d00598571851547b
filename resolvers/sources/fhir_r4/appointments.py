"""Appointments from Appointment (UK Core 1.3)."""

from __future__ import annotations

from resolvers.record.appointments import Appointment, AppointmentStatus
from resolvers.sources.fhir_r4 import attribution
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import Reference, extended
from resolvers.sources.fhir_r4.reading import Reading, concept, words

_BASE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
DELIVERY_CHANNEL = f"{_BASE}DeliveryChannel"

STATUS = {each.value: each for each in AppointmentStatus} | {"checked-in": AppointmentStatus.ARRIVED}


def appointment(source: fhir.Appointment, reading: Reading) -> Appointment | None:
    """One appointment; None where it was entered in error."""
    if source.status == "entered-in-error":
        return None
    start = reading.date(source.start, "Appointment.start")
    location, people, authors = _participants(source, reading)
    return Appointment(
        reading.id(source),
        start,
        reading.recorded_by(source, *authors),
        reading.as_of(source),
        status=reading.listed(STATUS, source.status, "Appointment.status"),
        start=start,
        end=reading.date(source.end, "Appointment.end"),
        minutes=source.minutes_duration,
        service=next(filter(None, map(concept, source.service_type)), None),
        specialty=next(filter(None, map(concept, source.specialty)), None),
        kind=concept(source.appointment_type),
        reasons=reading.concepts_meant(source.reason_code, source.reason_reference, source),
        description=source.description,
        channel=_channel(source),
        location=location,
        with_roles=people,
        patient_instruction=source.patient_instruction,
    )


def _participants(source: fhir.Appointment, reading: Reading) -> tuple[str | None, list[str], list[Reference | None]]:
    """Where, with whom, and who may have recorded it: kept participants only."""
    places: list[str] = []
    people: list[str] = []
    authors: list[Reference | None] = []
    for participant in source.participant:
        actor = reading.resolve(participant.actor, source, fhir.Resource)
        if isinstance(actor, fhir.Location) and actor.name:
            places.append(actor.name)
        elif isinstance(actor, fhir.HealthcareService | fhir.Practitioner | fhir.PractitionerRole):
            people += filter(None, [_named(actor)])
            authors.append(participant.actor)
    return ", ".join(places) or None, people, authors


def _named(actor: fhir.HealthcareService | fhir.Practitioner | fhir.PractitionerRole) -> str | None:
    if isinstance(actor, fhir.HealthcareService):
        return actor.name
    return attribution.role(actor) if isinstance(actor, fhir.PractitionerRole) else attribution.name(actor.name)


def _channel(source: fhir.Appointment) -> str | None:
    """The words of the delivery channel, or its code: 'In-person', 'Telephone', 'Video'."""
    found = extended(source.extension, DELIVERY_CHANNEL)
    if found is None:
        return None
    coded = found.value_codeable_concept
    code = coded.codings[0].code if coded is not None and coded.codings else None
    return words(coded) or code or found.value_code
