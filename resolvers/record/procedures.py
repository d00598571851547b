"""Procedures (PRSB: Procedures and therapies; UK Core Procedure)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.values import CodeableConcept, Entry, Period


@strawberry.enum(description="Where a procedure stands.")
class ProcedureStatus(Enum):
    PREPARATION = "preparation"
    IN_PROGRESS = "in-progress"
    NOT_DONE = "not-done"
    ON_HOLD = "on-hold"
    STOPPED = "stopped"
    COMPLETED = "completed"
    UNKNOWN = "unknown"


@strawberry.type(
    description="An operation, therapy or other procedure (PRSB: Procedures and therapies; UK Core Procedure). `date` is when."
)
class Procedure(Entry):
    code: CodeableConcept | None = strawberry.field(default=None, description="What was done, in SNOMED CT or OPCS-4.")
    status: ProcedureStatus | None = strawberry.field(default=None, description="Where it stands.")
    performed: Period | None = strawberry.field(default=None, description="When it was done.")
    reasons: list[CodeableConcept] | None = strawberry.field(default_factory=list, description="Why.")
    body_sites: list[CodeableConcept] | None = strawberry.field(default_factory=list, description="Where in the body.")
    outcome: CodeableConcept | None = strawberry.field(default=None, description="How it went.")
    complications: list[CodeableConcept] | None = strawberry.field(default_factory=list, description="What went wrong.")
    note: str | None = strawberry.field(default=None, description="Comments.")
