"""Test results from Observation and DiagnosticReport (UK Core, and UK Core -Lab)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import strawberry

from resolvers.record.results import ResultComponent, ResultKind, ResultStatus, TestResult
from resolvers.sources.fhir_r4 import parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import Concept, Reference, Span
from resolvers.sources.fhir_r4.reading import Reading, codes_of, concept, note, words
from resolvers.sources.fhir_r4.values import between, quantity, value

STATUS = {each.value: each for each in ResultStatus} | {"appended": ResultStatus.AMENDED}


def results(
    observations: Sequence[fhir.Observation], reports: Sequence[fhir.DiagnosticReport], reading: Reading
) -> list[TestResult]:
    """Every observation and every report. A report names only results that are in this list."""
    found = [_observation(each, reading) for each in observations if each.status != "entered-in-error"]
    known = {entry.id for entry in found}
    found += [_report(each, known, reading) for each in reports if each.status != "entered-in-error"]
    return found


def _observation(source: fhir.Observation, reading: Reading) -> TestResult:
    when = source.effective_date_time or source.effective_instant or _start(source.effective_period)
    coded = source.value_codeable_concept
    return TestResult(
        id=reading.id(source),
        date=reading.date(when, "Observation.effective"),
        recorded_by=reading.recorded_by(source, *source.performer),
        as_of=reading.as_of(source),
        kind=ResultKind.OBSERVATION,
        code=concept(source.code),
        status=reading.listed(STATUS, source.status, "Observation.status"),
        categories=codes_of(source.category),
        value=value(source, reading, "Observation"),
        quantity=quantity(source.value_quantity, reading, "Observation.valueQuantity"),
        coded_value=concept(coded) if coded is not None else None,
        interpretation=_interpretation(source.interpretation),
        reference_range=_usual(source.reference_range),
        components=[_component(each, reading) for each in source.component],
        specimen=_specimen((source.specimen,), source, reading) if source.specimen is not None else None,
        issued=reading.date(source.issued, "Observation.issued"),
        members=[],
        conclusion=None,
        note=note(source.note),
    )


def _report(source: fhir.DiagnosticReport, known: set[strawberry.ID], reading: Reading) -> TestResult:
    """A report. Observations contained in it have no id of their own and are shown as its parts."""
    when = source.effective_date_time or _start(source.effective_period)
    members: list[strawberry.ID] = []
    parts: list[ResultComponent] = []
    for reference in source.result:
        result = reading.resolve(reference, source, fhir.Observation)
        if result is None or result.status == "entered-in-error":
            continue
        if (reference.reference or "").startswith("#"):
            parts.append(_component(result, reading))
        elif reading.id(result) in known:
            members.append(reading.id(result))
    return TestResult(
        id=reading.id(source),
        date=reading.date(when, "DiagnosticReport.effective"),
        recorded_by=reading.recorded_by(source, *source.performer),
        as_of=reading.as_of(source),
        kind=ResultKind.REPORT,
        code=concept(source.code),
        status=reading.listed(STATUS, source.status, "DiagnosticReport.status"),
        categories=codes_of(source.category),
        components=parts,
        specimen=_specimen(source.specimen, source, reading),
        issued=reading.date(source.issued, "DiagnosticReport.issued"),
        members=members,
        conclusion=source.conclusion,
    )


def _component(source: parts.Valued | fhir.Observation, reading: Reading) -> ResultComponent:
    return ResultComponent(
        code=concept(source.code),
        value=value(source, reading, "Observation.component"),
        quantity=quantity(source.value_quantity, reading, "Observation.valueQuantity"),
    )


def _start(span: Span | None) -> str | None:
    return (span.start or span.end) if span is not None else None


def _interpretation(sources: Sequence[Concept]) -> str | None:
    if not sources:
        return None
    return ", ".join(filter(None, map(_said, sources))) or None


def _said(source: Concept) -> str | None:
    return words(source) or next((coding.code for coding in source.coding or () if coding.code), None)


def _usual(ranges: Sequence[parts.UsualRange]) -> str | None:
    if not ranges:
        return None
    return "; ".join(filter(None, (each.text or between(each.low, each.high) for each in ranges))) or None


def _specimen(references: Iterable[Reference | None], holder: fhir.Resource, reading: Reading) -> str | None:
    found = (reading.resolve(each, holder, fhir.Specimen) for each in references)
    return ", ".join(filter(None, (words(each.type) for each in found if each is not None))) or None
