"""Immunisations (PRSB: Vaccinations; UK Core and GP Connect Immunization)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.enum(description="Whether a vaccine was given.")
class ImmunisationStatus(Enum):
    COMPLETED = "completed"
    NOT_DONE = "not-done"


@record_type(
    "A vaccination given, or recorded as not given (PRSB: Vaccinations; UK Core and GP Connect Immunization). `date` is when."
)
class Immunisation(Entry, gc=False):
    vaccine: Annotated[CodeableConcept | None, says("The vaccine or vaccination procedure.")] = None
    status: Annotated[ImmunisationStatus | None, says("Given or not given.")] = None
    not_given_reason: Annotated[str | None, says("Why it was not given.")] = None
    dose: Annotated[str | None, says("Which dose of the course (PRSB: Dose sequence).")] = None
    batch: Annotated[str | None, says("Batch number.")] = None
    expiry: Annotated[PartialDateTime | None, says("The batch's expiry date.")] = None
    manufacturer: Annotated[str | None, says("Who made it.")] = None
    site: Annotated[CodeableConcept | None, says("Where in the body.")] = None
    route: Annotated[CodeableConcept | None, says("How it was given.")] = None
    reasons: Annotated[list[CodeableConcept] | None, says("Why it was given.")] = []
    note: Annotated[str | None, says("Comments.")] = None
