"""Codes that state that no allergy is known: an answer, not an absence."""

from __future__ import annotations

from resolvers.record.values import CodeableConcept
from resolvers.sources.fhir.concepts import SNOMED

READ_2 = "http://read.info/readv2"
CTV3 = "http://read.info/ctv3"

# SNOMED CT 716186003 'No known allergy' is what UK Core and GP Connect ask for; 160244002 is its retired
# predecessor and 1151. the Read code from which practice records were converted. Statements about one kind of
# allergen only ('no known drug allergy') are entries like others: they leave room for an allergy to food.
NO_KNOWN_ALLERGIES = frozenset(
    {
        (SNOMED, "716186003"),
        (SNOMED, "160244002"),
        (READ_2, "1151."),
        (READ_2, "1151.00"),
        (CTV3, "1151."),
    }
)


def says_no_known_allergies(source: CodeableConcept | None) -> bool:
    """Whether the concept is the statement that no allergy at all is known."""
    return source is not None and any((c.system, c.code) in NO_KNOWN_ALLERGIES for c in source.codings)
