"""Rows from a SNOMED CT release in RF2 format (for example the UK Edition from TRUD). Pure parsing: the caller reads.

A simple reference set (`der2_Refset_Simple...Snapshot`) names members; the relationships (`sct2_Relationship...Snapshot`)
tell what lies below a concept.
Source: SNOMED CT Release File Specifications, 4.2.3 and 5.2.1.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from policies.files import PolicyFiles
from policies.sensitivity.tables import CodeRow

IS_A: Final = "116680003"
SNOMED: Final = "snomed"
_SIMPLE_REFSET: Final = ("id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId")
_RELATIONSHIP: Final = ("id", "effectiveTime", "active", "moduleId", "sourceId", "destinationId")
_TYPE_ID: Final = 7


class ReleaseError(ValueError):
    """A file is not what its place in the release promises."""


def known_refsets(files: PolicyFiles | None = None) -> dict[str, str]:
    """Reference set → category, from refsets.csv."""
    table = (files or PolicyFiles()).get("sensitivity/refsets.csv").table(("refset", "category", "holds"))
    return {refset: category for _, (refset, category, _) in table}


def known_roots(files: PolicyFiles | None = None) -> dict[str, str]:
    """Concept → category for the concepts below which everything counts, from roots.csv."""
    table = (files or PolicyFiles()).get("sensitivity/roots.csv").table(("code", "category", "source"))
    return {code: category for _, (code, category, _) in table}


def refset_rows(lines: Iterable[str], refsets: Mapping[str, str], release: str) -> Iterator[CodeRow]:
    """The active members of known reference sets. `release` names the release in each row. Raises ReleaseError."""
    for values in _table(lines, _SIMPLE_REFSET):
        category = refsets.get(values[4])
        if category is not None and values[2] == "1":
            yield CodeRow(SNOMED, values[5], category, f"{release} refset {values[4]}")


def descendant_rows(lines: Iterable[str], roots: Mapping[str, str], release: str) -> Iterator[CodeRow]:
    """Every concept below a root by active is-a relationships, once per category. Raises ReleaseError."""
    children: dict[str, list[str]] = defaultdict(list)
    for values in _table(lines, _RELATIONSHIP):
        if values[2] == "1" and values[_TYPE_ID] == IS_A:
            children[values[5]].append(values[4])
    for category in sorted(set(roots.values())):
        waiting = [root for root, own in roots.items() if own == category]
        seen = set(waiting)
        while waiting:
            for child in children[waiting.pop()]:
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        yield from (CodeRow(SNOMED, concept, category, f"{release} hierarchy") for concept in sorted(seen))


def _table(lines: Iterable[str], columns: tuple[str, ...]) -> Iterator[list[str]]:
    rows = iter(lines)
    header = next(rows, "").lstrip("\ufeff").rstrip("\r\n").split("\t")
    if tuple(header[: len(columns)]) != columns:
        raise ReleaseError(f"The first line does not begin with {', '.join(columns)}: take the RF2 Snapshot file.")
    for number, row in enumerate(rows, 2):
        values = row.rstrip("\r\n").split("\t")
        if len(values) != len(header):
            raise ReleaseError(
                f"Line {number} has {len(values)} columns, the header {len(header)}: the file is damaged."
            )
        yield values
