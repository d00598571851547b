from __future__ import annotations

from typing import Any

import pytest

from policies.files import PolicyFiles
from policies.sensitivity import tables
from policies.sensitivity.codes import CodeTable
from policies.sensitivity.tables import CodeRow
from policies.sensitivity.valueset import ExpansionError, valueset_rows

RECOGNISE = CodeTable(tables.systems(PolicyFiles()), []).recognise
SCT = "http://snomed.info/sct"


def rows(value: Any) -> list[CodeRow]:
    return list(valueset_rows(value, "hiv", RECOGNISE))


def expansion(*contains: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "url": "urn:vs", "expansion": {"contains": list(contains), **more}}


def test_an_expansion_becomes_rows() -> None:
    nested = {"system": SCT, "code": "1", "contains": [{"system": SCT, "code": "2"}]}
    found = rows(
        expansion(nested, {"abstract": True, "system": SCT, "code": "3"}, {"system": "urn:other", "code": "4"})
    )
    assert found == [CodeRow("snomed", "1", "hiv", "urn:vs"), CodeRow("snomed", "2", "hiv", "urn:vs")]


def test_listed_codes_become_rows() -> None:
    compose = {"include": [{"system": "http://hl7.org/fhir/sid/icd-10", "concept": [{"code": "B20"}]}]}
    assert rows({"resourceType": "ValueSet", "id": "v", "compose": compose}) == [CodeRow("icd10", "B20", "hiv", "v")]


@pytest.mark.parametrize(
    ("value", "mend"),
    [
        (expansion({"system": SCT, "code": "1"}, total=2), "1 of 2 codes"),
        ({"resourceType": "OperationOutcome"}, "not a ValueSet"),
        ([], "not a ValueSet"),
        ({"resourceType": "ValueSet"}, "expand"),
        ({"resourceType": "ValueSet", "compose": {"include": [{"system": SCT, "filter": []}]}}, "expand"),
    ],
)
def test_half_an_expansion_is_refused(value: Any, mend: str) -> None:
    with pytest.raises(ExpansionError, match=mend):
        rows(value)
