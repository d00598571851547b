"""Documents and letters (PRSB: Documents; UK Core DocumentReference)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from resolvers.record.structs import record_type, says
from resolvers.record.values import CodeableConcept, Entry, PartialDateTime


@record_type(
    "A letter or other document that exists at a source (PRSB: Documents; UK Core DocumentReference). What it "
    "is, not its content: ask the organisation that holds it. `date` is when it was written."
)
class Document(Entry, gc=False):
    kind: Annotated[CodeableConcept | None, says("What it is, for example an outpatient letter.")] = None
    categories: Annotated[list[CodeableConcept] | None, says("How the source files it.")] = msgspec.field(
        default_factory=list
    )
    title: Annotated[str | None, says("Its title.")] = None
    description: Annotated[str | None, says("What it is about.")] = None
    status: Annotated[str | None, says("current or superseded.")] = None
    created: Annotated[PartialDateTime | None, says("When the file was made.")] = None
    content_type: Annotated[str | None, says("Its format, as a MIME type.")] = None
    pages_or_size: Annotated[str | None, says("How long it is, in words.")] = None
    setting: Annotated[CodeableConcept | None, says("The care setting (FHIR practiceSetting).")] = None
