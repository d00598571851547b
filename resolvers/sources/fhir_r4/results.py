"""Test results from Observation and DiagnosticReport (UK Core, and UK Core -Lab)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import strawberry

from resolvers.record.results import ResultComponent, ResultKind, ResultStatus, TestResult
from resolvers.record.values import Quantity
from resolvers.sources.fhir_r4 import parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.datatypes import Reference, Said, Span
from resolvers.sources.fhir_r4.reading import Reading, codes_of, concept, note, words
from resolvers.sources.fhir_r4.values import between, measured, value

STATUS = {each.value: each for each in ResultStatus} | {"appended": ResultStatus.AMENDED}

_OBSERVATION = ResultKind.OBSERVATION


def results(
    observations: Sequence[fhir.Observation], reports: Sequence[fhir.DiagnosticReport], reading: Reading
) -> list[TestResult]:
    """Every observation and every report. A report names only results that are in this list."""
    found = [_observation(each, reading) for each in observations if each.status != "entered-in-error"]
    known = {entry.id for entry in found}
    found += [_report(each, known, reading) for each in reports if each.status != "entered-in-error"]
    return found


def _observation(source: fhir.Observation, reading: Reading) -> TestResult:
    """The commonest entry of all, so what is usually absent is not even asked for."""
    when = source.effective_date_time or source.effective_instant or _start(source.effective_period)
    said, number = _value(source, reading, "Observation")
    coded, specimen = source.value_codeable_concept, source.specimen
    return TestResult(
        reading.id(source),
        reading.date(when, "Observation.effective"),
        reading.recorded_by(source, *source.performer) if reading.attributes(source) else reading.own,
        reading.as_of(source),
        kind=_OBSERVATION,
        code=concept(source.code),
        status=reading.listed(STATUS, source.status, "Observation.status"),
        categories=codes_of(source.category) if source.category else [],
        value=said,
        quantity=number,
        coded_value=concept(coded) if coded is not None else None,
        interpretation=_interpretation(source.interpretation) if source.interpretation else None,
        reference_range=_usual(source.reference_range) if source.reference_range else None,
        components=[_component(each, reading) for each in source.component] if source.component else [],
        specimen=_specimen((specimen,), source, reading) if specimen is not None else None,
        issued=reading.date(source.issued, "Observation.issued") if source.issued is not None else None,
        note=note(source.note) if source.note else None,
    )


def _report(source: fhir.DiagnosticReport, known: set[strawberry.ID], reading: Reading) -> TestResult:
    """A report. Observations contained in it have no id of their own and are shown as its parts."""
    when = source.effective_date_time or _start(source.effective_period)
    members: list[strawberry.ID] = []
    components: list[ResultComponent] = []
    for reference in source.result:
        result = reading.resolve(reference, source, fhir.Observation)
        if result is None or result.status == "entered-in-error":
            continue
        if (reference.reference or "").startswith("#"):
            components.append(_component(result, reading))
        elif reading.id(result) in known:
            members.append(reading.id(result))
    return TestResult(
        reading.id(source),
        reading.date(when, "DiagnosticReport.effective"),
        reading.recorded_by(source, *source.performer),
        reading.as_of(source),
        kind=ResultKind.REPORT,
        code=concept(source.code),
        status=reading.listed(STATUS, source.status, "DiagnosticReport.status"),
        categories=codes_of(source.category),
        components=components,
        specimen=_specimen(source.specimen, source, reading),
        issued=reading.date(source.issued, "DiagnosticReport.issued"),
        members=members,
        conclusion=source.conclusion,
    )


def _component(source: parts.Valued | fhir.Observation, reading: Reading) -> ResultComponent:
    said, number = _value(source, reading, "Observation.component")
    return ResultComponent(code=concept(source.code), value=said, quantity=number)


def _value(source: parts.Valued | fhir.Observation, reading: Reading, where: str) -> tuple[str | None, Quantity | None]:
    if source.value_quantity is not None:
        return measured(source.value_quantity, reading, f"{where}.valueQuantity")
    return value(source, reading, where), None


def _start(span: Span | None) -> str | None:
    return (span.start or span.end) if span is not None else None


def _interpretation(sources: Sequence[Said]) -> str | None:
    if len(sources) == 1:
        return sources[0].words()
    return ", ".join(filter(None, (each.words() for each in sources))) or None


def _usual(ranges: Sequence[parts.UsualRange]) -> str | None:
    if len(ranges) == 1 and ranges[0].text:
        return ranges[0].text
    return "; ".join(filter(None, (each.text or between(each.low, each.high) for each in ranges))) or None


def _specimen(references: Iterable[Reference | None], holder: fhir.Resource, reading: Reading) -> str | None:
    found = (reading.resolve(each, holder, fhir.Specimen) for each in references)
    return ", ".join(filter(None, (words(each.type) for each in found if each is not None))) or None
