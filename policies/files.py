"""The policy files: packaged with this floor, each replaceable by a deployment's own file of the same name.

They are read once, when policy is loaded. A file that cannot be understood stops the load with an error that
names the file, the place in it and the mend; policy never starts half understood.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PACKAGED = Path(__file__).parent / "data"


class PolicyFileError(Exception):
    """A policy file says something that policy does not understand."""

    def __init__(self, file: str, place: str, wrong: str, mend: str) -> None:
        super().__init__(f"{file}, {place}: {wrong}. {mend}")
        self.file = file
        self.place = place
        self.mend = mend


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One policy file's text, with what is needed to speak of a place in it."""

    name: str
    text: str

    def error(self, place: str, wrong: str, mend: str) -> PolicyFileError:
        return PolicyFileError(self.name, place, wrong, mend)

    def line(self, *words: str) -> int | None:
        """The first line after which all `words` have been met in order: where a table's key is written."""
        wanted = iter(words)
        word = next(wanted, None)
        for number, line in enumerate(self.text.splitlines(), 1):
            while word is not None and word in line:
                word = next(wanted, None)
                if word is None:
                    return number
        return None

    def at(self, *words: str) -> str:
        """The place of `words` for a message: a line where it can be found, and the key always."""
        number = self.line(*words)
        key = ".".join(word.strip("[]\" '=") for word in words)
        return f"line {number} ({key})" if number else f"key {key}"

    def toml(self) -> dict[str, Any]:
        """The file as TOML."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise self.error("TOML", str(error), "Correct the syntax at that line.") from None

    def table(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The rows of a CSV file with exactly these columns, each with its line number."""
        reader = csv.reader(self.text.splitlines())
        header = tuple(next(reader, ()))
        if header != columns:
            raise self.error("line 1", "the header is not the expected one", f"Begin with {','.join(columns)}.")
        for row in reader:
            if len(row) != len(columns):
                wrong = f"{len(row)} values where {len(columns)} are expected"
                raise self.error(f"line {reader.line_num}", wrong, "Give one value per column, quoted if needed.")
            yield reader.line_num, tuple(row)

    def only(self, found: Mapping[str, Any], known: Iterable[str], *place: str) -> None:
        """Refuse keys that policy does not know: a misspelt rule is a rule that does not hold."""
        allowed = sorted(known)
        for key in found:
            if key not in allowed:
                mend = f"Use one of {', '.join(allowed)}, or remove it."
                raise self.error(self.at(*place, key), f"unknown key '{key}'", mend)


@dataclass(slots=True)
class PolicyFiles:
    """Where policy files come from, and a digest over all that were read."""

    directory: Path | None = None
    _read: dict[str, PolicyFile] = field(default_factory=dict)

    def get(self, name: str) -> PolicyFile:
        """The deployment's file of that name (for example 'roles.toml'), else the packaged one."""
        if name not in self._read:
            own = self.directory / name if self.directory else None
            path = own if own is not None and own.is_file() else PACKAGED / name
            try:
                self._read[name] = PolicyFile(name, path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                mend = "Give a readable UTF-8 file, or remove it to use the packaged one."
                raise PolicyFileError(name, "file", f"cannot be read ({type(error).__name__})", mend) from None
        return self._read[name]

    def digest(self, *more: str) -> str:
        """A short digest over every file read so far and any further settings."""
        whole = hashlib.sha256()
        for name in sorted(self._read):
            whole.update(name.encode() + b"\0" + self._read[name].text.encode() + b"\0")
        for part in more:
            whole.update(part.encode() + b"\0")
        return whole.hexdigest()[:16]
