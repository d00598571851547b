"""Allergies and adverse reactions (PRSB: Allergies and adverse reactions; UK Core AllergyIntolerance)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.enum(description="Whether an allergy is thought to hold now.")
class AllergyStatus(Enum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    RESOLVED = "resolved"


@strawberry.enum(description="How sure the author is.")
class Verification(Enum):
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    PROVISIONAL = "provisional"
    DIFFERENTIAL = "differential"
    REFUTED = "refuted"


@strawberry.enum(description="How dangerous a future exposure may be.")
class Criticality(Enum):
    LOW = "low"
    HIGH = "high"
    UNABLE_TO_ASSESS = "unable-to-assess"


@strawberry.enum(description="How bad a reaction was.")
class ReactionSeverity(Enum):
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


@strawberry.type(description="A reaction that was seen (PRSB: Reaction details; FHIR AllergyIntolerance.reaction).")
class Reaction:
    manifestations: list[CodeableConcept] | None = strawberry.field(
        default_factory=list, description="What happened, for example anaphylaxis or rash."
    )
    severity: ReactionSeverity | None = strawberry.field(default=None, description="How bad it was.")
    onset: PartialDateTime | None = strawberry.field(default=None, description="When it happened.")
    description: str | None = strawberry.field(default=None, description="The author's words.")


@strawberry.type(
    description="An allergy, an intolerance, or a statement that none is known (PRSB: Allergies and adverse reactions; "
    "UK Core AllergyIntolerance; GP Connect AllergyIntolerance). `date` is when it was asserted."
)
class Allergy(Entry):
    code: CodeableConcept | None = strawberry.field(
        default=None, description="The substance (PRSB: Causative agent; FHIR code)."
    )
    no_known_allergies: bool = strawberry.field(
        default=False,
        description="True where this entry is the statement that no allergy is known, made by a person who asked.",
    )
    kind: str | None = strawberry.field(default=None, description="'allergy' or 'intolerance' (FHIR type).")
    categories: list[str] | None = strawberry.field(
        default_factory=list, description="food, medication, environment or biologic (FHIR category)."
    )
    status: AllergyStatus | None = strawberry.field(
        default=None, description="Whether it holds now (FHIR clinicalStatus)."
    )
    verification: Verification | None = strawberry.field(
        default=None, description="How sure the author is (FHIR verificationStatus)."
    )
    criticality: Criticality | None = strawberry.field(
        default=None, description="How dangerous it may be (FHIR criticality)."
    )
    reactions: list[Reaction] | None = strawberry.field(default_factory=list, description="Reactions that were seen.")
    onset: PartialDateTime | None = strawberry.field(default=None, description="When it was first noticed.")
    end: PartialDateTime | None = strawberry.field(
        default=None, description="When it ended (UK Core and GP Connect extension AllergyIntoleranceEnd)."
    )
    end_reason: str | None = strawberry.field(default=None, description="Why it was ended, in words.")
    note: str | None = strawberry.field(default=None, description="The author's comment.")
