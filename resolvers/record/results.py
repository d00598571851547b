"""Test results (PRSB: Investigation results; UK Core Observation, DiagnosticReport)."""

from __future__ import annotations

from enum import Enum

import strawberry

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


@strawberry.type(
    description="One part of a result, for example systolic within a blood pressure (FHIR Observation.component)."
)
class ResultComponent:
    code: CodeableConcept | None = strawberry.field(default=None, description="What was measured.")
    value: str | None = strawberry.field(default=None, description="The value in words, unit included.")
    quantity: Quantity | None = strawberry.field(default=None, description="The value as a number, where it is one.")


@strawberry.type(
    description="A test result or observation, or a report that groups some (PRSB: Investigation results, Examination "
    "findings; UK Core and GP Connect Observation, DiagnosticReport). `date` is when the sample was taken or the observation made."
)
class TestResult(Entry):
    kind: ResultKind = strawberry.field(default=ResultKind.OBSERVATION, description="A measurement or a report.")
    code: CodeableConcept | None = strawberry.field(default=None, description="The test or observation.")
    status: ResultStatus | None = strawberry.field(default=None, description="Where it stands.")
    categories: list[str] | None = strawberry.field(
        default_factory=list, description="laboratory, vital-signs, imaging and so on."
    )
    value: str | None = strawberry.field(default=None, description="The value in words, unit included.")
    quantity: Quantity | None = strawberry.field(default=None, description="The value as a number, where it is one.")
    coded_value: CodeableConcept | None = strawberry.field(
        default=None, description="The value as a code, where it is one."
    )
    interpretation: str | None = strawberry.field(
        default=None, description="High, low, normal and so on, as the laboratory said."
    )
    reference_range: str | None = strawberry.field(default=None, description="What is usual, as the laboratory said.")
    components: list[ResultComponent] | None = strawberry.field(default_factory=list, description="Its parts.")
    specimen: str | None = strawberry.field(default=None, description="What was sampled, in words.")
    issued: PartialDateTime | None = strawberry.field(default=None, description="When it was released.")
    members: list[strawberry.ID] | None = strawberry.field(
        default_factory=list, description="For a report: the ids of its results in this section."
    )
    conclusion: str | None = strawberry.field(default=None, description="For a report: the clinical conclusion.")
    note: str | None = strawberry.field(default=None, description="Comments.")
