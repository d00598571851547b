from __future__ import annotations

import pytest

from policies.sensitivity.gate import SensitivityOptions, SensitivityPolicy
from policies.sensitivity.tables import CodeRow
from policies.sensitivity.trud import ReleaseError, descendant_rows, known_refsets, known_roots, refset_rows
from tests.policies.sensitivity.judging import concept, is_withheld

REFSET = "\t".join(["id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId"])
RELATION = "\t".join(
    [
        "id",
        "effectiveTime",
        "active",
        "moduleId",
        "sourceId",
        "destinationId",
        "relationshipGroup",
        "typeId",
        "characteristicTypeId",
        "modifierId",
    ]
)
STD = "999004381000000103"


def member(code: str, refset: str = STD, active: str = "1") -> str:
    return "\t".join(["x", "20260401", active, "m", refset, code])


def below(child: str, parent: str, kind: str = "116680003", active: str = "1") -> str:
    return "\t".join(["1", "20260401", active, "m", child, parent, "0", kind, "c", "d"])


def test_active_members_of_known_refsets_become_rows() -> None:
    lines = [REFSET + "\r\n", member("111") + "\r\n", member("222", active="0"), member("333", refset="1")]
    assert list(refset_rows(lines, known_refsets(), "UK 42")) == [
        CodeRow("snomed", "111", "sexual-health", f"UK 42 refset {STD}")
    ]


def test_the_refsets_carry_their_verified_meaning() -> None:
    assert known_refsets() == {
        "999004351000000109": "gender",
        "999004371000000100": "fertility",
        "999004361000000107": "termination",
        "999004381000000103": "sexual-health",
        "1955841000000104": "fertility",
        "1955851000000101": "gender",
    }


def test_everything_below_a_root_counts() -> None:
    lines = [
        RELATION,
        below("10", "86406008"),
        below("11", "10"),
        below("12", "11"),
        below("10", "12"),  # a circle must not loop
        below("20", "86406008", kind="363698007"),
        below("21", "86406008", active="0"),
        below("30", "999"),
    ]
    rows = list(descendant_rows(lines, {"86406008": "hiv"}, "UK 42"))
    assert {row.code for row in rows} == {"86406008", "10", "11", "12"}
    assert {row.category for row in rows} == {"hiv"}


def test_a_concept_below_two_roots_reveals_both_categories() -> None:
    lines = [RELATION, below("5", "1"), below("5", "2")]
    rows = list(descendant_rows(lines, {"1": "hiv", "2": "fertility"}, "x"))
    assert {(row.code, row.category) for row in rows if row.code == "5"} == {("5", "hiv"), ("5", "fertility")}


def test_the_known_roots_cover_hiv_and_fertility() -> None:
    roots = known_roots()
    assert roots["86406008"] == "hiv"
    assert roots["63487001"] == "fertility"


@pytest.mark.parametrize(
    ("lines", "mend"), [(["a\tb"], "Snapshot"), ([], "Snapshot"), ([REFSET, "1\t2"], "Line 2 has 2 columns")]
)
def test_a_wrong_or_damaged_file_is_refused(lines: list[str], mend: str) -> None:
    with pytest.raises(ReleaseError, match=mend):
        list(refset_rows(lines, known_refsets(), "x"))


def test_rows_of_a_release_withhold() -> None:
    rows = list(descendant_rows([RELATION, below("123456789012", "86406008")], known_roots(), "UK 42"))
    policy = SensitivityPolicy.load(SensitivityOptions(more=rows))
    assert is_withheld(policy, concept("123456789012"))
