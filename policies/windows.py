"""Recent history: how far back each section goes. The rules are data (windows.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from policies.dates import latest_day
from policies.decision import Decision, Show, Withhold
from policies.files import PolicyFile, PolicyFiles
from policies.sections import Section


@dataclass(frozen=True, slots=True)
class Window:
    """One section's rule. `years` None: no limit. `active`: what holds now stays whatever its age.
    `undated`: what has no date stays."""

    years: int | None
    active: bool
    undated: bool


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """One section's rule on one day. `first` is the first day that is recent, None where there is no limit. The other
    parts are the decisions that it can come to."""

    first: date | None
    active: bool
    unlimited: Show
    holds_now: Show
    recent: Show
    older: Withhold
    undated: Decision

    def keeps(self, recorded: str | None, active: bool | None) -> Decision:
        """Whether an entry is recent enough. `recorded` is a (partial) FHIR date: the latest day that it may mean counts.
        `active` is None where holding or not means nothing for this kind of entry."""
        if self.first is None:
            return self.unlimited
        if active and self.active:
            return self.holds_now
        day = latest_day(recorded)
        if day is None:
            return self.undated
        return self.recent if day >= self.first else self.older


@dataclass(frozen=True, slots=True)
class Windows:
    """The rules of all sections."""

    by_section: Mapping[Section, Window]

    @classmethod
    def load(cls, files: PolicyFiles) -> Windows:
        """Read windows.toml. Raises PolicyFileError."""
        file = files.get("windows.toml")
        data = file.toml()
        file.only(data, (section.value for section in Section))
        missing = [section.value for section in Section if section.value not in data]
        if missing:
            raise file.error("sections", f"no window for {', '.join(missing)}", "Give every section a table.")
        return cls({section: _window(file, section.value, data[section.value]) for section in Section})

    def opened(self, section: Section, today: date) -> OpenWindow:
        """A section's rule as it is today."""
        return _opened(section, self.by_section[section], today)

    def earliest(self, section: Section, today: date) -> date | None:
        """The first day worth asking a source for; None where older entries may be shown, too."""
        window = self.by_section[section]
        if window.years is None or window.active or window.undated:
            return None
        return _years_before(today, window.years)


@lru_cache
def _opened(section: Section, window: Window, today: date) -> OpenWindow:
    name = f"windows/{section.value}"
    return OpenWindow(
        first=None if window.years is None else _years_before(today, window.years),
        active=window.active,
        unlimited=Show(f"{name}/unlimited"),
        holds_now=Show(f"{name}/holds-now"),
        recent=Show(f"{name}/recent"),
        older=Withhold(f"{name}/older-than-{window.years}-years"),
        undated=Show(f"{name}/undated") if window.undated else Withhold(f"{name}/undated"),
    )


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _window(file: PolicyFile, name: str, entry: Any) -> Window:
    place = (f"[{name}]",)
    if not isinstance(entry, dict):
        raise file.error(file.at(*place), "a window is a table", f"Write [{name}] and its keys below it.")
    file.only(entry, ("years", "active", "undated", "reason"), name)
    years, active, undated = entry.get("years"), entry.get("active"), entry.get("undated")
    limited = isinstance(years, int) and not isinstance(years, bool) and 0 < years <= 150
    if not limited and years != "all":
        raise file.error(file.at(*place, "years"), "years is no number of years", 'Give 1 to 150, or "all".')
    if not isinstance(active, bool) or not isinstance(undated, bool):
        raise file.error(file.at(*place), "active and undated are true or false", "Give both.")
    return Window(years if limited else None, active, undated)
