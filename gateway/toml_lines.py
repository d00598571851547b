"""On which line a key of a TOML file stands, so that a complaint can name it. (tomllib keeps no positions.)"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line numbers (from 1) of every table header and key of a TOML text that tomllib accepts.

    Keys inside an inline table or array are not listed: ask for their nearest listed ancestor with `line_of`.
    """
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement in _statements(text):
        header = _HEADER.match(statement)
        if header and "\n" not in statement:
            table = _enter(_names(header.group(2)), array=header.group(1) == "[[", counts=counts)
            found.setdefault(table, number)
            continue
        key = _key_of(statement)
        for length in range(1, len(key) + 1):
            found.setdefault(table + key[:length], number)
    return found


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of the key at `path`, or of the nearest table around it; 1 when nothing is known."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Headers and key/value pairs, a pair whole even when its value spans lines."""
    rest = text.splitlines()
    index = 0
    while index < len(rest):
        start, statement = index, rest[index]
        index += 1
        if not statement.strip() or statement.lstrip().startswith("#"):
            continue
        if not statement.lstrip().startswith("["):
            while not _complete(statement) and index < len(rest):
                statement += "\n" + rest[index]
                index += 1
        yield start + 1, statement


def _complete(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _names(dotted: str) -> tuple[str, ...]:
    return _spine(tomllib.loads(f"{dotted} = 0"))


def _key_of(statement: str) -> tuple[str, ...]:
    quoted = re.match(
        r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)""", statement
    )
    return _names(quoted.group(1)) if quoted else ()


def _spine(tree: object) -> tuple[str, ...]:
    names: list[str] = []
    while isinstance(tree, dict):
        name, tree = next(iter(tree.items()))
        names.append(name)
    return tuple(names)


def _enter(names: tuple[str, ...], *, array: bool, counts: dict[KeyPath, int]) -> KeyPath:
    """The path of a header, with the index of the array element that it opens or stands in."""
    path: KeyPath = ()
    for position, name in enumerate(names):
        path = (*path, name)
        last = position == len(names) - 1
        if array and last:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
