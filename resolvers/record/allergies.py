"""Allergies and adverse reactions (PRSB: Allergies and adverse reactions; UK Core AllergyIntolerance)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says
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


@record_type("A reaction that was seen (PRSB: Reaction details; FHIR AllergyIntolerance.reaction).")
class Reaction(msgspec.Struct, gc=False):
    manifestations: Annotated[
        list[CodeableConcept] | None, says("What happened, for example anaphylaxis or rash.")
    ] = []
    severity: Annotated[ReactionSeverity | None, says("How bad it was.")] = None
    onset: Annotated[PartialDateTime | None, says("When it happened.")] = None
    description: Annotated[str | None, says("The author's words.")] = None


@record_type(
    "An allergy, an intolerance, or a statement that none is known (PRSB: Allergies and adverse reactions; "
    "UK Core AllergyIntolerance; GP Connect AllergyIntolerance). `date` is when it was asserted."
)
class Allergy(Entry, gc=False):
    code: Annotated[CodeableConcept | None, says("The substance (PRSB: Causative agent; FHIR code).")] = None
    no_known_allergies: Annotated[
        bool, says("True where this entry is the statement that no allergy is known, made by a person who asked.")
    ] = False
    kind: Annotated[str | None, says("'allergy' or 'intolerance' (FHIR type).")] = None
    categories: Annotated[list[str] | None, says("food, medication, environment or biologic (FHIR category).")] = []
    status: Annotated[AllergyStatus | None, says("Whether it holds now (FHIR clinicalStatus).")] = None
    verification: Annotated[Verification | None, says("How sure the author is (FHIR verificationStatus).")] = None
    criticality: Annotated[Criticality | None, says("How dangerous it may be (FHIR criticality).")] = None
    reactions: Annotated[list[Reaction] | None, says("Reactions that were seen.")] = []
    onset: Annotated[PartialDateTime | None, says("When it was first noticed.")] = None
    end: Annotated[
        PartialDateTime | None, says("When it ended (UK Core and GP Connect extension AllergyIntoleranceEnd).")
    ] = None
    end_reason: Annotated[str | None, says("Why it was ended, in words.")] = None
    note: Annotated[str | None, says("The author's comment.")] = None
