"""Words out of XHTML: the text of a document's section, its markup removed.

Taken out by the very function by which policy has judged them.
"""

from __future__ import annotations

from policies.sensitivity.markup import visible

LIMIT = 20_000  # characters of markup; a longer section is not a summary


def plain(div: str | None) -> str | None:
    """The words of an XHTML fragment, line by line; None where there are none."""
    if not div:
        return None
    lines = (" ".join(line.split()) for line in visible(div[:LIMIT]).split("\n"))
    return "\n".join(line for line in lines if line) or None
