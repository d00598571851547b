"""Bundles come apart without being read; references name what they point to."""

from __future__ import annotations

import msgspec
import pytest

from resolvers.sources.fhir.bundles import local, take_apart
from resolvers.sources.fhir.outcomes import details_of, issues
from resolvers.sources.upstream import Failure, UpstreamError


def test_parts_are_slices_of_the_answer() -> None:
    body = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"X", "id":"1","z": [1 ]}},{"resource":3},{}]}'
    )
    parts = take_apart(body)
    assert [(part.key, part.raw) for part in parts.parts] == [("X/1", b'{"resourceType":"X", "id":"1","z": [1 ]}')]
    assert parts.unreadable == 2


@pytest.mark.parametrize("body", [b"", b"{}", b'{"resourceType":"Patient"}', b'{"resourceType":"Bundle","entry":3}'])
def test_anything_else_is_malformed(body: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        take_apart(body)
    assert caught.value.failure is Failure.MALFORMED


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient/2", "Patient/2"),
        ("https://a.example/fhir/Patient/2", "Patient/2"),
        ("Patient/2/_history/3", "Patient/2"),
        ("#1", None),
        ("urn:uuid:1-2", None),
        ("", None),
        (None, None),
        ("Patient", None),
    ],
)
def test_references_become_keys(reference: str | None, expected: str | None) -> None:
    assert local(reference) == expected


def test_outcomes_give_codes_and_nothing_else() -> None:
    issue = {"severity": "error", "code": "value", "details": {"coding": [{"code": "INVALID"}]}, "diagnostics": "x"}
    body = msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [issue, {"code": "timeout"}]})
    assert details_of(body) == {"INVALID", "timeout"}
    assert issues(b'{"resourceType":"Bundle"}') == issues(b"x") == ()


def test_a_bad_value_beside_a_code_does_not_hide_it() -> None:
    body = msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [{"code": "forbidden", "details": 5}]})
    assert details_of(body) == {"forbidden"}
