"""Loading rows: from a release folder or a server, checked against the policy, and written in one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.terminology.release import release_rows
from gateway.terminology.rows import write_rows
from gateway.terminology.server import TerminologyError, server_rows, terminology_client, wanted
from policies.files import PolicyFileError, PolicyFiles
from policies.sensitivity import tables
from policies.sensitivity.codes import CodeTable
from policies.sensitivity.tables import CodeRow
from policies.sensitivity.trud import ReleaseError


class LoadError(ValueError):
    """Nothing was written; says why and what mends it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was written: rows, how many of each category, and what the server did not have."""

    rows: int
    categories: tuple[tuple[str, int], ...]
    missing: tuple[str, ...] = ()


def load_release(folder: Path, directory: Path | None, file: Path) -> Loaded:
    """Rows of a release folder into `file`. `directory` is the deployment's policy folder. Raises LoadError."""
    files = PolicyFiles(directory)
    try:
        return _write(files, release_rows(folder, files), file)
    except (ReleaseError, PolicyFileError) as error:
        raise LoadError(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(f"{folder}: cannot be read ({type(error).__name__})") from None


def load_server(
    url: str, token: str | None, edition: str | None, directory: Path | None, file: Path, *, partial: bool
) -> Loaded:
    """Rows of a terminology server into `file`. With `partial`, what the server lacks is left out and named.

    Raises LoadError.
    """
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise LoadError(f"{url}: must be an https address")
    files = PolicyFiles(directory)
    found: list[CodeRow] = []
    missing: list[str] = []
    try:
        recognise = CodeTable(tables.systems(files), ()).recognise
        with terminology_client(url, token) as client:
            for one in wanted(files):
                try:
                    found += server_rows(client, one, recognise, edition)
                except TerminologyError as error:
                    missing.append(str(error))
                    if not partial:
                        raise LoadError(f"{error}; mend it, or load what there is with --allow-missing") from None
        return _write(files, found, file, missing)
    except PolicyFileError as error:
        raise LoadError(str(error)) from None


def _write(files: PolicyFiles, rows: Iterable[CodeRow], file: Path, missing: Sequence[str] = ()) -> Loaded:
    allowed = tables.categories(files)
    try:
        checked = list(tables.checked(rows, tables.systems(files), allowed))
    except ReleaseError:
        raise
    except ValueError as error:
        raise LoadError(str(error)) from None
    if not checked:
        raise LoadError("no row was found; the file is left as it was")
    try:
        count = write_rows(file, checked)
    except OSError as error:
        raise LoadError(f"{file}: cannot be written ({error.strerror})") from None
    categories = Counter(category for _, _, category in {(row.system, row.code, row.category) for row in checked})
    return Loaded(count, tuple(sorted(categories.items())), tuple(missing))
