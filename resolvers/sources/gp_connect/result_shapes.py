"""The STU3 shapes of results: reports, observations and specimens, as far as the record shows them."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.bundles import local
from resolvers.sources.fhir.concepts import FhirPeriod, FhirQuantity, FhirReference, quantity_words, words
from resolvers.sources.fhir.lenient import Lenient
from resolvers.sources.gp_connect.kept import FhirMeta

HAS_MEMBER = "has-member"


class FhirRange(msgspec.Struct):
    low: FhirQuantity | None = None
    high: FhirQuantity | None = None
    text: str | None = None


class Related(msgspec.Struct):
    type: str | None = None
    target: FhirReference | None = None


class FhirRatio(msgspec.Struct):
    numerator: FhirQuantity | None = None
    denominator: FhirQuantity | None = None


class Valued(msgspec.Struct):
    """What an Observation and its components share: a code and a value of one of several kinds."""

    code: CodeableConcept | None = None
    valueQuantity: FhirQuantity | None = None  # noqa: N815
    valueCodeableConcept: CodeableConcept | None = None  # noqa: N815
    valueString: str | None = None  # noqa: N815
    valueBoolean: bool | None = None  # noqa: N815
    valueDateTime: str | None = None  # noqa: N815
    valueTime: str | None = None  # noqa: N815
    valuePeriod: FhirPeriod | None = None  # noqa: N815
    valueRange: FhirRange | None = None  # noqa: N815
    valueRatio: FhirRatio | None = None  # noqa: N815


class FhirObservation(Valued):
    fhir_type: ClassVar[str] = "Observation"
    meta: FhirMeta | None = None
    status: str | None = None
    category: list[CodeableConcept] = []
    effectiveDateTime: str | None = None  # noqa: N815
    effectivePeriod: FhirPeriod | None = None  # noqa: N815
    issued: str | None = None
    performer: list[FhirReference] = []
    interpretation: CodeableConcept | None = None
    comment: str | None = None
    specimen: FhirReference | None = None
    referenceRange: list[FhirRange] = []  # noqa: N815
    related: list[Related] = []
    component: list[Valued] = []

    @property
    def is_measurement(self) -> bool:
        return value_words(self) is not None or bool(self.component)

    @property
    def members(self) -> list[str]:
        """The keys of what this observation groups."""
        targets = (r.target.reference for r in self.related if r.type == HAS_MEMBER and r.target is not None)
        return [key for target in targets if (key := local(target)) is not None]


class Performer(msgspec.Struct):
    actor: FhirReference | None = None


class FhirReport(msgspec.Struct):
    fhir_type: ClassVar[str] = "DiagnosticReport"
    meta: FhirMeta | None = None
    status: str | None = None
    category: CodeableConcept | None = None
    code: CodeableConcept | None = None
    effectiveDateTime: str | None = None  # noqa: N815
    issued: str | None = None
    performer: list[Performer] = []
    specimen: list[FhirReference] = []
    result: list[FhirReference] = []
    conclusion: str | None = None


class Collection(msgspec.Struct):
    collectedDateTime: str | None = None  # noqa: N815


class FhirSpecimen(msgspec.Struct):
    fhir_type: ClassVar[str] = "Specimen"
    type: CodeableConcept | None = None
    collection: Collection | None = None


OBSERVATION = Lenient(FhirObservation)
REPORT = Lenient(FhirReport)
SPECIMEN = Lenient(FhirSpecimen)


def value_words(source: Valued) -> str | None:
    """The value as it is read aloud, whatever its kind."""
    if source.valueBoolean is not None:
        return "yes" if source.valueBoolean else "no"
    return (
        quantity_words(source.valueQuantity)
        or words(source.valueCodeableConcept)
        or source.valueString
        or source.valueDateTime
        or source.valueTime
        or _range_words(source.valueRange)
        or _ratio_words(source.valueRatio)
        or _period_words(source.valuePeriod)
    )


def _range_words(source: FhirRange | None) -> str | None:
    ends = [quantity_words(source.low), quantity_words(source.high)] if source is not None else []
    return " to ".join(filter(None, ends)) or None


def _ratio_words(source: FhirRatio | None) -> str | None:
    parts = [quantity_words(source.numerator), quantity_words(source.denominator)] if source is not None else []
    return " / ".join(filter(None, parts)) or None


def _period_words(source: FhirPeriod | None) -> str | None:
    return " to ".join(filter(None, [source.start, source.end])) or None if source is not None else None
