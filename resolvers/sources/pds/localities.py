"""The home borough of a postcode: a table of postcode beginnings, the longest that fits decides.

PDS gives no local authority. The table that ships knows whole postcode districts of five boroughs, and for one that
several boroughs share the one that most of it lies in; a deployment brings a finer one (sectors or whole postcodes,
for example made from the ONS Postcode Directory) with the same two columns.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

BUILT_IN = "localities.csv"
POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) ?([0-9][A-Z]{2})", re.ASCII)
BEGINNING = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?( [0-9]([A-Z]{2})?)?", re.ASCII)
AUTHORITY = re.compile(r"[ENSW][0-9]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Localities:
    """Postcode beginning ('N1', 'N1 9', 'N1 9AA') → ONS code of the local authority."""

    table: Mapping[str, str]

    @classmethod
    def load(cls, path: Path | None = None) -> Localities:
        """Read a table; without a path the one that ships. Raises ValueError naming line and mend."""
        if path is not None:
            return cls(_read(path.read_text("utf-8").splitlines(), path.name))
        return cls(_read(files(__package__).joinpath(BUILT_IN).read_text("utf-8").splitlines(), BUILT_IN))

    def authority(self, postcode: str | None) -> str | None:
        """The ONS code of the borough, None where the postcode is malformed or the table does not know it."""
        match = POSTCODE.fullmatch(" ".join((postcode or "").upper().split()))
        if match is None:
            return None
        outward, inward = match[1], match[2]
        beginnings = [f"{outward} {inward}", f"{outward} {inward[0]}", outward]
        if outward[-1].isalpha():
            beginnings.append(outward[:-1])
        return next((self.table[each] for each in beginnings if each in self.table), None)


def _read(lines: Iterable[str], name: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for number, row in enumerate(csv.reader(lines), 1):
        if not row or row[0].startswith("#") or row[0] == "postcode":
            continue
        beginning, authority = [*row, ""][:2]
        if not BEGINNING.fullmatch(beginning) or not AUTHORITY.fullmatch(authority):
            raise ValueError(f"{name}, line {number}: write a postcode beginning such as 'N1 9' and an ONS code")
        if table.setdefault(beginning, authority) != authority:
            raise ValueError(f"{name}, line {number}: '{beginning}' stands here twice with different codes; keep one")
    return table
