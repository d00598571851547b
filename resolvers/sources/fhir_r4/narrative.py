"""Words out of XHTML: the text of a document's section, its markup removed."""

from __future__ import annotations

from html.parser import HTMLParser

_BREAKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dt", "dd"}
)
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"script", "style"})
LIMIT = 20_000  # characters of markup; a longer section is not a summary


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


def plain(div: str | None) -> str | None:
    """The words of an XHTML fragment, line by line; None where there are none."""
    if not div:
        return None
    parser = _Words()
    parser.feed(div[:LIMIT])
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line) or None
