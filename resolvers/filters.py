"""What a clinician narrows a section by. What lacks that which a filter asks for stays: it must not go missing for want of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, TypeVar

import strawberry

from resolvers.order import instant
from resolvers.record.appointments import Appointment
from resolvers.record.results import TestResult
from resolvers.record.values import Entry, PartialDateTime

T = TypeVar("T", bound=Entry)

First = Annotated[int | None, strawberry.argument(description="How many entries at most on this page (0 to 1000).")]
After = Annotated[str | None, strawberry.argument(description="The cursor after which the page begins.")]
Since = Annotated[
    PartialDateTime | None,
    strawberry.argument(description="Only entries of this date or later; undated entries stay."),
]
STATUS = strawberry.argument(description="Only entries of these statuses; those whose status nobody knows stay.")
KIND = strawberry.argument(description="Only entries of these kinds; those whose kind nobody knows stay.")


@strawberry.enum(description="Before or after now.")
class When(Enum):
    PAST = "past"
    FUTURE = "future"


def since_filter(entries: Sequence[T], since: str | None) -> list[T]:
    """Entries of this date or later; undated entries stay, for nobody knows that they are older."""
    if since is None:
        return list(entries)
    lower = instant(since)
    return [entry for entry in entries if entry.date is None or instant(entry.date) >= lower[: len(entry.date)]]


def with_status(entries: list[Any], wanted: Sequence[Enum] | None) -> list[Any]:
    """What has one of these statuses. What has none stays: an allergy must not go missing for want of a status."""
    return entries if wanted is None else [entry for entry in entries if entry.status is None or entry.status in wanted]


def of_kind(entries: list[Any], wanted: Sequence[Enum] | None) -> list[Any]:
    return entries if wanted is None else [entry for entry in entries if entry.kind is None or entry.kind in wanted]


def of_category(entries: list[TestResult], wanted: str | None) -> list[TestResult]:
    return entries if wanted is None else [one for one in entries if not one.categories or wanted in one.categories]


def is_when(entry: Appointment, when: When, now: str) -> bool:
    """A start known only to the day is to come until that day is over, and an unknown one still is."""
    start = instant(entry.start)
    future = start >= now[: len(start)]
    return future is (when is When.FUTURE)
