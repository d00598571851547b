"""Test results (PRSB: Investigation results; UK Core Observation, DiagnosticReport)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, PartialDateTime, Quantity


@strawberry.enum(description="Where a result stands.")
class ResultStatus(Enum):
    REGISTERED = "registered"
    PARTIAL = "partial"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@strawberry.enum(description="A single measurement or a report that groups several.")
class ResultKind(Enum):
    OBSERVATION = "observation"
    REPORT = "report"


@record_type("One part of a result, for example systolic within a blood pressure (FHIR Observation.component).")
class ResultComponent(msgspec.Struct, gc=False):
    code: Annotated[CodeableConcept | None, says("What was measured.")] = None
    value: Annotated[str | None, says("The value in words, unit included.")] = None
    quantity: Annotated[Quantity | None, says("The value as a number, where it is one.")] = None


@record_type(
    "A test result or observation, or a report that groups some (PRSB: Investigation results, Examination "
    "findings; UK Core and GP Connect Observation, DiagnosticReport). `date` is when the sample was taken or the observation made."
)
class TestResult(Entry, gc=False):
    kind: Annotated[ResultKind, says("A measurement or a report.")] = ResultKind.OBSERVATION
    code: Annotated[CodeableConcept | None, says("The test or observation.")] = None
    status: Annotated[ResultStatus | None, says("Where it stands.")] = None
    categories: Annotated[list[str] | None, says("laboratory, vital-signs, imaging and so on.")] = msgspec.field(
        default_factory=list
    )
    value: Annotated[str | None, says("The value in words, unit included.")] = None
    quantity: Annotated[Quantity | None, says("The value as a number, where it is one.")] = None
    coded_value: Annotated[CodeableConcept | None, says("The value as a code, where it is one.")] = None
    interpretation: Annotated[str | None, says("High, low, normal and so on, as the laboratory said.")] = None
    reference_range: Annotated[str | None, says("What is usual, as the laboratory said.")] = None
    components: Annotated[list[ResultComponent] | None, says("Its parts.")] = []
    specimen: Annotated[str | None, says("What was sampled, in words.")] = None
    issued: Annotated[PartialDateTime | None, says("When it was released.")] = None
    members: Annotated[list[strawberry.ID] | None, says("For a report: the ids of its results in this section.")] = []
    conclusion: Annotated[str | None, says("For a report: the clinical conclusion.")] = None
    note: Annotated[str | None, says("Comments.")] = None
