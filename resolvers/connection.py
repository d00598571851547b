"""Sections as Relay-style connections: pages over what policy left, and what the section says about itself.

Source: GraphQL Cursor Connections Specification (Relay), forward paging.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import strawberry

from resolvers.errors import BadUserInput
from resolvers.grouping import (
    AllergyGroup,
    Conflict,
    MedicationGroup,
    allergy_groups,
    medication_groups,
    none_known_conflicts,
)
from resolvers.loader import SectionRecord
from resolvers.order import cursor, position, read_cursor
from resolvers.record.allergies import Allergy
from resolvers.record.medications import Medication
from resolvers.record.status import Completeness, Finding, SourceStatus
from resolvers.record.values import Entry

T = TypeVar("T", bound=Entry)

MAX_PAGE = 1000
"""Entries on one page at most. A record seldom holds more in one section; a page keeps one answer within memory."""


@strawberry.type(description="Where a page stands among all entries.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether older entries follow.")
    has_previous_page: bool = strawberry.field(description="Whether this page began after a cursor.")
    start_cursor: str | None = strawberry.field(default=None, description="The place of the page's first entry.")
    end_cursor: str | None = strawberry.field(
        default=None, description="The place of the page's last entry; give it as `after` for the next page."
    )


@strawberry.type(description="An entry and its place.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="Its place. Stays valid when other entries come or go.")


def _edges(root: strawberry.Parent[Any]) -> list[Any]:
    """Made only where they are asked for: a cursor costs more than an entry."""
    return [Edge(node=node, cursor=cursor(node)) for node in root.nodes]


@strawberry.type(description="One section of a record, newest entries first.")
class Connection(Generic[T]):
    nodes: list[T] = strawberry.field(description="The entries of this page.")
    edges: list[Edge[T]] = strawberry.field(resolver=_edges, description="The same entries with their places.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    total_count: int = strawberry.field(description="How many entries there are that you may see, over all pages.")
    completeness: Completeness = strawberry.field(
        description="COMPLETE when every organisation that serves this person was asked and answered in full. Look at it before you take an "
        "empty list for 'nothing'."
    )
    finding: Finding = strawberry.field(
        description="What the section says: entries, 'known to be none', 'none found', or 'not answered'."
    )
    sources: list[SourceStatus] = strawberry.field(
        description="Every organisation that could hold this section: what it was asked, what it answered, how fresh it is."
    )


def _allergy_groups(root: strawberry.Parent[Any]) -> list[AllergyGroup]:
    return allergy_groups(root.entries)


def _none_known_conflicts(root: strawberry.Parent[Any]) -> list[Conflict]:
    return none_known_conflicts(root.entries)


def _medication_groups(root: strawberry.Parent[Any]) -> list[MedicationGroup]:
    return medication_groups(root.entries)


@strawberry.type(description="Allergies and adverse reactions (PRSB: Allergies and adverse reactions).")
class AllergyConnection(Connection[Allergy]):
    entries: strawberry.Private[list[Allergy]]
    groups: list[AllergyGroup] = strawberry.field(
        resolver=_allergy_groups,
        description="All entries, over all pages, grouped by substance. Nothing is merged: every entry is in a group.",
    )
    conflicts: list[Conflict] = strawberry.field(
        resolver=_none_known_conflicts,
        description="Entries of the whole section that contradict one another, such as an allergy and 'none known'.",
    )


@strawberry.type(description="Medicines (PRSB: Medications and medical devices).")
class MedicationConnection(Connection[Medication]):
    entries: strawberry.Private[list[Medication]]
    groups: list[MedicationGroup] = strawberry.field(
        resolver=_medication_groups,
        description="All entries, over all pages, grouped by medicine. Nothing is merged: every entry is in a group.",
    )


def page(entries: Sequence[T], first: int | None, after: str | None) -> tuple[list[T], PageInfo]:
    """One page of entries in the record's order. Raises BadUserInput."""
    if first is not None and not 0 <= first <= MAX_PAGE:
        raise BadUserInput(f"`first` takes a number from 0 to {MAX_PAGE}.")
    rest = list(entries)
    if after is not None:
        start = read_cursor(after)
        rest = [entry for entry in rest if position(entry) < start]
    nodes = rest[: MAX_PAGE if first is None else first]
    info = PageInfo(
        has_next_page=len(rest) > len(nodes),
        has_previous_page=after is not None,
        start_cursor=cursor(nodes[0]) if nodes else None,
        end_cursor=cursor(nodes[-1]) if nodes else None,
    )
    return nodes, info


def about(record: SectionRecord) -> tuple[Completeness, Finding, list[SourceStatus]]:
    """What the section says about itself, the same on every page."""
    return record.completeness, record.finding, record.sources
