"""Documents and letters (PRSB: Documents; UK Core DocumentReference)."""

from __future__ import annotations

import strawberry

from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@strawberry.type(
    description="A letter or other document that exists at a source (PRSB: Documents; UK Core DocumentReference). What it "
    "is, not its content: ask the organisation that holds it. `date` is when it was written."
)
class Document(Entry):
    kind: CodeableConcept | None = strawberry.field(
        default=None, description="What it is, for example an outpatient letter."
    )
    categories: list[CodeableConcept] | None = strawberry.field(
        default_factory=list, description="How the source files it."
    )
    title: str | None = strawberry.field(default=None, description="Its title.")
    description: str | None = strawberry.field(default=None, description="What it is about.")
    status: str | None = strawberry.field(default=None, description="current or superseded.")
    created: PartialDateTime | None = strawberry.field(default=None, description="When the file was made.")
    content_type: str | None = strawberry.field(default=None, description="Its format, as a MIME type.")
    pages_or_size: str | None = strawberry.field(default=None, description="How long it is, in words.")
    setting: CodeableConcept | None = strawberry.field(
        default=None, description="The care setting (FHIR practiceSetting)."
    )
