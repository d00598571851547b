"""Alerts from Flag (UK Core)."""

from __future__ import annotations

from resolvers.record.alerts import Alert, AlertStatus
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.reading import Reading, concept, concepts

STATUS = {each.value: each for each in AlertStatus}


def alert(source: fhir.Flag, reading: Reading) -> Alert | None:
    """One alert; None where it was entered in error."""
    if source.status == "entered-in-error":
        return None
    period = reading.period(source.period, "Flag.period")
    return Alert(
        reading.id(source),
        period.start if period is not None else None,
        reading.recorded_by(source, source.author),
        reading.as_of(source),
        code=concept(source.code),
        status=reading.listed(STATUS, source.status, "Flag.status"),
        categories=concepts(source.category),
        period=period,
    )
