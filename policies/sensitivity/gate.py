"""The sensitivity gate: what is left out of the joined record for everybody.

It does not depend on the caller, so what it lets through may be cached. It never depends on what another source
said, and within one source's answer only on explicit links: an item that it lets through is let through whatever
else was withheld, unless it refers to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from policies.decision import Decision, Show, Withhold
from policies.files import PolicyFiles
from policies.sensitivity import phrases, tables
from policies.sensitivity.codes import CodeTable
from policies.sensitivity.links import LinkRules, load_links
from policies.sensitivity.plain import plain_codes
from policies.sensitivity.screen import Screen
from policies.sensitivity.tables import CodeRow
from policies.sensitivity.text import TextRules
from policies.sensitivity.walk import JSON, walk

NOTHING_FOUND = Show("sensitivity/nothing-found")
UNREADABLE = Withhold("sensitivity/unreadable")


class Item(msgspec.Struct, frozen=True, gc=False):
    """One item of a source's answer, as it came.

    `key` is "ResourceType/id", unique within the answer: what references point to. `raw` is the item's own JSON in
    UTF-8; an adapter passes a slice of the answer, never a re-encoding.
    """

    key: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class SensitivityOptions:
    """What a deployment may choose. `directory` holds its own policy files. `withhold` and `let_through` switch
    the switchable categories of categories.toml. `more` are rows of a terminology release, beside codes.csv."""

    directory: Path | None = None
    withhold: frozenset[str] = frozenset()
    let_through: frozenset[str] = frozenset()
    more: Sequence[CodeRow] = field(default=())


class SensitivityPolicy:
    """The gate, compiled once. Immutable and safe to share between threads and tasks."""

    def __init__(
        self, screen: Screen, codes: CodeTable, text: TextRules, links: LinkRules, on: frozenset[str], version: str
    ) -> None:
        self._screen = screen
        self._codes = codes
        self._text = text
        self._links = links
        self.categories = on
        self.version = version
        self.innocent = screen.innocent

    @classmethod
    def load(cls, options: SensitivityOptions | None = None) -> SensitivityPolicy:
        """Read and compile the policy files. Raises PolicyFileError; ValueError for a row of no known system or category."""
        options = options or SensitivityOptions()
        files = PolicyFiles(options.directory)
        systems = tables.systems(files)
        allowed = tables.categories(files, options.withhold, options.let_through)
        on = frozenset(name for name, category in allowed.items() if category.on)
        rows = [*tables.codes(files, systems, allowed), *tables.checked(options.more, systems, allowed)]
        table = CodeTable(systems, (row for row in rows if row.category in on))
        words = tables.words(files, allowed)
        links = load_links(files)
        version = files.digest(*sorted(on), *_lines(options.more))
        return cls(Screen(systems, table, words), table, TextRules(words), links, on, version)

    def judge(self, value: JSON) -> Decision:
        """Judge a decoded JSON value by everything in it. An error withholds."""
        try:
            rule = self._rule(value)
        except Exception:  # policy fails closed, whatever the fault
            return UNREADABLE
        return Withhold(rule) if rule else NOTHING_FOUND

    def judge_raw(self, raw: bytes) -> Decision:
        """Judge one JSON text: the fast proof first, then a look where codes mostly stand, and the exact walk where neither
        decides. The walk over the whole finds what the look does."""
        if self._screen.innocent(raw):
            return NOTHING_FOUND
        rule = self._code_rule(plain_codes(raw, self._codes.recognise))
        if rule:
            return Withhold(rule)
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            return UNREADABLE
        return self.judge(value)

    def sift(self, items: Sequence[Item]) -> list[Decision]:
        """Judge all items of one source's answer, then follow the links between them until nothing changes.

        One decision per item, in order. The order of the items does not matter.
        """
        decisions = [self.judge_raw(item.raw) for item in items]
        if all(decision is NOTHING_FOUND for decision in decisions):
            return decisions
        return self._links.settle([(item.key, item.raw) for item in items], decisions)

    def _rule(self, value: JSON) -> str | None:
        found = walk(value, self._codes.recognise)
        rule = self._code_rule(found.codes)
        if rule:
            return rule
        texts = phrases.normal(phrases.SEPARATOR.join(found.texts))
        category = self._codes.in_text(texts)
        if category:
            return f"sensitivity/{category}/code"
        names = phrases.normal(phrases.SEPARATOR.join(found.names))
        whole = f"{texts}{phrases.SEPARATOR}{names}".encode("utf-8", "surrogatepass")
        category = self._text.category(whole)
        return f"sensitivity/{category}/text" if category else None

    def _code_rule(self, codes: Iterable[tuple[str | None, str]]) -> str | None:
        for system, code in codes:
            category = self._codes.bare(code) if system == "" else self._codes.category(system, code)
            if category:
                return f"sensitivity/{category}/code"
        return None


def _lines(rows: Iterable[CodeRow]) -> list[str]:
    return sorted(f"{row.system}\t{row.code}\t{row.category}\t{row.source}" for row in rows)
