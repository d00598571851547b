"""Phrases: the notation in which policy files name words, and their translation to linear-time patterns.

A phrase matches whole words, whatever their case. In it
    a space     any or no white space, hyphens and underscores
    *           the word may go on here
    =           at its start: case counts
    ~           a gap of up to 40 characters within one text
    .           any one character
    '           an apostrophe or none
    (a|b) x? [sz]   alternatives, an optional part, one of these letters
Every other character stands for itself. There is no look-around: what must not be matched is listed as benign
and removed before matching, so that a match never depends on what was removed around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import re2

BEFORE = "(?:^|[^0-9A-Za-z])"
AFTER = "(?:[^0-9A-Za-z]|$)"
BETWEEN = r"(?:[\s_\-]|&nbsp;|&#160;)*"
GAP = '[^"\\x02]{0,40}'
ANY = '[^"\\x02]'
APOSTROPHE = "(?:'|&#39;|&apos;|&rsquo;)?"
SEPARATOR = "\x02"  # between texts that are matched together; no phrase crosses it
FILLER = b"\x01"  # in place of benign text; no phrase crosses it except in a gap

END = b"$"  # matches once, at the end of every text: a sentinel for automata that can fail silently
MEMORY = 256 << 20  # bytes; the automaton of all codes and terms must never be thrown away and rebuilt

_TOKEN = re.compile(r"\[[0-9A-Za-z]+\]|.", re.DOTALL)
_PLAIN = {
    " ": BETWEEN,
    "~": GAP,
    ".": ANY,
    "'": APOSTROPHE,
    "*": "[0-9A-Za-z]*",
    "(": "(?:",
    ")": ")",
    "|": "|",
    "?": "?",
}


_LOOKALIKES = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-") | dict.fromkeys("\u2018\u2019\u02bc", "'")
)
_SILENT = frozenset({"Mn", "Me", "Cf"})  # combining marks, soft hyphens, zero-width characters


def normal(text: str) -> str:
    """Text as it is matched: compatibility letters, typographic quotes, dashes and accents brought to plain ones.

    Character by character, so that a part of a text is normalised as it is within the whole.
    """
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text).translate(_LOOKALIKES)
    return "".join(letter for letter in plain if unicodedata.category(letter) not in _SILENT)


class PhraseError(ValueError):
    """A phrase outside the notation."""


def options() -> re2.Options:
    """Bytes, case-insensitive, no captures."""
    found = re2.Options()
    found.encoding = re2.Options.Encoding.LATIN1
    found.case_sensitive = False
    found.never_capture = True
    found.log_errors = False
    found.dot_nl = True
    found.max_mem = MEMORY
    return found


def translate(phrase: str) -> str:
    """The inner pattern of a phrase, without word boundaries."""
    if not phrase.strip() or not phrase.isascii() or "(?" in phrase:
        raise PhraseError(phrase)
    tokens = _TOKEN.findall(phrase)
    pattern = "".join(_PLAIN.get(token) or _literal(token) for token in tokens)
    try:
        re2.compile(pattern.encode(), options())
    except re2.error:
        raise PhraseError(phrase) from None
    return pattern


def _literal(token: str) -> str:
    return token if len(token) > 1 else str(re2.escape(token))


def words(phrase: str) -> str:
    """The pattern of a phrase, from word boundary to word boundary."""
    exact = phrase.startswith("=")
    body = phrase[exact:]
    before = "" if body.startswith("*") else BEFORE
    after = "" if body.endswith("*") else AFTER
    inner = translate(body.strip("*"))
    return f"{before}(?-i:{inner}){after}" if exact else f"{before}(?:{inner}){after}"


def benign(phrases: Iterable[str]) -> str:
    r"""One pattern for text to be removed. `\b` on both sides: removing it opens no word boundary that was not there."""
    parts = []
    for phrase in phrases:
        body = phrase[1:] if phrase.startswith("=") else phrase
        inner = translate(body)
        parts.append(f"(?-i:{inner})" if phrase.startswith("=") else inner)
    return rf"\b(?:{'|'.join(parts)})\b" if parts else "[^\\x00-\\xff]"


def union(patterns: Iterable[str]) -> str:
    """One pattern that matches where any of these does; nothing where there are none."""
    return "|".join(f"(?:{pattern})" for pattern in patterns) or "[^\\x00-\\xff]"
