"""FHIR dates are kept as written when they are real, and only then."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.sources.fhir.dates import fhir_date, whole_day


@pytest.mark.parametrize(
    "text",
    [
        "1963",
        "1963-07",
        "1963-07-27",
        "2022-05-19T15:01:28.55+00:00",
        "2022-05-19T15:01:28Z",
        "2016-12-31T23:59:60Z",
        "2022-05-19T15:01:28",
        "2024-02-29",
    ],
)
def test_real_dates_stay_as_written(text: str) -> None:
    assert fhir_date(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "19",
        "2022-13",
        "2023-02-29",
        "2022-05-19T25:00:00Z",
        "2022-05-19 15:00",
        "19/05/2022",
        "٢٠٢٢",
        "2022-05-19T15:00:00+99:00",
        "2022-05-19\n",
        "0000",
        "2022-05T10:00:00Z",
    ],
)
def test_impossible_dates_are_none(text: str) -> None:
    assert fhir_date(text) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_instant_is_a_date(moment: datetime) -> None:
    assert fhir_date(moment.isoformat()) == moment.isoformat()


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_its_own_whole_day(day: date) -> None:
    assert whole_day(day.isoformat()) == day.isoformat()


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert fhir_date(text) in (text, None)


def test_a_month_names_no_day() -> None:
    assert whole_day("2022-05") is None
