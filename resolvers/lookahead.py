"""Which sections an operation needs, before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

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
    "consultations": Section.CONSULTATIONS,
}
"""The fields of Patient that are sections, by GraphQL name. Every other field is demographics."""


def sections_of(info: GraphQLResolveInfo[Any]) -> frozenset[Section]:
    """The sections selected below a field that returns a Patient, fragments included, skipped fields left out.

    Reads the document itself: Strawberry's `selected_fields` converts every field of the operation on each call.
    """
    below = (node.selection_set for node in info.field_nodes)
    return frozenset(SECTION_FIELDS[name] for name in _names(below, info) if name in SECTION_FIELDS)


def _names(sets: Iterable[SelectionSetNode | None], info: GraphQLResolveInfo[Any]) -> Iterator[str]:
    for selections in sets:
        for selection in selections.selections if selections is not None else ():
            if not _included(selection, info):
                continue
            if isinstance(selection, FieldNode):
                yield selection.name.value
            elif isinstance(selection, FragmentSpreadNode):
                yield from _names([info.fragments[selection.name.value].selection_set], info)
            elif isinstance(selection, InlineFragmentNode):
                yield from _names([selection.selection_set], info)


def _included(selection: SelectionNode, info: GraphQLResolveInfo[Any]) -> bool:
    values: Any = info.variable_values
    for directive in selection.directives or ():
        if directive.name.value not in ("skip", "include"):
            continue
        condition: Any = next(argument.value for argument in directive.arguments or ())
        if isinstance(condition, VariableNode):
            holds = getattr(values, "coerced", values).get(condition.name.value)
        else:
            holds = condition.value
        if bool(holds) is (directive.name.value == "skip"):
            return False
    return True
