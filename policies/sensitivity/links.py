"""Links between the items of one source's answer: what a withheld item draws with it.

The rules are data (links.toml); the default is to follow. The result is the least fixpoint of rules that only
ever withhold more, so it does not depend on the order of the items.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

import msgspec

from policies.decision import Decision, Withhold
from policies.files import PolicyFile, PolicyFiles

LINKED: Final = Withhold("sensitivity/link")
FEW = 16
_ANYTHING = "*"
_EXTENSION = "extension:"
_REFERENCE = b'"reference"'
_ATTACHED = b'"url"'  # an attachment's address is a link to a Binary
_PLAIN = re.compile(rb"[A-Za-z]+/[A-Za-z0-9.-]+")  # 'Type/id' and nothing else


class Effect(Enum):
    """What a link to a withheld item does to the item that holds the link."""

    NONE = "none"
    MEMBER = "member"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True)
class Rule:
    """One exception to the rule that links are followed. See links.toml for the meaning of each part. `mark` is the
    rule's code as it stands in the JSON of the items that the rule is for; without one it is for all of the type."""

    holder: str
    field: tuple[str, ...]
    effect: Effect
    reverse: bool
    hollow: bool
    mark: bytes = b""

    @property
    def word(self) -> bytes:
        """What stands in the JSON of every item that holds such a link."""
        return self.field[-1].removeprefix(_EXTENSION).encode()

    def covers(self, holder: str, path: tuple[str, ...], raw: bytes) -> bool:
        if self.holder not in (_ANYTHING, holder) or self.mark not in raw:
            return False
        if self.field[0].startswith(_EXTENSION):
            name = self.field[0].removeprefix(_EXTENSION)
            return any(part.startswith(_EXTENSION) and name in part for part in path)
        return path[-len(self.field) :] == self.field


@dataclass(frozen=True, slots=True)
class Link:
    """A reference as it stands in an item: the property path without indices, and its target."""

    path: tuple[str, ...]
    target: str


