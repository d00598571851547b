"""The proof from bytes never says more than the exact walk: `innocent(x)` implies that `judge(json(x))` shows."""

from __future__ import annotations

import csv
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decision import Show
from policies.files import PACKAGED
from policies.sensitivity.gate import SensitivityPolicy
from tests.policies.sensitivity.test_false_positives import HARMLESS, TELLING

POLICY = SensitivityPolicy.load()

with (PACKAGED / "sensitivity/codes.csv").open() as _file:
    CODES = [(row["system"], row["code"]) for row in csv.DictReader(_file)]

SYSTEMS = [
    "http://snomed.info/sct",
    "http://read.info/readv2",
    "http://hl7.org/fhir/sid/icd-10",
    "http://loinc.org",
    "urn:oid:2.16.840.1.113883.5.25",
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "https://x/CodeSystem/treatment-function",
    "https://unknown.example",
    "opcs4",
]
KEYS = ["code", "system", "text", "security", "specialty", "icd10", "snomedCode", "data", "contentType", "id", "value",
        "identifier", "reference", "display", "valueCode", "serviceType", "é", 'a"b', "confidentiality"]  # fmt: skip
PIECES = [*HARMLESS, *TELLING, "HI", "V", "\n", "\t", '"', "\\", "/", "\u00a0", "\u00ad", "\u2019", "é", "\x01", "\x02",
          "\u0301", "\uff02", "ſ", "K", "ﬁ", "_", "-", " ", "&nbsp;", "aids", "hearing ", "text/plain", "\b", "\f"]  # fmt: skip


def written(code: str) -> st.SearchStrategy[str]:
    """A code as sources may write it."""
    return st.sampled_from([code, f" {code}", f"{code}.", f"{code}.00", f"{code}00", f"R2_{code}", code.lower(), f"{code}X",
                            f"{code[:1]} {code[1:]}", f"{code[:3]}.{code[3:]}", f"{code}:1", f"{code}1", f"é{code}"])  # fmt: skip


codes = st.sampled_from(CODES).flatmap(lambda pair: written(pair[1]))
strings = st.one_of(
    codes,
    st.sampled_from(SYSTEMS),
    st.lists(st.one_of(st.sampled_from(PIECES), codes, st.text(max_size=4)), max_size=4).map("".join),
)
leaves = st.one_of(strings, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
codings = st.fixed_dictionaries({"code": codes}, optional={"system": st.sampled_from(SYSTEMS)})
values = st.recursive(
    st.one_of(leaves, codings),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(st.sampled_from(KEYS), strings), inner, max_size=4)
    ),
    max_leaves=12,
)


def agree(raw: bytes) -> None:
    if POLICY.innocent(raw):
        assert isinstance(POLICY.judge(json.loads(raw)), Show), raw


@settings(max_examples=1500, deadline=None)
@given(values, st.booleans(), st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_innocent_implies_shown(value: Any, ascii_only: bool, indent: int | None, separators: tuple[str, str]) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=separators)
    agree(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=500, deadline=None)
@given(values)
def test_innocent_implies_shown_with_escaped_slashes(value: Any) -> None:
    agree(json.dumps(value, ensure_ascii=False).replace("/", "\\/").encode("utf-8", "surrogatepass"))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join), st.integers(0, 40))
def test_an_escape_anywhere_ends_the_proof_or_changes_nothing(text: str, place: int) -> None:
    encoded = json.dumps({"text": text}, ensure_ascii=False)
    place = min(len(encoded) - 3, 10 + place)
    if place >= 10 and encoded[place] not in '"\\' and encoded[place - 1] != "\\" and ord(encoded[place]) < 0x10000:
        encoded = f"{encoded[:place]}\\u{ord(encoded[place]):04x}{encoded[place + 1 :]}"
    agree(encoded.encode("utf-8", "surrogatepass"))


def test_escaped_letters_are_no_way_around_the_proof() -> None:
    assert not POLICY.innocent(rb'{"text":"\u0048IV"}')
    assert not POLICY.innocent(rb'{"text":"\u0068armless"}')
    assert not POLICY.innocent(rb'{"system":"http:\/\/snomed.info\/sct","code":"86406008"}')
    assert not POLICY.innocent(rb'{"text":"seen today\nHIV"}')


def test_most_of_an_ordinary_record_is_proved_innocent() -> None:
    assert POLICY.innocent(
        b'{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]}}'
    )
    assert POLICY.innocent('{"unit":"µmol/L","note":"r\\u00e9sum"}'.replace("\\u00e9", "é").encode())
    assert POLICY.innocent(rb'{"div":"<div xmlns=\"http:\/\/www.w3.org\/1999\/xhtml\">\n<p>Well<\/p>\n<\/div>"}')


def test_broken_bytes_prove_nothing() -> None:
    assert not POLICY.innocent(b'{"text":"\xff\xfe"}')
