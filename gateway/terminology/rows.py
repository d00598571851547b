"""The file of rows that a deployment has loaded: written whole or not at all."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from policies.sensitivity.tables import COLUMNS, CodeRow


def write_rows(file: Path, rows: Iterable[CodeRow]) -> int:
    """Replace the file by these rows, sorted, each code of a category once. How many there are. Raises OSError."""
    unique = {(row.system, row.code, row.category): row for row in rows}
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=file.parent, prefix=f".{file.name}.", delete=False, encoding="utf-8", newline=""
    ) as beside:
        writer = csv.writer(beside, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((*key, unique[key].source) for key in sorted(unique))
        beside.flush()
        os.fsync(beside.fileno())
    os.chmod(beside.name, 0o644)
    os.replace(beside.name, file)
    return len(unique)
