"""Links between the items of one source's answer: what a withheld item draws with it.

The rules are data (links.toml); the default is to follow. The result is the least fixpoint of rules that only
ever withhold more, so it does not depend on the order of the items.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import msgspec

from policies.decision import Decision, Withhold
from policies.files import PolicyFile, PolicyFiles

LINKED: Final = Withhold("sensitivity/link")
_ANYTHING = "*"
_EXTENSION = "extension:"
_REFERENCE = b'"reference"'
_ATTACHED = b'"url"'  # an attachment's address is a link to a Binary


class Effect(Enum):
    """What a link to a withheld item does to the item that holds the link."""

    NONE = "none"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Rule:
    """One exception to the rule that links are followed. See links.toml for the meaning of each part."""

    holder: str
    field: tuple[str, ...]
    effect: Effect
    reverse: bool
    hollow: bool

    def covers(self, holder: str, path: tuple[str, ...]) -> bool:
        if self.holder not in (_ANYTHING, holder):
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
        self._reversing = frozenset(rule.holder for rule in rules if rule.reverse)

    def settle(self, items: Sequence[tuple[str, bytes]], decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions after all links have been followed. `items` are (key, raw JSON)."""
        settled = list(decisions)
        answer = _Answer(items)
        waiting = deque(place for place, decision in enumerate(settled) if isinstance(decision, Withhold))
        while waiting:
            for drawn in self._drawn_by(waiting.popleft(), answer, settled):
                if not isinstance(settled[drawn], Withhold):
                    settled[drawn] = LINKED
                    waiting.append(drawn)
        return settled

    def _drawn_by(self, place: int, answer: _Answer, settled: Sequence[Decision]) -> Iterator[int]:
        kind = _kind(answer.key(place))
        if self._may_fall(place, answer):
            for holder in answer.mentioning(place):
                if not isinstance(settled[holder], Withhold) and self._holder_falls(holder, place, answer, settled):
                    yield holder
        if kind in self._reversing or _ANYTHING in self._reversing:
            for link in answer.links(place):
                rule = self._rule(kind, link.path)
                if rule is not None and rule.reverse:
                    yield from (one for one in answer.places(link.target) if self._may_fall(one, answer))

    def _may_fall(self, place: int, answer: _Answer) -> bool:
        return _kind(answer.key(place)) not in self._silent

    def _has_fallen(self, place: int, answer: _Answer, settled: Sequence[Decision]) -> bool:
        return self._may_fall(place, answer) and isinstance(settled[place], Withhold)

    def _holder_falls(self, holder: int, place: int, answer: _Answer, settled: Sequence[Decision]) -> bool:
        links = answer.links(holder)
        kind = _kind(answer.key(holder))
        for link in links:
            if place not in answer.places(link.target):
                continue
            rule = self._rule(kind, link.path)
            if rule is None:
                return True
            if rule.hollow and self._is_hollow(rule, kind, links, answer, settled):
                return True
        return False

    def _is_hollow(
        self, rule: Rule, kind: str, links: Iterable[Link], answer: _Answer, settled: Sequence[Decision]
    ) -> bool:
        members = [answer.places(link.target) for link in links if rule.covers(kind, link.path)]
        return all(places and all(self._has_fallen(one, answer, settled) for one in places) for places in members)

    def _rule(self, holder: str, path: tuple[str, ...]) -> Rule | None:
        return next((rule for rule in self._rules if rule.covers(holder, path)), None)


class _Answer:
    """The items of one answer, with their links resolved on demand."""

    def __init__(self, items: Sequence[tuple[str, bytes]]) -> None:
        self._items = items
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._by_id: dict[str, list[int]] = defaultdict(list)
        self._mentions: dict[int, list[int]] | None = None
        self._links: dict[int, tuple[Link, ...]] = {}
        self._resolved: dict[bytes, list[int]] = {}
        self._words = (_REFERENCE, _ATTACHED) if any(key.startswith("Binary/") for key, _ in items) else (_REFERENCE,)
        for place, (key, _) in enumerate(items):
            self._by_key[key].append(place)
            self._by_id[key.rpartition("/")[2]].append(place)

    def key(self, place: int) -> str:
        return self._items[place][0]

    def places(self, reference: str) -> list[int]:
        """Where the target of a reference stands in this answer, if it does."""
        bare = reference.partition("#")[0].partition("/_history/")[0].partition("|")[0].partition("?")[0]
        if bare.startswith("urn:"):
            return self._by_id.get(bare.rpartition(":")[2], [])
        return self._by_key.get("/".join(bare.rsplit("/", 2)[-2:]), [])

    def links(self, place: int) -> tuple[Link, ...]:
        """All links of an item; none of one whose JSON cannot be read (such an item is withheld already)."""
        if place not in self._links:
            try:
                value = msgspec.json.decode(self._items[place][1])
                self._links[place] = tuple(references(value))
            except (msgspec.DecodeError, RecursionError, ValueError):
                self._links[place] = ()
        return self._links[place]

    def mentioning(self, place: int) -> list[int]:
        """The items that refer to the item at `place`."""
        if self._mentions is None:
            self._mentions = defaultdict(list)
            for holder, (_, raw) in enumerate(self._items):
                for target in self._mentioned(holder, raw):
                    if target != holder:
                        self._mentions[target].append(holder)
        return self._mentions.get(place, [])

    def _mentioned(self, holder: int, raw: bytes) -> set[int]:
        if b"\\" in raw:
            return {place for link in self.links(holder) for place in self.places(link.target)}
        found: set[int] = set()
        for word in self._words:
            for rest in raw.split(word)[1:]:
                quoted = rest.split(b'"', 2)
                target = quoted[1] if len(quoted) > 1 else b""
                places = self._resolved.get(target)
                if places is None:
                    places = self._resolved[target] = self.places(target.decode("utf-8", "replace"))
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
    file.only(entry, ("from", "field", "effect", "reverse", "hollow", "reason"), "link")
    field = _text(file, entry, "field")
    _text(file, entry, "reason")
    try:
        effect = Effect(entry.get("effect"))
    except ValueError:
        mend = "Use none or member; links are followed without a rule."
        raise file.error(file.at(f'field = "{field}"'), "unknown effect", mend) from None
    path = (field,) if field.startswith(_EXTENSION) else tuple(field.split("."))
    return Rule(_text(file, entry, "from"), path, effect, entry.get("reverse") is True, entry.get("hollow") is True)


def _text(file: PolicyFile, entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        place = entry.get("field") or entry.get("type") or "link"
        raise file.error(file.at(str(place)), f"'{key}' is missing", "Every link rule says what it is and why.")
    return value
