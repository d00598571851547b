"""Sections as Relay-style connections: pages over what policy left, and what the section says about itself.

Source: GraphQL Cursor Connections Specification (Relay), forward paging.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import strawberry

from resolvers.errors import BadUserInput
from resolvers.loader import SectionRecord
from resolvers.order import cursor, instant, position, read_cursor
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


def since_filter(entries: Sequence[T], since: str | None) -> list[T]:
    """Entries of this date or later; undated entries stay, for nobody knows that they are older."""
    if since is None:
        return list(entries)
    lower = instant(since)
    return [entry for entry in entries if entry.date is None or instant(entry.date) >= lower[: len(entry.date)]]


def about(record: SectionRecord) -> tuple[Completeness, Finding, list[SourceStatus]]:
    """What the section says about itself, the same on every page."""
    return record.completeness, record.finding, record.sources
