"""Pages, cursors and filters over what policy left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.connection import page
from resolvers.errors import BadUserInput
from resolvers.filters import since_filter
from resolvers.order import cursor, newest_first
from resolvers.record.conditions import Condition

dates = st.one_of(
    st.none(),
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from(["2024", "2024-05", "2024-05-17T10:00:00Z", "2024-05-17T10:30:00+01:00"]),
)
records = st.lists(st.tuples(st.integers(0, 999), dates), unique_by=lambda pair: pair[0], max_size=30).map(
    lambda pairs: newest_first([Condition(id=f"a:{number:03d}", date=date) for number, date in pairs])  # type: ignore[arg-type]
)


def walk(entries: list[Condition], size: int) -> list[str]:
    seen: list[str] = []
    after = None
    while True:
        nodes, info = page(entries, size, after)
        seen += [node.id for node in nodes]
        if not info.has_next_page:
            return seen
        after = info.end_cursor


@given(records, st.integers(1, 7))
def test_pages_hold_every_entry_once_in_order(entries: list[Condition], size: int) -> None:
    assert walk(entries, size) == [entry.id for entry in entries]


@given(records, st.data())
def test_a_cursor_means_the_same_whatever_is_taken_out_around_it(entries: list[Condition], data: st.DataObject) -> None:
    if not entries:
        return
    chosen = data.draw(st.sampled_from(entries))
    gone = data.draw(st.sets(st.sampled_from([entry.id for entry in entries])))
    left = [entry for entry in entries if entry.id not in gone]
    nodes, _ = page(left, None, cursor(chosen))
    whole, _ = page(entries, None, cursor(chosen))
    assert [node.id for node in nodes] == [node.id for node in whole if node.id not in gone]


@pytest.mark.parametrize("text", ["", "x", "!!!", "bm90IGEgY3Vyc29y"])
def test_foreign_cursor_is_a_user_error(text: str) -> None:
    with pytest.raises(BadUserInput):
        page([], 5, text)


@pytest.mark.parametrize("first", [-1, 1001])
def test_page_size_has_bounds(first: int) -> None:
    with pytest.raises(BadUserInput):
        page([], first, None)


def test_since_keeps_undated_and_partly_dated_entries_that_may_be_younger() -> None:
    entries = [Condition(id=str(i), date=date) for i, date in enumerate(["2024", "2024-05-18", "2023-12-31", None])]  # type: ignore[arg-type]
    assert [entry.id for entry in since_filter(entries, "2024-05-17")] == ["0", "1", "3"]


def test_zones_do_not_change_the_order() -> None:
    early = Condition(id="early", date="2024-05-17T10:30:00+01:00")  # type: ignore[arg-type]
    late = Condition(id="late", date="2024-05-17T10:00:00Z")  # type: ignore[arg-type]
    assert [entry.id for entry in newest_first([early, late])] == ["late", "early"]
