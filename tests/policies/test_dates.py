from __future__ import annotations

from datetime import date

import pytest

from policies.dates import earliest_day, latest_day


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024-12", date(2024, 12, 1), date(2024, 12, 31)),
        ("2024-05-17", date(2024, 5, 17), date(2024, 5, 17)),
        ("2024-05-17T23:59:60+14:00", date(2024, 5, 17), date(2024, 5, 17)),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_partial_date_spans_all_that_it_may_mean(text: str, first: date, last: date) -> None:
    assert earliest_day(text) == first
    assert latest_day(text) == last


@pytest.mark.parametrize("text", [None, "", "x", "20240517", "2024-13", "2024-02-30", "2024-5-1", "0000", "２０２４"])
def test_what_is_no_date_means_nothing(text: str | None) -> None:
    assert earliest_day(text) is None
    assert latest_day(text) is None
