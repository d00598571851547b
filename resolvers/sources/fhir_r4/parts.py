"""The parts of FHIR R4 resources (BackboneElements), as typed structs of exactly what the record maps."""

from __future__ import annotations

import msgspec

from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir_r4.datatypes import (
    Extension,
    Interval,
    Measure,
    Ratio,
    Reference,
    Span,
)


class Backbone(msgspec.Struct, gc=False, rename="camel"):
    """A part of a resource. A modifier in it is refused by its type: see `Resource`."""

    modifier_extension: tuple[()] = ()


class Manifested(Backbone):
    manifestation: tuple[CodeableConcept, ...] = ()
    severity: str | None = None
    onset: str | None = None
    description: str | None = None


class DoseAndRate(Backbone):
    dose_quantity: Measure | None = None


class Dosage(Backbone):
    text: str | None = None
    patient_instruction: str | None = None
    route: CodeableConcept | None = None
    dose_and_rate: tuple[DoseAndRate, ...] = ()


class DispenseRequest(Backbone):
    quantity: Measure | None = None


class Ingredient(Backbone):
    item_codeable_concept: CodeableConcept | None = None


class Diagnosis(Backbone):
    condition: Reference | None = None


class Hospitalization(Backbone):
    extension: tuple[Extension, ...] = ()
    discharge_disposition: CodeableConcept | None = None


class Ward(Backbone):
    location: Reference | None = None


class Attendant(Backbone):
    individual: Reference | None = None


class Narrative(Backbone):
    div: str | None = None


class Part(Backbone):
    title: str | None = None
    code: CodeableConcept | None = None
    text: Narrative | None = None
    section: tuple[Part, ...] = ()


class Participant(Backbone):
    actor: Reference | None = None


class UsualRange(Backbone):
    low: Measure | None = None
    high: Measure | None = None
    text: str | None = None


class Valued(Backbone):
    """A value[x] and the code it answers: an Observation.component."""

    code: CodeableConcept | None = None
    value_quantity: Measure | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Interval | None = None
    value_ratio: Ratio | None = None
    value_time: str | None = None
    value_date_time: str | None = None
    value_period: Span | None = None


class Performer(Backbone):
    actor: Reference | None = None


class Protocol(Backbone):
    series: str | None = None
    dose_number_positive_int: int | None = None
    dose_number_string: str | None = None
    series_doses_positive_int: int | None = None
    series_doses_string: str | None = None


class Attachment(Backbone):
    content_type: str | None = None
    title: str | None = None
    creation: str | None = None
    size: int | None = None


class Content(Backbone):
    attachment: Attachment | None = None


class Setting(Backbone):
    practice_setting: CodeableConcept | None = None


class Detail(Backbone):
    code: CodeableConcept | None = None
    status: str | None = None
    description: str | None = None
    do_not_perform: bool | None = None


class Activity(Backbone):
    detail: Detail | None = None


class Member(Backbone):
    role: tuple[CodeableConcept, ...] = ()
    member: Reference | None = None
    on_behalf_of: Reference | None = None
    period: Span | None = None


class Issue(Backbone):
    severity: str | None = None
    code: str | None = None
