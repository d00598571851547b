"""Which sections an operation needs, before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from strawberry.types.nodes import SelectedField, Selection

from policies.sections import Section

SECTION_FIELDS = {
    "allergies": Section.ALLERGIES,
    "medications": Section.MEDICATIONS,
    "conditions": Section.CONDITIONS,
    "hospitalStays": Section.HOSPITAL_STAYS,
    "appointments": Section.APPOINTMENTS,
    "testResults": Section.TEST_RESULTS,
    "immunisations": Section.IMMUNISATIONS,
    "procedures": Section.PROCEDURES,
    "documents": Section.DOCUMENTS,
    "alerts": Section.ALERTS,
    "carePlans": Section.CARE_PLANS,
    "careTeam": Section.CARE_TEAM,
    "socialCare": Section.SOCIAL_CARE,
}
"""The fields of Patient that are sections, by GraphQL name. Every other field is demographics."""


def sections_of(fields: Iterable[Selection]) -> frozenset[Section]:
    """The sections selected below fields that return a Patient, fragments included, skipped fields left out."""
    return frozenset(
        SECTION_FIELDS[name] for field in fields for name in _names(field.selections) if name in SECTION_FIELDS
    )


def _names(selections: Iterable[Selection]) -> Iterator[str]:
    for selection in selections:
        if not _included(selection):
            continue
        if isinstance(selection, SelectedField):
            yield selection.name
        else:
            yield from _names(selection.selections)


def _included(selection: Selection) -> bool:
    directives = selection.directives
    return directives.get("include", {}).get("if", True) is not False and not directives.get("skip", {}).get(
        "if", False
    )
