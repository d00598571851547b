"""FHIR amounts and periods as typed structs, and how they and FHIR codes become the record's values.

Only what the record shows is decoded. `Reference.display` is not among it: words beside a reference may tell what
the thing referred to would not be allowed to tell, so no adapter gets to see them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

import msgspec

from resolvers.record.values import CodeableConcept, Period, Quantity
from resolvers.sources.fhir.dates import fhir_date

SNOMED = "http://snomed.info/sct"
E = TypeVar("E", bound=Enum)


class FhirQuantity(msgspec.Struct, gc=False):
    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    code: str | None = None


class FhirPeriod(msgspec.Struct, gc=False):
    start: str | None = None
    end: str | None = None


class FhirReference(msgspec.Struct, gc=False):
    reference: str | None = None


class FhirNote(msgspec.Struct, gc=False):
    text: str | None = None


def concept(source: CodeableConcept | None) -> CodeableConcept | None:
    """The record's concept; None where neither code nor words are there."""
    if source is None:
        return None
    codings = [coding for coding in source.codings if coding.code or coding.display]
    return CodeableConcept(text=source.text, codings=codings) if codings or source.text else None


def concepts(sources: Iterable[CodeableConcept]) -> list[CodeableConcept]:
    """Those of the sources that say something."""
    found = (concept(source) for source in sources)
    return [each for each in found if each is not None]


def words(source: CodeableConcept | None) -> str | None:
    """The concept as one phrase: the author's text, else the first display, else the first code."""
    if source is None:
        return None
    displays = (coding.display for coding in source.codings)
    codes = (coding.code for coding in source.codings)
    return source.text or next(filter(None, displays), None) or next(filter(None, codes), None)


def code_of(source: CodeableConcept | None) -> str | None:
    """The first code, whatever its system: for elements bound to one small code list."""
    return next((coding.code for coding in source.codings if coding.code), None) if source is not None else None


def quantity(source: FhirQuantity | None) -> Quantity | None:
    """The record's quantity; None where there is no number."""
    if source is None or source.value is None:
        return None
    return Quantity(value=source.value, comparator=source.comparator, unit=source.unit or source.code)


def quantity_words(source: FhirQuantity | None) -> str | None:
    """A quantity as it is read aloud: '<5 mmol/L', '28 tablet'."""
    if source is None or source.value is None:
        return None
    number = f"{source.comparator or ''}{source.value:.15g}"
    unit = source.unit or source.code
    return f"{number} {unit}" if unit else number


def period(source: FhirPeriod | None) -> Period | None:
    """The record's period; None where neither end is a date."""
    if source is None:
        return None
    start, end = fhir_date(source.start), fhir_date(source.end)
    return Period(start=start, end=end) if start or end else None


def notes_text(notes: Iterable[FhirNote]) -> str | None:
    """Annotations joined, one per line; None where there are none."""
    return "\n".join(note.text.strip() for note in notes if note.text and note.text.strip()) or None


def member(kind: type[E], value: str | None) -> E | None:
    """The enum member with this value; None where the code is absent or not of the list."""
    try:
        return kind(value) if value is not None else None
    except ValueError:
        return None
