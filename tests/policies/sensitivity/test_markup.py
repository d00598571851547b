"""Markup inside words hides nothing: what a reader will see is what is judged."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decision import Withhold
from policies.sensitivity.gate import SensitivityPolicy
from policies.sensitivity.markup import visible
from resolvers.sources.fhir_r4.narrative import plain

POLICY = SensitivityPolicy.load()
TELLING = [
    "<div>H<b>I</b>V positive</div>",
    "<div><b>domestic</b> <i>violence</i></div>",
    "<p>domestic</p><p>violence</p>",
    "<div>HI&#86; positive</div>",
    "<div>HI&#x56;</div>",
    "<div>HI&#86<i>1</i> test</div>",
    "<div>H&shy;IV</div>",
    "<div>HI<!-- > -->V</div>",
    '<div>HI<a title=">">V</a></div>',
    "<div>HI<style>p</style>V</div>",
    "<div>bicte&#103;ravir</div>",
    '<div xmlns="http://www.w3.org/1999/xhtml">syph<span class="x">ilis</span></div>',
]


def composition(div: str) -> bytes:
    return msgspec.json.encode({"resourceType": "Composition", "section": [{"text": {"div": div}}]})


@pytest.mark.parametrize("div", TELLING)
def test_words_broken_by_markup_are_found(div: str) -> None:
    assert isinstance(POLICY.judge_raw(composition(div)), Withhold)
    assert isinstance(POLICY.judge_raw(composition(div).replace(b"/", rb"\/")), Withhold)


@pytest.mark.parametrize("div", ["<p>Cardiac arrest</p>", "<p>R&amp;D, A&amp;E</p>", "<p>&lt; 5 mg/L</p>", "a < b > c"])
def test_harmless_markup_stays(div: str) -> None:
    assert not isinstance(POLICY.judge_raw(composition(div)), Withhold)


TAGS = ["<b>", "</b>", "<p>", "</p>", "<br/>", "<td>", "<style>", "</style>", "<p:x/>"]
LETTERS = ["H", "I", "V", "HIV", "x", "1", "<", ">", "/", "domestic", "violence", "&#86;", "&#86", "&shy;", "&amp;"]
ODD = [" ", '"', "'", "\\", "\n", "<!-- ", " -->", '<a t="', '">', "\u00ad"]
PIECES = st.lists(st.sampled_from([*TAGS, *LETTERS, *ODD]), max_size=12)


@settings(max_examples=1500, deadline=None)
@given(PIECES, PIECES)
def test_the_fast_proof_agrees_with_what_is_shown(one: list[str], other: list[str]) -> None:
    value: dict[str, Any] = {"section": [{"text": {"div": "".join(one)}, "title": "".join(other)}]}
    seen = [visible("".join(pieces)) for pieces in (one, other)]
    if isinstance(POLICY.judge({"seen": seen}), Withhold):
        assert isinstance(POLICY.judge_raw(msgspec.json.encode(value)), Withhold)


@settings(max_examples=500, deadline=None)
@given(PIECES)
def test_what_is_shown_of_a_narrative_was_judged(pieces: list[str]) -> None:
    div = "".join(pieces)
    if isinstance(POLICY.judge({"shown": plain(div)}), Withhold):
        assert isinstance(POLICY.judge_raw(composition(div)), Withhold)
