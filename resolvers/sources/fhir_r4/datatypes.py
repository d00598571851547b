"""FHIR R4 datatypes as far as the record needs them: decoding is the selection, what is not named here is skipped.

CodeableConcepts and Codings are decoded straight into the record's own types. `display` of a Reference is not decoded at all,
so it cannot be shown. Absent lists are the shared empty tuple; nothing here is ever written to.
"""

from __future__ import annotations

import msgspec

from resolvers.record.values import CodeableConcept


class Code(msgspec.Struct, gc=False, rename="camel"):
    """A Coding of which only the code matters."""

    code: str | None = None


class Codes(msgspec.Struct, gc=False, rename="camel"):
    """A CodeableConcept with a required binding: only its codes and words matter."""

    coding: tuple[Code, ...] = ()
    text: str | None = None


class Term(msgspec.Struct, gc=False, rename="camel"):
    """A Coding that is only ever shown in words."""

    code: str | None = None
    display: str | None = None


class Said(msgspec.Struct, gc=False, rename="camel"):
    """A CodeableConcept that is only ever shown in words."""

    coding: tuple[Term, ...] = ()
    text: str | None = None

    def words(self) -> str | None:
        """Its text, else what was shown with a code, else the code."""
        if self.text:
            return self.text
        for term in self.coding:
            if term.display or term.code:
                return term.display or term.code
        return None


class Identifier(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Identifier."""

    system: str | None = None
    value: str | None = None
    use: str | None = None


class Reference(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Reference without its display."""

    reference: str | None = None
    identifier: Identifier | None = None


class Tag(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Meta.tag."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Meta(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Meta without security labels: those are policy's, which reads the raw item."""

    last_updated: str | None = None
    tag: tuple[Tag, ...] = ()


class Span(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Period, its dates not yet checked."""

    start: str | None = None
    end: str | None = None


class Measure(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Quantity and its kinds. The number stays as it was written, which keeps the precision it was sent with."""

    value: msgspec.Raw = msgspec.Raw(b"")
    comparator: str | None = None
    unit: str | None = None
    code: str | None = None


class Interval(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Range."""

    low: Measure | None = None
    high: Measure | None = None


class Ratio(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Ratio."""

    numerator: Measure | None = None
    denominator: Measure | None = None


class Annotation(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Annotation: only the words."""

    text: str | None = None


class Name(msgspec.Struct, gc=False, rename="camel"):
    """FHIR HumanName."""

    use: str | None = None
    text: str | None = None
    family: str | None = None
    given: tuple[str | None, ...] = ()
    prefix: tuple[str | None, ...] = ()


class Telecom(msgspec.Struct, gc=False, rename="camel"):
    """FHIR ContactPoint."""

    system: str | None = None
    value: str | None = None


class Extension(msgspec.Struct, gc=False, rename="camel"):
    """FHIR Extension with the value kinds that UK Core uses where the record looks."""

    url: str | None = None
    extension: tuple[Extension, ...] = ()
    value_codeable_concept: CodeableConcept | None = None
    value_code: str | None = None
    value_string: str | None = None
    value_date_time: str | None = None
    value_reference: Reference | None = None


class Status(msgspec.Struct, gc=False, rename="camel"):
    """A status CodeableConcept that UK Core may extend (AllergyIntolerance.clinicalStatus)."""

    coding: tuple[Code, ...] = ()
    extension: tuple[Extension, ...] = ()


def extended(extensions: tuple[Extension, ...], *urls: str) -> Extension | None:
    """The first extension with one of these URLs."""
    for extension in extensions:
        if extension.url in urls:
            return extension
    return None
