"""Children's social care is no part of the record: nothing from before the eighteenth birthday, at no age."""

from __future__ import annotations

from datetime import date

from policies.dates import earliest_day, latest_day
from policies.decision import Decision, Show, Withhold

ADULT_AT = 18  # years; Children Act 1989, section 105

_UNKNOWN_BIRTH = Withhold("childhood/birth-date-unknown")
_UNDATED = Withhold("childhood/undated")
_BEFORE = Withhold("childhood/before-eighteenth-birthday")
_AFTER = Show("childhood/adult")


def adult_from(born: str | None) -> date | None:
    """The eighteenth birthday. Of a birth date known only in part, the latest that it may be; None where unknown."""
    birth = latest_day(born)
    if birth is None:
        return None
    try:
        return birth.replace(year=birth.year + ADULT_AT)
    except ValueError:  # born on 29 February: the law counts from 1 March in a common year
        return date(birth.year + ADULT_AT, 3, 1)


def keeps(recorded: str | None, born: str | None) -> Decision:
    """Whether a social care entry recorded on this (partial) FHIR date may be part of the record.

    The doubt is always the child's: an undated entry, an unknown birth date or a date that may lie before the
    birthday withholds.
    """
    adult = adult_from(born)
    if adult is None:
        return _UNKNOWN_BIRTH
    day = earliest_day(recorded)
    if day is None:
        return _UNDATED
    return _AFTER if day >= adult else _BEFORE


def may_ask(born: str | None, today: date) -> Decision:
    """Whether a council may be asked about this person at all: not about anybody under eighteen."""
    adult = adult_from(born)
    if adult is None:
        return _UNKNOWN_BIRTH
    return _AFTER if today >= adult else _BEFORE
