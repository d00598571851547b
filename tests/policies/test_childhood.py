from __future__ import annotations

from datetime import date

import pytest

from policies.childhood import adult_from, keeps, may_ask
from policies.decision import Show


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        ("2018-06-14", False),
        ("2018-06-15", True),
        ("2018-06-15T00:00:00Z", True),
        ("2018", False),
        ("2018-06", False),
        ("2018-07", True),
        ("2019", True),
        ("2001-01-01", False),
        (None, False),
        ("", False),
        ("last year", False),
    ],
)
def test_nothing_from_before_the_eighteenth_birthday(recorded: str | None, shown: bool) -> None:
    assert isinstance(keeps(recorded, "2000-06-15"), Show) is shown


@pytest.mark.parametrize("born", [None, "", "x", "2000-13-45"])
def test_an_unknown_birth_date_withholds(born: str | None) -> None:
    assert not isinstance(keeps("2026-01-01", born), Show)
    assert not isinstance(may_ask(born, date(2026, 11, 22)), Show)


def test_a_birth_date_known_in_part_counts_as_its_latest_day() -> None:
    assert adult_from("2000") == date(2018, 12, 31)
    assert adult_from("2000-02") == date(2018, 3, 1)
    assert not isinstance(keeps("2018-12-30", "2000"), Show)


def test_who_was_born_on_a_leap_day_is_adult_on_the_first_of_march() -> None:
    assert adult_from("2004-02-29") == date(2022, 3, 1)


def test_councils_are_not_asked_about_children() -> None:
    assert not isinstance(may_ask("2008-11-23", date(2026, 11, 22)), Show)
    assert isinstance(may_ask("2008-11-22", date(2026, 11, 22)), Show)