class LinkRules:
    """The rules of links.toml, applied to one answer at a time."""

    def __init__(self, rules: Sequence[Rule], silent_targets: frozenset[str]) -> None:
        self._rules = tuple(rules)
        self._silent = silent_targets
        self._reversing: dict[str, list[bytes]] = defaultdict(list)
        for rule in rules:
            if rule.reverse:
                self._reversing[rule.holder].append(rule.word)

    def settle(self, items: Sequence[tuple[str, bytes]], decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions after all links have been followed. `items` are (key, raw JSON). Linear in items and links."""
        settled = list(decisions)
        answer = _Answer(items, self.rule)
        waiting = deque(place for place, decision in enumerate(settled) if isinstance(decision, Withhold))
        while waiting:
            for drawn in self._drawn_by(waiting.popleft(), answer):
                if not isinstance(settled[drawn], Withhold):
                    settled[drawn] = LINKED
                    waiting.append(drawn)
        return settled

    def rule(self, holder: str, path: tuple[str, ...], raw: bytes) -> Rule | None:
        """The exception that covers a link of an item, None where it is simply followed."""
        found = next((rule for rule in self._rules if rule.covers(holder, path, raw)), None)
        return None if found is None or found.effect is Effect.FOLLOW else found

    def _drawn_by(self, place: int, answer: _Answer) -> Iterator[int]:
        kind = _kind(answer.key(place))
        if kind not in self._silent:
            for holder in answer.mentioning(place):
                if answer.holdings(holder).lose(place):
                    yield holder
        if self._may_draw(kind, answer.raw(place)):
            for member in answer.holdings(place).drawn_along:
                if _kind(answer.key(member)) not in self._silent:
                    yield member

    def _may_draw(self, kind: str, raw: bytes) -> bool:
        """Whether an item may hold a link along which it draws others: most hold none. An escape may hide one."""
        words = [*self._reversing.get(kind, ()), *self._reversing.get(_ANYTHING, ())]
        return bool(words) and (b"\\" in raw or any(word in raw for word in words))


class _Holdings:
    """The links of one item, resolved: which rules its links to each target fall under, and how many members are left."""

    def __init__(self, links: Iterable[tuple[Rule | None, Sequence[int]]]) -> None:
        self.drawn_along: list[int] = []
        self._rules: dict[int, list[Rule | None]] = defaultdict(list)
        self._left: dict[Rule, int] = defaultdict(int)
        for rule, targets in links:
            for target in targets:
                self._rules[target].append(rule)
            if rule is not None:
                self._left[rule] += max(1, len(targets))  # a member that is not in this answer is never lost
                self.drawn_along.extend(targets if rule.reverse else ())

    def lose(self, target: int) -> bool:
        """Whether the item falls with this target. Told once of each."""
        falls = False
        for rule in self._rules.get(target, ()):
            if rule is None:
                falls = True
            else:
                self._left[rule] -= 1
                falls = falls or (rule.hollow and self._left[rule] == 0)
        return falls


class _Answer:
    """The items of one answer, with their links resolved on demand."""

    def __init__(
        self, items: Sequence[tuple[str, bytes]], rule: Callable[[str, tuple[str, ...], bytes], Rule | None]
    ) -> None:
        self._items = items
        self._rule = rule
        self._holdings: dict[int, _Holdings] = {}
        self._resolved: dict[bytes, list[int]] = {}
        self._looked = 0

    @cached_property
    def _by_key(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for place, (key, _) in enumerate(self._items):
            found[key].append(place)
        return found

    @cached_property
    def _words(self) -> tuple[bytes, ...]:
        attached = any(key.startswith("Binary/") for key in self._by_key)
        return (_REFERENCE, _ATTACHED) if attached else (_REFERENCE,)

    @cached_property
    def _by_id(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for place, (key, _) in enumerate(self._items):
            found[key.rpartition("/")[2]].append(place)
        return found

    @cached_property
    def _whole(self) -> bytes:
        return b"\n".join([raw for _, raw in self._items])

    def _stands_elsewhere(self, place: int) -> bool:
        """Whether an item's id stands anywhere but in the item itself; an escape may hide it."""
        key, raw = self._items[place]
        name = key.rpartition("/")[2].encode()
        return b"\\" in self._whole or self._whole.count(name) > raw.count(name)

    @cached_property
    def _mentions(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for holder, (_, raw) in enumerate(self._items):
            for target in self._mentioned(holder, raw):
                if target != holder:
                    found[target].append(holder)
        return found

    def key(self, place: int) -> str:
        return self._items[place][0]

    def raw(self, place: int) -> bytes:
        return self._items[place][1]

    def places(self, reference: str) -> list[int]:
        """Where the target of a reference stands in this answer, if it does."""
        bare = reference.partition("#")[0].partition("/_history/")[0].partition("|")[0].partition("?")[0]
        if bare.startswith("urn:"):
            return self._by_id.get(bare.rpartition(":")[2], [])
        return self._by_key.get("/".join(bare.rsplit("/", 2)[-2:]), [])

    def _resolve(self, target: bytes) -> list[int]:
        text = target.decode("utf-8", "replace")
        return self._by_key.get(text, []) if _PLAIN.fullmatch(target) else self.places(text)

    def holdings(self, place: int) -> _Holdings:
        """What an item refers to; nothing for one whose JSON cannot be read (such an item is withheld already)."""
        if place not in self._holdings:
            kind, raw = _kind(self.key(place)), self._items[place][1]
            links = self._links(place) if self._mentioned(place, raw) else []
            self._holdings[place] = _Holdings(
                (self._rule(kind, link.path, raw), self.places(link.target)) for link in links
            )
        return self._holdings[place]

    def _links(self, place: int) -> list[Link]:
        try:
            return list(references(msgspec.json.decode(self._items[place][1])))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            return []

    def mentioning(self, place: int) -> list[int]:
        """The items that refer to the item at `place`. The first few are looked for one by one, since where little is
        withheld mostly nothing refers to it; then all references are resolved at once."""
        self._looked += 1
        if self._looked <= FEW and not self._stands_elsewhere(place):
            return []
        return self._mentions.get(place, [])

    def _mentioned(self, holder: int, raw: bytes) -> set[int]:
        if b"\\" in raw:
            return {place for link in self._links(holder) for place in self.places(link.target)}
        found: set[int] = set()
        for word in self._words:
            for rest in raw.split(word)[1:]:
                quoted = rest.split(b'"', 2)
                target = quoted[1] if len(quoted) > 1 else b""
                places = self._resolved.get(target)
                if places is None:
                    places = self._resolved[target] = self._resolve(target)
                if places:
                    found.update(places)
        return found


def references(value: Any) -> Iterator[Link]:
    """Every reference of a decoded item: `reference` strings, and the `url` of attachments."""
    stack: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
    while stack:
        node, path = stack.pop()
        if isinstance(node, list):
            stack.extend((one, path) for one in node)
        elif isinstance(node, dict):
            path = (*path[:-1], f"{_EXTENSION}{node['url']}") if _is_extension(node, path) else path
            for key, child in node.items():
                if isinstance(child, str):
                    if key in ("reference", "url"):
                        yield Link(path, child)
                else:
                    stack.append((child, (*path, key)))


def _is_extension(node: dict[str, Any], path: tuple[str, ...]) -> bool:
    return bool(path) and path[-1] in ("extension", "modifierExtension") and isinstance(node.get("url"), str)


def _kind(key: str) -> str:
    return key.partition("/")[0]


def load_links(files: PolicyFiles) -> LinkRules:
    """Read links.toml. Raises PolicyFileError."""
    file = files.get("sensitivity/links.toml")
    data = file.toml()
    file.only(data, ("link", "target"))
    targets = []
    for entry in data.get("target", []):
        file.only(entry, ("type", "reason"), "target")
        targets.append(_text(file, entry, "type"))
    return LinkRules([_read_rule(file, entry) for entry in data.get("link", [])], frozenset(targets))


def _read_rule(file: PolicyFile, entry: dict[str, Any]) -> Rule:
    file.only(entry, ("from", "code", "field", "effect", "reverse", "hollow", "reason"), "link")
    field = _text(file, entry, "field")
    _text(file, entry, "reason")
    try:
        effect = Effect(entry.get("effect"))
    except ValueError:
        mend = "Use none, member or follow; links are followed without a rule."
        raise file.error(file.at(f'field = "{field}"'), "unknown effect", mend) from None
    path = (field,) if field.startswith(_EXTENSION) else tuple(field.split("."))
    mark = f'"{_text(file, entry, "code")}"'.encode() if "code" in entry else b""
    reverse, hollow = entry.get("reverse") is True, entry.get("hollow") is True
    return Rule(_text(file, entry, "from"), path, effect, reverse, hollow, mark)


def _text(file: PolicyFile, entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        place = entry.get("field") or entry.get("type") or "link"
        raise file.error(file.at(str(place)), f"'{key}' is missing", "Every link rule says what it is and why.")
    return value
