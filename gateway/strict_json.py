"""JSON as a security boundary reads it: strict UTF-8, no duplicate keys, no NaN, no giant numbers, bounded depth.

Used for token headers and claims, key sets and request bodies, so that no two readers of one text disagree.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_DIGITS = 40
"""Longest number accepted: far beyond any timestamp or argument, far below what integer parsing makes costly."""

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """The text is no acceptable JSON; the message says why, without quoting it."""


def _refuse_constant(_name: str) -> NoReturn:
    raise JsonError("NaN and Infinity are not JSON")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise JsonError("a number has too many digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= MAX_DIGITS else math.inf
    if math.isinf(value):
        raise JsonError("a number is out of range")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonError("an object has the same key twice")
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_number
)


def read(raw: bytes, *, depth: int) -> Any:
    """The value of a JSON text of at most `depth` nested arrays and objects. Raises JsonError."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonError("the text is not UTF-8") from None
    return read_text(text, depth=depth)


def read_text(text: str, *, depth: int) -> Any:
    """As `read`, from a string."""
    if text.count("[") + text.count("{") > depth and _deepest(text) > depth:
        raise JsonError("the value is nested too deeply")
    try:
        value = _DECODER.decode(text)
    except JsonError:
        raise
    except (ValueError, RecursionError):
        raise JsonError("the text is not JSON") from None
    if _SURROGATE.search(text) and not _encodable(value):
        raise JsonError("a string holds half a character")
    return value


def _deepest(text: str) -> int:
    level = deepest = 0
    for match in _STRUCTURE.finditer(text):
        mark = match.group()
        if mark in "[{":
            level += 1
            deepest = max(deepest, level)
        elif mark in "]}":
            level -= 1
    return deepest


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
