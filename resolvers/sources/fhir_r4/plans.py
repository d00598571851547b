"""Care plans from CarePlan (UK Core), their goals resolved."""

from __future__ import annotations

from resolvers.record.plans import CarePlan, CarePlanActivity, CarePlanStatus
from resolvers.sources.fhir_r4 import parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.reading import Reading, concepts, note, words

STATUS = {each.value: each for each in CarePlanStatus}


def plan(source: fhir.CarePlan, reading: Reading) -> CarePlan | None:
    """One plan; None where it was entered in error."""
    if source.status == "entered-in-error":
        return None
    period = reading.period(source.period, "CarePlan.period")
    created = reading.date(source.created, "CarePlan.created")
    return CarePlan(
        reading.id(source),
        created or (period.start if period is not None else None),
        reading.recorded_by(source, source.author),
        reading.as_of(source),
        title=source.title,
        status=reading.listed(STATUS, source.status, "CarePlan.status"),
        categories=concepts(source.category),
        description=source.description,
        period=period,
        goals=_goals(source, reading),
        activities=[found for found in map(_activity, source.activity) if found is not None],
        note=note(source.note),
    )


def _goals(source: fhir.CarePlan, reading: Reading) -> list[str]:
    goals = (reading.resolve(each, source, fhir.Goal) for each in source.goal)
    current = (goal for goal in goals if goal is not None and goal.lifecycle_status != "entered-in-error")
    return [text for text in (words(goal.description) for goal in current) if text]


def _activity(source: parts.Activity) -> CarePlanActivity | None:
    """What the plan says itself; what it only refers to stands in other sections."""
    detail = source.detail
    if detail is None or detail.status == "entered-in-error":
        return None
    text = detail.description or words(detail.code)
    if text is None:
        return None
    return CarePlanActivity(description=f"Do not: {text}" if detail.do_not_perform else text, status=detail.status)
