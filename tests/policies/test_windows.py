from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies.bundle import Policies
from policies.decision import Show
from policies.files import PACKAGED, PolicyFileError, PolicyFiles
from policies.sections import Section
from policies.windows import Windows

TODAY = date(2026, 11, 22)


def keeps(policies: Policies, section: Section, recorded: str | None, active: bool | None = None) -> bool:
    return isinstance(policies.windows.opened(section, TODAY).keeps(recorded, active), Show)


def test_an_allergy_never_ages(policies: Policies) -> None:
    assert keeps(policies, Section.ALLERGIES, "1961", active=False)


def test_an_active_condition_never_ages(policies: Policies) -> None:
    assert keeps(policies, Section.CONDITIONS, "1980-01-01", active=True)
    assert not keeps(policies, Section.CONDITIONS, "1980-01-01", active=False)


def test_a_result_is_shown_for_three_years_to_the_day(policies: Policies) -> None:
    assert keeps(policies, Section.TEST_RESULTS, "2023-11-22")
    assert not keeps(policies, Section.TEST_RESULTS, "2023-11-21")
    assert not keeps(policies, Section.TEST_RESULTS, "2023-11-21", active=True)


def test_a_consultation_is_shown_for_three_years_and_only_when_dated(policies: Policies) -> None:
    assert keeps(policies, Section.CONSULTATIONS, "2023-11-22T10:00:00Z")
    assert not keeps(policies, Section.CONSULTATIONS, "2023-11-21T23:00:00Z")
    assert not keeps(policies, Section.CONSULTATIONS, None)
    assert policies.windows.earliest(Section.CONSULTATIONS, TODAY) == date(2023, 11, 22)


def test_a_partial_date_counts_as_its_latest_day(policies: Policies) -> None:
    assert keeps(policies, Section.TEST_RESULTS, "2023")
    assert keeps(policies, Section.TEST_RESULTS, "2023-11")
    assert not keeps(policies, Section.TEST_RESULTS, "2023-10")
    assert not keeps(policies, Section.TEST_RESULTS, "2022")


def test_future_appointments_are_kept(policies: Policies) -> None:
    assert keeps(policies, Section.APPOINTMENTS, "2027-05-01T09:00:00Z")
    assert keeps(policies, Section.APPOINTMENTS, "2026-01-01")
    assert not keeps(policies, Section.APPOINTMENTS, "2025-11-21")


@pytest.mark.parametrize("unknown", [None, "", "last summer"])
def test_undated_entries_stay_where_the_table_says_so(policies: Policies, unknown: str | None) -> None:
    assert keeps(policies, Section.CONDITIONS, unknown, active=False)
    assert not keeps(policies, Section.TEST_RESULTS, unknown)
    assert not keeps(policies, Section.SOCIAL_CARE, unknown, active=False)


def test_sources_are_asked_no_further_back_than_anything_may_be_shown(policies: Policies) -> None:
    assert policies.windows.earliest(Section.TEST_RESULTS, TODAY) == date(2023, 11, 22)
    assert policies.windows.earliest(Section.CONDITIONS, TODAY) is None
    assert policies.windows.earliest(Section.ALLERGIES, TODAY) is None


def test_nothing_before_the_earliest_day_is_ever_kept(policies: Policies) -> None:
    for section in Section:
        earliest = policies.windows.earliest(section, TODAY)
        if earliest is not None:
            before = earliest.replace(year=earliest.year - 1).isoformat()
            assert not any(keeps(policies, section, before, active) for active in (True, False, None))
            assert keeps(policies, section, earliest.isoformat())


def test_a_leap_day_has_its_window(policies: Policies) -> None:
    leap = date(2028, 2, 29)
    assert policies.windows.earliest(Section.TEST_RESULTS, leap) == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no window for demographics"),
        ("[demographics]\nyears = 0\nactive = true\nundated = true\n", "no window|years is no number"),
        ("[results]\nyears = 1\n", "unknown key 'results'"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "windows.toml").write_text(text)
    with pytest.raises(PolicyFileError, match=says):
        Windows.load(PolicyFiles(tmp_path))


@pytest.mark.parametrize("line", ["years = true", 'years = "some"', "years = -1", "active = 1", "yaers = 2"])
def test_a_broken_window_names_its_line(tmp_path: Path, line: str) -> None:
    text = (PACKAGED / "windows.toml").read_text()
    key = line.split(" ")[0].replace("yaers", "years")
    head, _, tail = text.partition("[test_results]")
    broken = "\n".join(line if row.startswith(f"{key} =") else row for row in tail.splitlines())
    (tmp_path / "windows.toml").write_text(f"{head}[test_results]{broken}")
    with pytest.raises(PolicyFileError, match=r"line \d+ \(test_results"):
        Windows.load(PolicyFiles(tmp_path))
