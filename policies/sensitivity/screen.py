"""A fast proof, from bytes alone, that nothing in an item can match.

One automaton reads the raw JSON once. It finds every word, every SNOMED CT identifier, and for the other systems
both the system's name and one of its codes; whatever it does not find cannot be there for the exact walk either,
because each of its patterns is met in the raw bytes wherever the walk would meet it in the decoded value:
strings stand between quotation marks, which are word boundaries; escapes are undone or end the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

import re2

from policies.sensitivity import phrases
from policies.sensitivity.codes import CodeTable
from policies.sensitivity.markup import MARKED, visible_in_json
from policies.sensitivity.tables import System, Words

ATTACHMENT = r'"data"\s*:\s*"'  # base64 hides words: leave it to the exact walk
ODD = (
    rb"[\\\x80-\xff]|" + MARKED.encode()
)  # escapes, markup, letters beyond ASCII: bring them to plain ones, look again
_SPACES = (r"\n", r"\r", r"\t", r"\f", r"\b")


class Proof(Enum):
    """What the findings in raw bytes prove."""

    GIVEN = 1
    NONE = 2
    OPEN = 3  # look again at plain text


class Screen:
    """The automaton over raw bytes."""

    def __init__(self, systems: Iterable[System], table: CodeTable, words: Words) -> None:
        names = {system.name: system.pattern for system in systems}
        certain = [*words.patterns.values(), *(one.pattern for one in words.ambiguous), ATTACHMENT]
        pairs: list[tuple[str, str]] = []
        for name, codes, telling in table.byte_patterns():
            if telling:
                certain.append(codes)
            elif codes:
                pairs.append((names[name], codes))
            else:
                certain.append(names[name])
        self._found = re2.Set.SearchSet(phrases.options())
        self._always = self._found.Add(phrases.END)  # its absence means that the automaton failed
        self._certain = self._found.Add(phrases.union(certain).encode())
        self._odd = self._found.Add(ODD)
        self._codes_of = {self._found.Add(name.encode()): self._found.Add(codes.encode()) for name, codes in pairs}
        self._found.Compile()
        self._match = self._found.Match
        self._sentinel = frozenset({self._always})
        self._telling = self._sentinel | {self._certain, self._odd, *self._codes_of}

    def innocent(self, raw: bytes) -> bool:
        """True proves that nothing in the JSON text `raw` matches; False proves nothing."""
        proof = self._weigh(self._match(raw) or ())
        return proof is Proof.GIVEN or (proof is Proof.OPEN and self._plain_innocent(raw))

    def _plain_innocent(self, raw: bytes) -> bool:
        if rb"\u" in raw or rb"\\" in raw:
            return False
        try:
            text = raw.decode("utf-8").replace(r"\/", "/")
        except UnicodeDecodeError:
            return False
        shown = visible_in_json(text)
        if shown is None or not self._says_nothing(text):
            return False
        return shown == text or self._says_nothing(shown)

    def _says_nothing(self, text: str) -> bool:
        plain = phrases.normal(_unescaped(text)).encode("utf-8", "surrogatepass")
        found = [hit for hit in self._match(plain) or () if hit != self._odd]
        return self._weigh(found) is Proof.GIVEN

    def _weigh(self, hits: Sequence[int]) -> Proof:
        telling = self._telling.intersection(hits)  # mostly nothing but the sentinel: codes alone are no finding
        if self._always not in telling or self._certain in telling:
            return Proof.NONE
        if self._odd in telling:
            return Proof.OPEN
        for name in telling - self._sentinel:
            if self._codes_of[name] in hits:
                return Proof.NONE
        return Proof.GIVEN


def _unescaped(text: str) -> str:
    r"""The text without single-letter escapes. Only called where there is no `\u`, no `\\` and no `\/`."""
    for escape in _SPACES:
        if escape in text:
            text = text.replace(escape, " ")
    return text.replace(r"\"", '"')
