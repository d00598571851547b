"""Decoding no more than an operation selects.

Most elements of a resource are read for one or two fields of the graph alone. Where none of these is selected, the
element is skipped by the decoder: no object is made of it, and a wrong value in it costs nothing. Elements that decide
whether, when or in which place an entry is shown are always read, and so are modifiers (see `resources.Resource`).
Policy is not concerned: it judges each item's own bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Union, cast, get_args

import msgspec

from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.bundle import WHOLE, Decoder, typed
from resolvers.sources.fhir_r4.parts import Backbone
from resolvers.sources.fhir_r4.resources import KINDS, Resource

_NOTE = {"note": {"note"}}
_REASONS = {"reason_code": {"reasons"}, "reason_reference": {"reasons"}}
_RECORDED = {"recorder": {"recordedBy"}, "asserter": {"recordedBy"}}
_BY_AUTHOR = {"author": {"recordedBy"}}
_BY_PERFORMER = {"performer": {"recordedBy"}}
_CATEGORIES = {"category": {"categories", "category"}}  # 'category' is also a filter

ONLY_FOR: Mapping[type[Resource], Mapping[str, set[str]]] = {
    fhir.AllergyIntolerance: {
        "extension": {"end", "endReason"},
        "type": {"kind"},
        "criticality": {"criticality"},
        "onset_date_time": {"onset"},
        "onset_period": {"onset"},
        "reaction": {"reactions"},
        **_CATEGORIES,
        **_RECORDED,
        **_NOTE,
    },
    fhir.MedicationRequest: {
        "extension": {"prescriptionType"},
        "course_of_therapy_type": {"prescriptionType"},
        "status_reason": {"stoppedReason"},
        "requester": {"recordedBy", "prescribedBy"},
        "recorder": {"recordedBy", "prescribedBy"},
        "dispense_request": {"quantity"},
        **_REASONS,
        **_NOTE,
    },
    fhir.MedicationStatement: {
        "extension": {"prescriptionType", "lastIssued", "prescribedBy"},
        "status_reason": {"stoppedReason"},
        "information_source": {"recordedBy"},
        **_REASONS,
        **_NOTE,
    },
    fhir.Condition: {
        "extension": {"significance"},
        "severity": {"severity"},
        "body_site": {"bodySites"},
        "abatement_date_time": {"ended"},
        "abatement_period": {"ended"},
        **_CATEGORIES,
        **_RECORDED,
        **_NOTE,
    },
    fhir.Encounter: {
        "extension": {"admissionMethod", "dischargeMethod"},
        "type": {"types"},
        "service_type": {"specialty"},
        "participant": {"recordedBy"},
        "service_provider": {"recordedBy"},
        "diagnosis": {"diagnoses"},
        "hospitalization": {"admissionMethod", "dischargeMethod", "dischargeDestination"},
        "location": {"ward"},
        **_REASONS,
    },
    fhir.Appointment: {
        "extension": {"channel"},
        "service_type": {"service"},
        "specialty": {"specialty"},
        "appointment_type": {"kind"},
        "description": {"description"},
        "end": {"end"},
        "minutes_duration": {"minutes"},
        "patient_instruction": {"patientInstruction"},
        **_REASONS,
    },
    fhir.Observation: {
        "issued": {"issued"},
        "value_quantity": {"value", "quantity"},
        "value_codeable_concept": {"value", "codedValue"},
        "interpretation": {"interpretation"},
        "specimen": {"specimen"},
        "reference_range": {"referenceRange"},
        "component": {"components"},
        **_CATEGORIES,
        **_BY_PERFORMER,
        **_NOTE,
    },
    fhir.DiagnosticReport: {
        "issued": {"issued"},
        "specimen": {"specimen"},
        "result": {"members", "components"},
        "conclusion": {"conclusion"},
        **_CATEGORIES,
        **_BY_PERFORMER,
    },
    fhir.Immunization: {
        "status_reason": {"notGivenReason"},
        "manufacturer": {"manufacturer"},
        "lot_number": {"batch"},
        "expiration_date": {"expiry"},
        "site": {"site"},
        "route": {"route"},
        "protocol_applied": {"dose"},
        **_REASONS,
        **_BY_PERFORMER,
        **_NOTE,
    },
    fhir.Procedure: {
        "body_site": {"bodySites"},
        "outcome": {"outcome"},
        "complication": {"complications"},
        **_REASONS,
        **_RECORDED,
        **_BY_PERFORMER,
        **_NOTE,
    },
    fhir.DocumentReference: {
        "custodian": {"recordedBy"},
        "description": {"description"},
        "context": {"setting"},
        **_CATEGORIES,
        **_BY_AUTHOR,
    },
    fhir.Flag: {**_CATEGORIES, **_BY_AUTHOR},
    fhir.CarePlan: {
        "title": {"title"},
        "description": {"description"},
        "goal": {"goals"},
        "activity": {"activities"},
        **_CATEGORIES,
        **_BY_AUTHOR,
        **_NOTE,
    },
}
"""By resource type and attribute: the fields (and arguments) of the graph for which alone it is read."""

_TELLING = frozenset[str]().union(*(fields for elements in ONLY_FOR.values() for fields in elements.values()))


def telling(names: frozenset[str] | None) -> frozenset[str] | None:
    """Those of the names on which it depends what is decoded; None stays None: anything may be selected."""
    return names & _TELLING if names is not None else None


@lru_cache(maxsize=128)  # each takes some 7 ms to make, and 77 kB
def decoder(selected: frozenset[str] | None) -> Decoder:
    """A decoder of pages for an operation in which these names occur (see `telling`)."""
    if selected is None:
        return WHOLE
    return typed(Union[tuple(_narrowed(kind, selected) for kind in KINDS.values())])  # noqa: UP007


def _narrowed(kind: type[Resource], selected: frozenset[str]) -> type[Resource]:
    """The resource type without what nobody selects: attributes that always have their default. It has the same name."""
    skipped = {name for name, fields in ONLY_FOR.get(kind, {}).items() if fields.isdisjoint(selected)}
    if not skipped:
        return kind
    members: list[tuple[str, Any, Any]] = []
    defaults: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind)[len(Resource.__struct_fields__) :]:
        if field.name not in skipped:
            members.append((field.name, field.type, msgspec.field(default=field.default, name=field.encode_name)))
            continue
        defaults[field.name] = field.default
        if _has_modifiers(field.type):
            bare = tuple[Backbone, ...] if field.default == () else Backbone | None
            members.append((f"_{field.name}", bare, msgspec.field(default=field.default, name=field.encode_name)))
    tag = kind.__struct_config__.tag
    made = msgspec.defstruct(
        kind.__name__, members, bases=(Resource,), namespace=defaults, tag_field="resourceType", tag=tag, gc=False
    )
    return cast("type[Resource]", made)


def _has_modifiers(kind: Any) -> bool:
    """Whether an element may carry a modifier, which forbids to use the resource whether or not it is selected."""
    if isinstance(kind, type) and issubclass(kind, Backbone):
        return True
    return any(_has_modifiers(inner) for inner in get_args(kind))
