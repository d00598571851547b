"""The quick look where codes mostly stand finds nothing that the exact walk would not find."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decision import Withhold
from policies.sensitivity.gate import SensitivityPolicy
from policies.sensitivity.plain import plain_codes
from policies.sensitivity.walk import walk
from tests.policies.sensitivity.judging import raw

POLICY = SensitivityPolicy.load()
RECOGNISE = POLICY._codes.recognise
HIV = "86406008"

VALUES = (
    st.none()
    | st.sampled_from(["http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10", HIV, "B20", ""])
    | st.integers()
)
CODINGS = st.lists(st.dictionaries(st.sampled_from(["system", "code", "display", "codeSystem"]), VALUES), max_size=3)
CONCEPTS = st.fixed_dictionaries({}, optional={"coding": CODINGS, "text": VALUES})
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "meta": st.fixed_dictionaries({}, optional={"security": CODINGS, "tag": CODINGS}),
        "code": CONCEPTS | VALUES,
        "medicationCodeableConcept": CONCEPTS,
        "vaccineCode": CONCEPTS,
        "status": VALUES,
    },
)


@settings(max_examples=400, deadline=None)
@given(RESOURCES)
def test_it_finds_only_what_the_walk_finds(resource: dict[str, Any]) -> None:
    assert set(plain_codes(raw(resource), RECOGNISE)) <= set(walk(resource, RECOGNISE).codes)


@settings(max_examples=400, deadline=None)
@given(RESOURCES)
def test_the_bytes_are_judged_as_the_value_is(resource: dict[str, Any]) -> None:
    assert isinstance(POLICY.judge_raw(raw(resource)), Withhold) == isinstance(POLICY.judge(resource), Withhold)


@pytest.mark.parametrize("name", ["code", "medicationCodeableConcept", "vaccineCode"])
def test_codes_are_found_where_resources_have_them(name: str) -> None:
    coding = {"system": "http://snomed.info/sct", "code": HIV}
    assert list(plain_codes(raw({name: {"coding": [coding]}}), RECOGNISE)) == [("snomed", HIV)]
    assert list(plain_codes(raw({"meta": {"security": [coding]}}), RECOGNISE)) == [("snomed", HIV)]


@pytest.mark.parametrize(
    "text", [b"", b"[]", b'{"code": 5}', b'{"code": {"coding": [{"code": "\\ud800"}]}}', b"{" * 5000]
)
def test_what_it_cannot_read_is_left_to_the_walk(text: bytes) -> None:
    assert list(plain_codes(text, RECOGNISE)) == []
