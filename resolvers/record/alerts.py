"""Alerts (PRSB: Alerts, Risks, Safeguarding; UK Core Flag)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.values import CodeableConcept, Entry, Period


@strawberry.enum(description="Whether an alert holds now.")
class AlertStatus(Enum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@strawberry.type(
    description="Something everyone who cares for the person should know at once (PRSB: Alerts, Risks; UK Core Flag). `date` is when it was raised."
)
class Alert(Entry):
    code: CodeableConcept | None = strawberry.field(default=None, description="What to know.")
    status: AlertStatus | None = strawberry.field(default=None, description="Whether it holds now.")
    categories: list[CodeableConcept] | None = strawberry.field(
        default_factory=list, description="What it concerns: safety, behaviour, clinical and so on."
    )
    period: Period | None = strawberry.field(default=None, description="When it holds.")
