"""A SNOMED CT release folder (RF2, for example the UK Edition from TRUD): finding its files and reading its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from policies.files import PolicyFiles
from policies.sensitivity.tables import CodeRow
from policies.sensitivity.trud import ReleaseError, descendant_rows, known_refsets, known_roots, refset_rows

REFSETS = "der2_Refset_Simple*Snapshot*.txt"
RELATIONSHIPS = "sct2_Relationship_*Snapshot*.txt"


def release_rows(folder: Path, files: PolicyFiles) -> Iterator[CodeRow]:
    """Members of the known reference sets, and everything below the known roots. Raises ReleaseError, OSError.

    A release in several modules (international, UK clinical, drug extension) is read as one.
    """
    refsets, relationships = (sorted(folder.rglob(pattern)) for pattern in (REFSETS, RELATIONSHIPS))
    if not refsets and not relationships:
        raise ReleaseError(f"{folder}: holds neither {REFSETS} nor {RELATIONSHIPS}; unpack the release there")
    name = folder.resolve().name
    sets, roots = known_refsets(files), known_roots(files)
    for file in refsets:
        yield from _naming(file, refset_rows(_lines([file]), sets, name))
    if relationships:
        yield from _naming(relationships[0].parent, descendant_rows(_lines(relationships), roots, name))


def _naming(place: Path, rows: Iterator[CodeRow]) -> Iterator[CodeRow]:
    try:
        yield from rows
    except ReleaseError as error:
        raise ReleaseError(f"{place}: {error}") from None


def _lines(files: Sequence[Path]) -> Iterator[str]:
    """The lines of the files under the header of the first. Raises ReleaseError where the others' differ."""
    header: str | None = None
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            own = next(lines, "").rstrip("\r\n")
            if header is None:
                header = own
                yield own
            elif own != header:
                raise ReleaseError(f"{file.name} has other columns than {files[0].name}")
            yield from lines
