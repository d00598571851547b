"""Appointments, past and future (PRSB: Future appointments; UK Core and GP Connect Appointment)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.enum(description="Where an appointment stands.")
class AppointmentStatus(Enum):
    PROPOSED = "proposed"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NO_SHOW = "noshow"
    WAITLIST = "waitlist"


@record_type(
    "An appointment (PRSB: Future appointments; UK Core Appointment; GP Connect Appointment Management). "
    "`date` is the start."
)
class Appointment(Entry, gc=False):
    status: Annotated[AppointmentStatus | None, says("Where it stands.")] = None
    start: Annotated[PartialDateTime | None, says("When it begins.")] = None
    end: Annotated[PartialDateTime | None, says("When it ends.")] = None
    minutes: Annotated[int | None, says("Its length in minutes.")] = None
    service: Annotated[CodeableConcept | None, says("The service or clinic (FHIR serviceType).")] = None
    specialty: Annotated[CodeableConcept | None, says("The specialty or treatment function.")] = None
    kind: Annotated[CodeableConcept | None, says("First, follow-up and so on (FHIR appointmentType).")] = None
    reasons: Annotated[list[CodeableConcept] | None, says("Why.")] = []
    description: Annotated[str | None, says("The booking's own words.")] = None
    channel: Annotated[
        str | None, says("In person, by telephone or by video (UK Core and GP Connect extension DeliveryChannel).")
    ] = None
    location: Annotated[str | None, says("Where, in words.")] = None
    with_roles: Annotated[list[str] | None, says("Roles or names of the professionals whom the person will see.")] = []
    patient_instruction: Annotated[str | None, says("What the person was told.")] = None
