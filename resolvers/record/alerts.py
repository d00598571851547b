"""Alerts (PRSB: Alerts, Risks, Safeguarding; UK Core Flag)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, Period


@strawberry.enum(description="Whether an alert holds now.")
class AlertStatus(Enum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@record_type(
    "Something everyone who cares for the person should know at once (PRSB: Alerts, Risks; UK Core Flag). `date` is when it was raised."
)
class Alert(Entry, gc=False):
    code: Annotated[CodeableConcept | None, says("What to know.")] = None
    status: Annotated[AlertStatus | None, says("Whether it holds now.")] = None
    categories: Annotated[
        list[CodeableConcept] | None, says("What it concerns: safety, behaviour, clinical and so on.")
    ] = []
    period: Annotated[Period | None, says("When it holds.")] = None
