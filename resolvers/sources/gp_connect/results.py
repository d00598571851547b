"""Test results: GP Connect investigations (DiagnosticReport, Observation) and measurements among uncategorised data.

A practice files every coded remark as an Observation. Of those, the record shows what somebody measured or what
belongs to an investigation; remarks without a value (occupations, family histories) are not results.
"""

from __future__ import annotations

from collections.abc import Iterable

from policies.sections import Section
from resolvers.record.results import ResultComponent, ResultKind, ResultStatus, TestResult
from resolvers.sources.fhir.bundles import local
from resolvers.sources.fhir.concepts import FhirReference, concept, quantity, words
from resolvers.sources.gp_connect.kept import Kept
from resolvers.sources.gp_connect.result_shapes import (
    OBSERVATION,
    REPORT,
    SPECIMEN,
    FhirObservation,
    FhirRange,
    FhirReport,
    FhirSpecimen,
    Valued,
    value_words,
)

SECTION = Section.TEST_RESULTS
ERROR = "entered-in-error"
CATEGORIES = {"394595002": "laboratory", "laboratory": "laboratory"}


def read_results(kept: Kept) -> list[TestResult]:
    """Kept reports and results that were not entered in error."""
    reports = {k: r for k, r in kept.each("DiagnosticReport", REPORT, SECTION) if r.status != ERROR}
    observations = {k: o for k, o in kept.each("Observation", OBSERVATION, SECTION) if o.status != ERROR}
    shown = _investigated(reports.values(), observations)
    return [
        *(_report(kept, key, report, shown) for key, report in reports.items()),
        *(_result(kept, key, observation, shown) for key, observation in observations.items() if key in shown),
    ]


def _investigated(reports: Iterable[FhirReport], observations: dict[str, FhirObservation]) -> set[str]:
    """The keys of the observations that are results: measured, sampled, or part of an investigation."""
    shown = {key for key, each in observations.items() if each.is_measurement or _is_laboratory(each)}
    reach = [key for report in reports for key in _keys(report.result)] + list(shown)
    seen: set[str] = set()
    while reach:
        key = reach.pop()
        if key in observations and key not in seen:
            seen.add(key)
            reach += observations[key].members
    return seen


def _is_laboratory(observation: FhirObservation) -> bool:
    codes = (coding.code for category in observation.category for coding in category.codings)
    return observation.specimen is not None or any(code in CATEGORIES for code in codes)


def _keys(references: Iterable[FhirReference]) -> list[str]:
    return [key for reference in references if (key := local(reference.reference)) is not None]


def _report(kept: Kept, key: str, source: FhirReport, shown: set[str]) -> TestResult:
    issued = kept.date(SECTION, "DiagnosticReport.issued", source.issued)
    specimens = [s for s in (kept.get(each, "Specimen", SPECIMEN) for each in source.specimen) if s is not None]
    effective = source.effectiveDateTime or next(filter(None, (_collected(each) for each in specimens)), None)
    return TestResult(
        kept.id(key),
        kept.date(SECTION, "DiagnosticReport.effectiveDateTime", effective) or issued,
        kept.recorded_by(*(performer.actor for performer in source.performer)),
        kept.as_of(source.meta),
        kind=ResultKind.REPORT,
        code=concept(source.code),
        status=kept.coded(SECTION, "DiagnosticReport.status", ResultStatus, source.status),
        categories=[coding.code for coding in source.category.codings if coding.code] if source.category else [],
        specimen="; ".join(filter(None, (words(each.type) for each in specimens))) or None,
        issued=issued,
        members=[kept.id(member) for member in _keys(source.result) if member in shown],
        conclusion=source.conclusion,
    )


def _result(kept: Kept, key: str, source: FhirObservation, shown: set[str]) -> TestResult:
    issued = kept.date(SECTION, "Observation.issued", source.issued)
    specimen = kept.get(source.specimen, "Specimen", SPECIMEN)
    when = source.effectiveDateTime or (source.effectivePeriod.start if source.effectivePeriod else None)
    taken = when or (_collected(specimen) if specimen is not None else None)
    members = [kept.id(member) for member in source.members if member in shown]
    return TestResult(
        kept.id(key),
        kept.date(SECTION, "Observation.effectiveDateTime", taken) or issued,
        kept.recorded_by(*source.performer),
        kept.as_of(source.meta),
        kind=ResultKind.REPORT if members and not source.is_measurement else ResultKind.OBSERVATION,
        code=concept(source.code),
        status=kept.coded(SECTION, "Observation.status", ResultStatus, source.status),
        categories=_categories(source),
        value=value_words(source),
        quantity=quantity(source.valueQuantity),
        coded_value=concept(source.valueCodeableConcept),
        interpretation=words(source.interpretation),
        reference_range="; ".join(filter(None, map(_range, source.referenceRange))) or None,
        components=[_component(component) for component in source.component],
        specimen=words(specimen.type) if specimen is not None else None,
        issued=issued,
        members=members,
        note=source.comment,
    )


def _component(source: Valued) -> ResultComponent:
    return ResultComponent(
        code=concept(source.code), value=value_words(source), quantity=quantity(source.valueQuantity)
    )


def _categories(source: FhirObservation) -> list[str]:
    codes = (coding.code for category in source.category for coding in category.codings if coding.code)
    return list(dict.fromkeys(CATEGORIES.get(code, code) for code in codes))


def _collected(specimen: FhirSpecimen) -> str | None:
    return specimen.collection.collectedDateTime if specimen.collection is not None else None


def _range(source: FhirRange) -> str | None:
    if source.text:
        return source.text
    low, high = source.low, source.high
    unit = next((end.unit for end in (high, low) if end is not None and end.unit), None)
    tail = f" {unit}" if unit else ""
    match (low.value if low else None, high.value if high else None):
        case (None, None):
            return None
        case (None, top):
            return f"up to {top:g}{tail}"
        case (bottom, None):
            return f"from {bottom:g}{tail}"
        case (bottom, top):
            return f"{bottom:g} to {top:g}{tail}"
    return None
