"""Conditions (PRSB: Problem list; UK Core Condition; GP Connect ProblemHeader)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.allergies import Verification
from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.enum(description="Whether a condition holds now.")
class ConditionStatus(Enum):
    ACTIVE = "active"
    RECURRENCE = "recurrence"
    RELAPSE = "relapse"
    INACTIVE = "inactive"
    REMISSION = "remission"
    RESOLVED = "resolved"


@strawberry.enum(description="How much a problem matters, as the practice marked it.")
class Significance(Enum):
    MAJOR = "major"
    MINOR = "minor"


@record_type(
    "A problem, diagnosis or condition (PRSB: Problem list, Diagnoses; UK Core Condition; GP Connect "
    "ProblemHeader). `date` is the onset, or when it was recorded."
)
class Condition(Entry, gc=False):
    code: Annotated[CodeableConcept | None, says("The problem or diagnosis.")] = None
    status: Annotated[ConditionStatus | None, says("Whether it holds now (FHIR clinicalStatus).")] = None
    verification: Annotated[Verification | None, says("How sure the author is.")] = None
    categories: Annotated[
        list[str] | None, says("problem-list-item, encounter-diagnosis and the like (FHIR category).")
    ] = []
    significance: Annotated[Significance | None, says("Major or minor (UK Core extension ProblemSignificance).")] = None
    severity: Annotated[CodeableConcept | None, says("How severe it is.")] = None
    body_sites: Annotated[list[CodeableConcept] | None, says("Where in the body.")] = msgspec.field(
        default_factory=list
    )
    onset: Annotated[PartialDateTime | None, says("When it began (PRSB: Onset date).")] = None
    ended: Annotated[PartialDateTime | None, says("When it ended (PRSB: End date; FHIR abatement).")] = None
    note: Annotated[str | None, says("The author's comment.")] = None
