"""Words out of markup: what a reader sees of XHTML, without tags and with its character references resolved.

Markup may stand inside a word (`H<b>I</b>V`, `HI&#86;`), so that the words are in no byte of the text. Whoever shows
the words of a narrative and whoever judges them use `visible`, so that nothing is shown that was not judged.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

MARKED = r"<[A-Za-z/!?]|&[#A-Za-z]"
"""What every text with markup holds: the beginning of a tag or of a character reference."""

_BREAKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dt", "dd"}
)
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"script", "style"})

_MARKED = re.compile(MARKED)
# In raw JSON quotation marks of attributes are escaped, and a tag never crosses the end of its string.
_PLAIN_TAG = re.compile(r"""</?([A-Za-z][^\s/<>"'\\]*)(?:[^<>"'\\]|\\[^u"']|\\"[^<>"\\]*\\"|'[^<>"'\\]*')*>""")
_ANY_TAG = re.compile(r"<[A-Za-z/!?]")


def is_marked(text: str) -> bool:
    """Whether a reader may see other words than those that stand in the text."""
    return _MARKED.search(text) is not None


def visible(text: str) -> str:
    """The words of an (X)HTML fragment, line by line."""
    parser = _Words()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)


def visible_in_json(raw: str) -> str | None:
    """Raw JSON with the markup of its strings resolved; None where that takes more than taking out plain tags.

    Only for JSON without `\\u`, `\\\\` and `\\/`: those hide markup in their turn.
    """
    parts: list[str] = []
    end = 0
    for tag in _PLAIN_TAG.finditer(raw):
        parts += (raw[end : tag.start()], _gap(tag[1].lower()))
        end = tag.end()
    parts.append(raw[end:])
    if any(_ANY_TAG.search(part) for part in parts):
        return None
    return "".join(map(html.unescape, parts))


def _gap(name: str) -> str:
    if name in _SILENT:
        return "<script"  # what follows is not shown: no plain tag
    return " " if name in _BREAKS or name in _CELLS else ""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag in _CELLS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
