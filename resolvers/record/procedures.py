"""Procedures (PRSB: Procedures and therapies; UK Core Procedure)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
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


@record_type(
    "An operation, therapy or other procedure (PRSB: Procedures and therapies; UK Core Procedure). `date` is when."
)
class Procedure(Entry, gc=False):
    code: Annotated[CodeableConcept | None, says("What was done, in SNOMED CT or OPCS-4.")] = None
    status: Annotated[ProcedureStatus | None, says("Where it stands.")] = None
    performed: Annotated[Period | None, says("When it was done.")] = None
    reasons: Annotated[list[CodeableConcept] | None, says("Why.")] = []
    body_sites: Annotated[list[CodeableConcept] | None, says("Where in the body.")] = msgspec.field(
        default_factory=list
    )
    outcome: Annotated[CodeableConcept | None, says("How it went.")] = None
    complications: Annotated[list[CodeableConcept] | None, says("What went wrong.")] = msgspec.field(
        default_factory=list
    )
    note: Annotated[str | None, says("Comments.")] = None
