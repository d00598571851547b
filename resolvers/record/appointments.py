"""Appointments, past and future (PRSB: Future appointments; UK Core and GP Connect Appointment)."""

from __future__ import annotations

from enum import Enum

import strawberry

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


@strawberry.type(
    description="An appointment (PRSB: Future appointments; UK Core Appointment; GP Connect Appointment Management). "
    "`date` is the start."
)
class Appointment(Entry):
    status: AppointmentStatus | None = strawberry.field(default=None, description="Where it stands.")
    start: PartialDateTime | None = strawberry.field(default=None, description="When it begins.")
    end: PartialDateTime | None = strawberry.field(default=None, description="When it ends.")
    minutes: int | None = strawberry.field(default=None, description="Its length in minutes.")
    service: CodeableConcept | None = strawberry.field(
        default=None, description="The service or clinic (FHIR serviceType)."
    )
    specialty: CodeableConcept | None = strawberry.field(
        default=None, description="The specialty or treatment function."
    )
    kind: CodeableConcept | None = strawberry.field(
        default=None, description="First, follow-up and so on (FHIR appointmentType)."
    )
    reasons: list[CodeableConcept] | None = strawberry.field(default_factory=list, description="Why.")
    description: str | None = strawberry.field(default=None, description="The booking's own words.")
    channel: str | None = strawberry.field(
        default=None,
        description="In person, by telephone or by video (UK Core and GP Connect extension DeliveryChannel).",
    )
    location: str | None = strawberry.field(default=None, description="Where, in words.")
    with_roles: list[str] | None = strawberry.field(
        default_factory=list, description="Roles or names of the professionals whom the person will see."
    )
    patient_instruction: str | None = strawberry.field(default=None, description="What the person was told.")
