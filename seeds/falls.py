"""What the falls and housing service knows of the made-up people; some of it must never be shown.

Worked out from each person's NHS number and facts, so that the people themselves stay as they are.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from seeds.people import Somebody

SUMMARIES = (
    "Fell in the bathroom at night; handrail advised, eyesight checked.",
    "Tripped over a rug in the hall; rug taken up, walking stick ordered.",
    "Unsteady on standing; blood pressure lying and standing to be checked by the practice.",
    "No fall in the past year; strength and balance class offered.",
)
ADAPTATIONS = ("Level-access shower", "Second stair rail", "Half step at the front door", "Raised toilet seat")
RISKS = ("low", "medium", "high")
SECRETS = {
    "criminal": "Fell on the landing while in prison, before release on licence.",
    "domestic-violence": "Pushed on the stairs by her husband; domestic abuse, referred to MARAC.",
    "fertility": "Dizzy and fell after IVF egg collection.",
    "hiv": "Painful feet from HIV neuropathy, unsteady.",
    "sexual-health": "Unsteady gait, being investigated for neurosyphilis.",
}
"""By sensitive category: an assessment whose words give the matter away."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One falls assessment. `secret` is the category for which it must never be shown, None for the rest."""

    id: str
    made: date
    risk: str
    summary: str
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Adaptation:
    """One adaptation of a home."""

    id: str
    fitted: date
    what: str


def assessments(person: Somebody, today: date) -> list[Assessment]:
    """Newest first: ordinary ones for the old and those known to many, and one for each of a person's secrets."""
    rng = random.Random(f"falls {person.nhs_number}")
    how_many = rng.randint(1, 2) if _is_known(person, today) else 0
    found = [
        Assessment("", today - timedelta(days=rng.randint(10, 600)), rng.choice(RISKS), rng.choice(SUMMARIES))
        for _ in range(how_many)
    ]
    secrets = sorted({fact.sensitive for facts in person.facts.values() for fact in facts if fact.sensitive})
    found += [
        Assessment("", today - timedelta(days=rng.randint(10, 300)), "high", SECRETS[secret], secret)
        for secret in secrets
        if secret in SECRETS
    ]
    found.sort(key=lambda one: one.made, reverse=True)
    return [replace(one, id=_id("falls", person, one.made, one.summary)) for one in found]


def adaptations(person: Somebody, today: date) -> list[Adaptation]:
    """What was fitted in the person's home, newest first."""
    rng = random.Random(f"housing {person.nhs_number}")
    if not _is_known(person, today):
        return []
    kinds = rng.sample(ADAPTATIONS, rng.randint(0, 2))
    found = [(today - timedelta(days=rng.randint(20, 900)), what) for what in kinds]
    return [
        Adaptation(_id("housing", person, fitted, what), fitted, what) for fitted, what in sorted(found, reverse=True)
    ]


def _id(kind: str, person: Somebody, when: date, words: str) -> str:
    """Stable, and without an order: a number that is missing in a sequence would tell of a withheld entry."""
    return f"{kind}/{hashlib.sha256(f'{person.nhs_number} {when} {words}'.encode()).hexdigest()[:16]}"


def _is_known(person: Somebody, today: date) -> bool:
    return person.age(today) >= 65 or bool(person.why and person.age(today) >= 18)
