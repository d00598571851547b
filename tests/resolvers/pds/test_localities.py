"""The home borough of a postcode."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolvers.sources.pds.localities import Localities

TABLE = Localities.load()


@pytest.mark.parametrize(
    ("postcode", "authority"),
    [
        ("NW1 1AA", "E09000007"),
        ("nw11aa", "E09000007"),
        ("NW11 1AA", "E09000003"),
        ("EN1 2BB", "E09000010"),
        ("N15 3CC", "E09000014"),
        ("N1 9AG", "E09000019"),
        ("N1C 4AG", "E09000007"),
        ("EC1V 1AA", "E09000019"),
        ("WC1E 6BT", "E09000007"),
        ("LS1 6AE", None),
        ("", None),
        (None, None),
        ("N1", None),
        ("hello", None),
    ],
)
def test_a_postcode_lies_in_a_borough(postcode: str | None, authority: str | None) -> None:
    assert TABLE.authority(postcode) == authority


def test_the_table_knows_exactly_the_five_boroughs() -> None:
    assert set(TABLE.table.values()) == {"E09000003", "E09000007", "E09000010", "E09000014", "E09000019"}


def test_the_longest_beginning_decides(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("N1,E09000019\nN1 3,E09000012\nN1 3AB,E09000014\n")
    table = Localities.load(path)
    assert [table.authority(p) for p in ("N1 9AA", "N1 3AA", "N1 3AB")] == ["E09000019", "E09000012", "E09000014"]


@pytest.mark.parametrize("text", ["N1;E09000019", "N1,Islington", "N1,E09000019\nN1,E09000007"])
def test_a_bad_line_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"table\.csv, line \d"):
        Localities.load(path)
