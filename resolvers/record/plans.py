"""Care plans (PRSB: Care and support plan, Contingency plans; UK Core CarePlan)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, Period


@strawberry.enum(description="Where a care plan stands.")
class CarePlanStatus(Enum):
    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    REVOKED = "revoked"
    COMPLETED = "completed"
    UNKNOWN = "unknown"


@record_type("One thing that the plan says will be done (PRSB: Actions and activities).")
class CarePlanActivity(msgspec.Struct, gc=False):
    description: Annotated[str | None, says("What.")] = None
    status: Annotated[str | None, says("Where it stands.")] = None


@record_type(
    "A care, support or contingency plan (PRSB: Care and support plan; UK Core CarePlan). `date` is when it was written."
)
class CarePlan(Entry, gc=False):
    title: Annotated[str | None, says("Its title.")] = None
    status: Annotated[CarePlanStatus | None, says("Where it stands.")] = None
    categories: Annotated[list[CodeableConcept] | None, says("What kind of plan.")] = msgspec.field(
        default_factory=list
    )
    description: Annotated[str | None, says("What it is for.")] = None
    period: Annotated[Period | None, says("When it holds.")] = None
    goals: Annotated[list[str] | None, says("What matters to the person and is aimed at (PRSB: Goals and hopes).")] = []
    activities: Annotated[list[CarePlanActivity] | None, says("What will be done.")] = msgspec.field(
        default_factory=list
    )
    note: Annotated[str | None, says("Comments.")] = None
