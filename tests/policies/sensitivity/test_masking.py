"""Words that only look alike excuse themselves, never a telling word that they touch."""

from __future__ import annotations

import pytest

from policies.decision import Withhold
from policies.sensitivity.gate import SensitivityPolicy

POLICY = SensitivityPolicy.load()


@pytest.mark.parametrize(
    "words",
    [
        "seen at the GUM clinic",
        "letter of GUM department",
        "referred to the gum clinic",
        "AIDS for 10 years",
        "the GUM",
    ],
)
def test_a_telling_word_counts_beside_a_harmless_one(words: str) -> None:
    assert isinstance(POLICY.judge({"note": [{"text": words}]}), Withhold)


@pytest.mark.parametrize(
    "words",
    [
        "bleeding of the gum",
        "swelling of the gums",
        "Bleeding gum",
        "aids to daily living",
        "Aids for walking",
        "upper GUM",
    ],
)
def test_the_harmless_words_stay_harmless(words: str) -> None:
    assert not isinstance(POLICY.judge({"note": [{"text": words}]}), Withhold)
