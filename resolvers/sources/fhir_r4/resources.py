"""FHIR R4 resources, as typed structs of exactly what the record maps.

The class name is the FHIR resource type; `ANY` is their tagged union, decoded in one pass over a Bundle.
"""

from __future__ import annotations

from typing import Any, Union

import msgspec

from resolvers.record.values import CodeableConcept, Coding
from resolvers.sources.fhir_r4.datatypes import (
    Annotation,
    Codes,
    Extension,
    Identifier,
    Interval,
    Measure,
    Meta,
    Name,
    Ratio,
    Reference,
    Said,
    Span,
    Status,
    Telecom,
)
from resolvers.sources.fhir_r4.parts import (
    Activity,
    Attendant,
    Content,
    Diagnosis,
    DispenseRequest,
    Dosage,
    Hospitalization,
    Ingredient,
    Issue,
    Manifested,
    Member,
    Part,
    Participant,
    Performer,
    Protocol,
    Setting,
    UsualRange,
    Valued,
    Ward,
)


class Resource(msgspec.Struct, gc=False, rename="camel", tag_field="resourceType", tag=True):
    """What every resource may have. `contained` is decoded only when something points into it.

    `modifierExtension` and `implicitRules` may turn the meaning round, and FHIR forbids to process what they modify
    without knowing them (R4, section 2.4.0.3.1). We know none, so their types admit none: decoding fails, and the
    slow way names them among what could not be read.
    """

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[msgspec.Raw, ...] = ()
    modifier_extension: tuple[()] = ()
    implicit_rules: None = None


class Patient(Resource):
    identifier: tuple[Identifier, ...] = ()
    birth_date: str | None = None


class AllergyIntolerance(Resource):
    extension: tuple[Extension, ...] = ()
    clinical_status: Status | None = None
    verification_status: Codes | None = None
    type: str | None = None
    category: tuple[str | None, ...] = ()
    criticality: str | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None
    onset_date_time: str | None = None
    onset_period: Span | None = None
    recorded_date: str | None = None
    recorder: Reference | None = None
    asserter: Reference | None = None
    note: tuple[Annotation, ...] = ()
    reaction: tuple[Manifested, ...] = ()


class MedicationRequest(Resource):
    extension: tuple[Extension, ...] = ()
    status: str | None = None
    status_reason: CodeableConcept | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    authored_on: str | None = None
    requester: Reference | None = None
    recorder: Reference | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    course_of_therapy_type: Codes | None = None
    note: tuple[Annotation, ...] = ()
    dosage_instruction: tuple[Dosage, ...] = ()
    dispense_request: DispenseRequest | None = None


class MedicationStatement(Resource):
    extension: tuple[Extension, ...] = ()
    status: str | None = None
    status_reason: tuple[CodeableConcept, ...] = ()
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Span | None = None
    date_asserted: str | None = None
    information_source: Reference | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    note: tuple[Annotation, ...] = ()
    dosage: tuple[Dosage, ...] = ()


class Medication(Resource):
    code: CodeableConcept | None = None
    ingredient: tuple[Ingredient, ...] = ()


class Condition(Resource):
    extension: tuple[Extension, ...] = ()
    clinical_status: Codes | None = None
    verification_status: Codes | None = None
    category: tuple[Codes, ...] = ()
    severity: CodeableConcept | None = None
    code: CodeableConcept | None = None
    body_site: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    onset_date_time: str | None = None
    onset_period: Span | None = None
    abatement_date_time: str | None = None
    abatement_period: Span | None = None
    recorded_date: str | None = None
    recorder: Reference | None = None
    asserter: Reference | None = None
    note: tuple[Annotation, ...] = ()


class Encounter(Resource):
    extension: tuple[Extension, ...] = ()
    status: str | None = None
    kind: Coding | None = msgspec.field(default=None, name="class")
    type: tuple[CodeableConcept, ...] = ()
    service_type: CodeableConcept | None = None
    subject: Reference | None = None
    participant: tuple[Attendant, ...] = ()
    period: Span | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    diagnosis: tuple[Diagnosis, ...] = ()
    hospitalization: Hospitalization | None = None
    location: tuple[Ward, ...] = ()
    service_provider: Reference | None = None


class Composition(Resource):
    status: str | None = None
    type: CodeableConcept | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    date: str | None = None
    author: tuple[Reference, ...] = ()
    title: str | None = None
    custodian: Reference | None = None
    section: tuple[Part, ...] = ()


