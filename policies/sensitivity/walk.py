"""Everything in a decoded JSON value that may reveal something: its texts, and its codes with their systems.

It does not matter where they stand: extensions, contained resources, components, labels, narrative, references,
properties named after a code system, or the small objects of a partner's subgraph.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from policies.sensitivity.markup import is_marked, visible

JSON = Any  # None, bool, int, float, str, or lists and string-keyed dicts of these

_SYSTEMS = ("system", "codeSystem", "vocabulary", "terminology")
_NOT_TEXT = frozenset({"id", "reference", "fullUrl", "versionId", "lastUpdated", "hash"})  # no codes in these
_IDENTIFIERS = frozenset({"identifier", "telecom"})


@dataclass(slots=True)
class Found:
    """What a value holds. `codes` are (system as recognised, code), where the system is None for one that nobody
    knows and "" where there is none. `texts` may hold codes as well, `names` only words."""

    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    codes: list[tuple[str | None, str]] = field(default_factory=list)


def walk(value: JSON, recognise: Callable[[str], str | None]) -> Found:
    """Collect all texts and codes of a value. `recognise` names a code system by its URL or a quoted property name.
    Raises TypeError for anything but JSON: what cannot be looked into must not count as innocent."""
    found = Found()
    stack: list[tuple[JSON, str | None, bool]] = [(value, None, True)]
    while stack:
        node, system, coded = stack.pop()
        if isinstance(node, dict):
            _object(node, system, coded, recognise, found, stack)
        elif isinstance(node, list):
            stack.extend((one, system, coded) for one in node)
        elif isinstance(node, str):
            texts = found.texts if coded else found.names
            texts.append(node)
            if is_marked(node):
                texts.append(visible(node))
            if system is not None:
                found.codes.append((system, node))
        elif isinstance(node, bool | float) or node is None:
            continue
        elif isinstance(node, int):
            found.texts.append(str(node))
            if system is not None:
                found.codes.append((system, str(node)))
        else:
            raise TypeError(f"not a decoded JSON value: {type(node).__name__}")
    return found


def _object(
    node: dict[str, JSON],
    outer: str | None,
    coded: bool,
    recognise: Callable[[str], str | None],
    found: Found,
    stack: list[tuple[JSON, str | None, bool]],
) -> None:
    _coding(node, outer, recognise, found)
    for key, child in node.items():
        if key == "data" and isinstance(child, str) and isinstance(node.get("contentType"), str):
            child = _attached(node["contentType"], child)
        below = recognise(f'"{key}"')
        if isinstance(child, dict | list):
            stack.append((child, below or outer, coded and key not in _IDENTIFIERS))
        else:
            stack.append((child, below, coded and key not in _NOT_TEXT))


def _coding(node: dict[str, JSON], outer: str | None, recognise: Callable[[str], str | None], found: Found) -> None:
    code, value = node.get("code"), node.get("value")
    named = next((node[key] for key in _SYSTEMS if isinstance(node.get(key), str)), None)
    system = recognise(named) if named is not None else ""
    written = [code] if isinstance(code, str | int) else []
    if system and isinstance(value, str | int):
        written.append(value)  # an identifier of a known system, for example an ODS code
    for one in written:
        found.codes.append((system, str(one)))
        if outer is not None and outer != system:
            found.codes.append((outer, str(one)))


def _attached(content_type: str, data: str) -> str:
    """The words of an attachment: decoded where it is text; other formats are not read here and never shown inline."""
    if not content_type.casefold().startswith(("text/", "application/json", "application/xml", "application/xhtml")):
        return ""
    try:
        return base64.b64decode(data, validate=False).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return data
