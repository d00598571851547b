"""Words that reveal a category in uncoded text."""

from __future__ import annotations

import re2

from policies.sensitivity import phrases
from policies.sensitivity.tables import Words


class TextRules:
    """All words as one automaton. A word counts only outside benign text; a medicine of two uses only where the
    item names no product of the other use."""

    def __init__(self, words: Words) -> None:
        options = phrases.options()
        self._benign = re2.compile(words.benign.encode(), options)
        self._categories = tuple(words.patterns)
        self._unless = tuple((one.category, re2.compile(one.unless.encode(), options)) for one in words.ambiguous)
        self._found = re2.Set.SearchSet(options)
        for pattern in (*words.patterns.values(), *(one.pattern for one in words.ambiguous)):
            self._found.Add(pattern.encode())
        self._always = self._found.Add(
            phrases.END
        )  # its absence means that the automaton failed, not that nothing was found
        self._found.Compile()

    def category(self, text: bytes) -> str | None:
        """The category that a text reveals. Texts that belong to one item come together, apart by SEPARATOR."""
        if not self._hits(text):
            return None
        clean = self._benign.sub(lambda match: phrases.FILLER * len(match.group()), text)
        hits = self._hits(clean)
        certain = [hit for hit in hits if hit < len(self._categories)]
        if certain:
            return self._categories[min(certain)]
        return next((found for found in map(self._ambiguous_category, hits, [clean] * len(hits)) if found), None)

    def _ambiguous_category(self, hit: int, text: bytes) -> str | None:
        category, unless = self._unless[hit - len(self._categories)]
        return None if unless.search(text) else category

    def _hits(self, text: bytes) -> list[int]:
        found = self._found.Match(text)
        if not found or self._always not in found:
            raise RuntimeError("the automaton of sensitive words ran out of memory")
        return [hit for hit in found if hit != self._always]
