"""Care plans (PRSB: Care and support plan, Contingency plans; UK Core CarePlan)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.values import CodeableConcept, Entry, Period


@strawberry.enum(description="Where a care plan stands.")
class CarePlanStatus(Enum):
    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    REVOKED = "revoked"
    COMPLETED = "completed"
    UNKNOWN = "unknown"


@strawberry.type(description="One thing that the plan says will be done (PRSB: Actions and activities).")
class CarePlanActivity:
    description: str | None = strawberry.field(default=None, description="What.")
    status: str | None = strawberry.field(default=None, description="Where it stands.")


@strawberry.type(
    description="A care, support or contingency plan (PRSB: Care and support plan; UK Core CarePlan). `date` is when it was written."
)
class CarePlan(Entry):
    title: str | None = strawberry.field(default=None, description="Its title.")
    status: CarePlanStatus | None = strawberry.field(default=None, description="Where it stands.")
    categories: list[CodeableConcept] | None = strawberry.field(default_factory=list, description="What kind of plan.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    period: Period | None = strawberry.field(default=None, description="When it holds.")
    goals: list[str] | None = strawberry.field(
        default_factory=list,
        description="What matters to the person and is aimed at (PRSB: Goals and hopes).",
    )
    activities: list[CarePlanActivity] | None = strawberry.field(default_factory=list, description="What will be done.")
    note: str | None = strawberry.field(default=None, description="Comments.")
