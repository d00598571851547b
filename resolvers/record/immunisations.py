"""Immunisations (PRSB: Vaccinations; UK Core and GP Connect Immunization)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.enum(description="Whether a vaccine was given.")
class ImmunisationStatus(Enum):
    COMPLETED = "completed"
    NOT_DONE = "not-done"


@strawberry.type(
    description="A vaccination given, or recorded as not given (PRSB: Vaccinations; UK Core and GP Connect Immunization). `date` is when."
)
class Immunisation(Entry):
    vaccine: CodeableConcept | None = strawberry.field(
        default=None, description="The vaccine or vaccination procedure."
    )
    status: ImmunisationStatus | None = strawberry.field(default=None, description="Given or not given.")
    not_given_reason: str | None = strawberry.field(default=None, description="Why it was not given.")
    dose: str | None = strawberry.field(default=None, description="Which dose of the course (PRSB: Dose sequence).")
    batch: str | None = strawberry.field(default=None, description="Batch number.")
    expiry: PartialDateTime | None = strawberry.field(default=None, description="The batch's expiry date.")
    manufacturer: str | None = strawberry.field(default=None, description="Who made it.")
    site: CodeableConcept | None = strawberry.field(default=None, description="Where in the body.")
    route: CodeableConcept | None = strawberry.field(default=None, description="How it was given.")
    reasons: list[CodeableConcept] | None = strawberry.field(default_factory=list, description="Why it was given.")
    note: str | None = strawberry.field(default=None, description="Comments.")
