"""Documents from DocumentReference (UK Core): what they are, never their content."""

from __future__ import annotations

from resolvers.record.documents import Document
from resolvers.sources.fhir_r4 import parts
from resolvers.sources.fhir_r4 import resources as fhir
from resolvers.sources.fhir_r4.reading import Reading, concept, concepts

STATUSES = frozenset({"current", "superseded"})


def document(source: fhir.DocumentReference, reading: Reading) -> Document | None:
    """One document; None where it, or the reference to it, was entered in error."""
    if "entered-in-error" in (source.status, source.doc_status):
        return None
    files = [content.attachment for content in source.content if content.attachment is not None]
    file = files[0] if files else parts.Attachment()
    created = reading.date(file.creation, "DocumentReference.content.attachment.creation")
    return Document(
        reading.id(source),
        reading.date(source.date, "DocumentReference.date") or created,
        reading.recorded_by(source, *source.author, source.custodian),
        reading.as_of(source),
        kind=concept(source.type),
        categories=concepts(source.category),
        title=file.title,
        description=source.description,
        status=_status(source, reading),
        created=created,
        content_type=file.content_type,
        pages_or_size=_size(file.size),
        setting=concept(source.context.practice_setting) if source.context is not None else None,
    )


def _status(source: fhir.DocumentReference, reading: Reading) -> str | None:
    if source.status is not None and source.status not in STATUSES:
        reading.invalid("DocumentReference.status")
        return None
    return source.status


def _size(octets: int | None) -> str | None:
    """'14 kB', '2.1 MB'."""
    if octets is None or octets <= 0:
        return None
    if octets < 1000:
        return f"{octets} bytes"
    return f"{octets / 1e3:.0f} kB" if octets < 999_500 else f"{octets / 1e6:.1f} MB"
