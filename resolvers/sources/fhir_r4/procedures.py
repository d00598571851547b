"""Procedures from Procedure (UK Core)."""

from __future__ import annotations

from resolvers.record.procedures import Procedure, ProcedureStatus
from resolvers.record.values import Period
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.reading import Reading, concept, concepts, note

STATUS = {each.value: each for each in ProcedureStatus}


def procedure(source: fhir.Procedure, reading: Reading) -> Procedure | None:
    """One operation or therapy; None where it was entered in error."""
    if source.status == "entered-in-error":
        return None
    when = reading.date(source.performed_date_time, "Procedure.performedDateTime")
    performed = Period(start=when) if when else reading.period(source.performed_period, "Procedure.performedPeriod")
    return Procedure(
        reading.id(source),
        (performed.start or performed.end) if performed is not None else None,
        reading.recorded_by(source, source.recorder, source.asserter, *(each.actor for each in source.performer)),
        reading.as_of(source),
        code=concept(source.code),
        status=reading.listed(STATUS, source.status, "Procedure.status"),
        performed=performed,
        reasons=reading.concepts_meant(source.reason_code, source.reason_reference, source),
        body_sites=concepts(source.body_site),
        outcome=concept(source.outcome),
        complications=concepts(source.complication),
        note=note(source.note),
    )