class Appointment(Resource):
    extension: tuple[Extension, ...] = ()
    status: str | None = None
    service_type: tuple[CodeableConcept, ...] = ()
    specialty: tuple[CodeableConcept, ...] = ()
    appointment_type: CodeableConcept | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    description: str | None = None
    start: str | None = None
    end: str | None = None
    minutes_duration: int | None = None
    patient_instruction: str | None = None
    participant: tuple[Participant, ...] = ()


class Observation(Resource):
    status: str | None = None
    category: tuple[Codes, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Span | None = None
    effective_instant: str | None = None
    issued: str | None = None
    performer: tuple[Reference, ...] = ()
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
    interpretation: tuple[Said, ...] = ()
    note: tuple[Annotation, ...] = ()
    specimen: Reference | None = None
    reference_range: tuple[UsualRange, ...] = ()
    component: tuple[Valued, ...] = ()


class DiagnosticReport(Resource):
    status: str | None = None
    category: tuple[Codes, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Span | None = None
    issued: str | None = None
    performer: tuple[Reference, ...] = ()
    specimen: tuple[Reference, ...] = ()
    result: tuple[Reference, ...] = ()
    conclusion: str | None = None


class Specimen(Resource):
    type: CodeableConcept | None = None
    subject: Reference | None = None


class Immunization(Resource):
    extension: tuple[Extension, ...] = ()
    status: str | None = None
    status_reason: CodeableConcept | None = None
    vaccine_code: CodeableConcept | None = None
    patient: Reference | None = None
    occurrence_date_time: str | None = None
    recorded: str | None = None
    manufacturer: Reference | None = None
    lot_number: str | None = None
    expiration_date: str | None = None
    site: CodeableConcept | None = None
    route: CodeableConcept | None = None
    performer: tuple[Performer, ...] = ()
    note: tuple[Annotation, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    protocol_applied: tuple[Protocol, ...] = ()


class Procedure(Resource):
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    performed_date_time: str | None = None
    performed_period: Span | None = None
    recorder: Reference | None = None
    asserter: Reference | None = None
    performer: tuple[Performer, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    body_site: tuple[CodeableConcept, ...] = ()
    outcome: CodeableConcept | None = None
    complication: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()


class DocumentReference(Resource):
    status: str | None = None
    doc_status: str | None = None
    type: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    date: str | None = None
    author: tuple[Reference, ...] = ()
    custodian: Reference | None = None
    description: str | None = None
    content: tuple[Content, ...] = ()
    context: Setting | None = None


class Flag(Resource):
    status: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    period: Span | None = None
    author: Reference | None = None


class CarePlan(Resource):
    status: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    title: str | None = None
    description: str | None = None
    subject: Reference | None = None
    period: Span | None = None
    created: str | None = None
    author: Reference | None = None
    goal: tuple[Reference, ...] = ()
    activity: tuple[Activity, ...] = ()
    note: tuple[Annotation, ...] = ()


class ServiceRequest(Resource):
    subject: Reference | None = None


class EpisodeOfCare(Resource):
    patient: Reference | None = None


class Goal(Resource):
    lifecycle_status: str | None = None
    description: CodeableConcept | None = None
    subject: Reference | None = None


class CareTeam(Resource):
    status: str | None = None
    name: str | None = None
    subject: Reference | None = None
    period: Span | None = None
    participant: tuple[Member, ...] = ()
    managing_organization: tuple[Reference, ...] = ()


class RelatedPerson(Resource):
    active: bool | None = None
    patient: Reference | None = None
    relationship: tuple[CodeableConcept, ...] = ()
    name: tuple[Name, ...] = ()
    telecom: tuple[Telecom, ...] = ()
    period: Span | None = None


class Practitioner(Resource):
    name: tuple[Name, ...] = ()


class PractitionerRole(Resource):
    practitioner: Reference | None = None
    organization: Reference | None = None
    code: tuple[CodeableConcept, ...] = ()
    telecom: tuple[Telecom, ...] = ()


class Organization(Resource):
    identifier: tuple[Identifier, ...] = ()
    name: str | None = None
    telecom: tuple[Telecom, ...] = ()


class Location(Resource):
    name: str | None = None


class HealthcareService(Resource):
    name: str | None = None
    type: tuple[CodeableConcept, ...] = ()


class OperationOutcome(Resource):
    issue: tuple[Issue, ...] = ()


def _tag(kind: type[Resource]) -> str:
    return str(kind.__struct_config__.tag)


KINDS: dict[str, type[Resource]] = {_tag(kind): kind for kind in Resource.__subclasses__()}
ANY: Any = Union[tuple(KINDS.values())]  # noqa: UP007
