"""Conditions (PRSB: Problem list; UK Core Condition; GP Connect ProblemHeader)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.allergies import Verification
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


@strawberry.type(
    description="A problem, diagnosis or condition (PRSB: Problem list, Diagnoses; UK Core Condition; GP Connect "
    "ProblemHeader). `date` is the onset, or when it was recorded."
)
class Condition(Entry):
    code: CodeableConcept | None = strawberry.field(default=None, description="The problem or diagnosis.")
    status: ConditionStatus | None = strawberry.field(
        default=None, description="Whether it holds now (FHIR clinicalStatus)."
    )
    verification: Verification | None = strawberry.field(default=None, description="How sure the author is.")
    categories: list[str] | None = strawberry.field(
        default_factory=list,
        description="problem-list-item, encounter-diagnosis and the like (FHIR category).",
    )
    significance: Significance | None = strawberry.field(
        default=None, description="Major or minor (UK Core extension ProblemSignificance)."
    )
    severity: CodeableConcept | None = strawberry.field(default=None, description="How severe it is.")
    body_sites: list[CodeableConcept] | None = strawberry.field(default_factory=list, description="Where in the body.")
    onset: PartialDateTime | None = strawberry.field(default=None, description="When it began (PRSB: Onset date).")
    ended: PartialDateTime | None = strawberry.field(
        default=None, description="When it ended (PRSB: End date; FHIR abatement)."
    )
    note: str | None = strawberry.field(default=None, description="The author's comment.")
