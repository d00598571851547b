"""Sets of needs: merged by name, refused where one name would be read from two keys."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.federation.plan import Need, NeedOn

Needs = tuple[Need | NeedOn, ...]


def merge_needs(left: Iterable[Need | NeedOn], right: Iterable[Need | NeedOn]) -> Needs:
    """All of both, in order of first appearance."""
    found: dict[object, Need | NeedOn] = {}
    for need in (*left, *right):
        slot: object = need.types if isinstance(need, NeedOn) else (need.name, need.key)
        known = found.get(slot)
        if known is None:
            found[slot] = need
        elif isinstance(need, Need) and isinstance(known, Need):
            found[slot] = Need(need.name, need.key, merge_needs(known.needs, need.needs))
        elif isinstance(need, NeedOn) and isinstance(known, NeedOn):
            found[slot] = NeedOn(need.types, merge_needs(known.needs, need.needs))
    return tuple(found.values())


def needs_clash(left: Iterable[Need | NeedOn], right: Iterable[Need | NeedOn]) -> bool:
    """Whether both would put different values under one name into a representation."""
    mine = list(left)
    for need in right:
        for other in mine:
            if isinstance(need, NeedOn) or isinstance(other, NeedOn):
                if _fragments_clash(need, other):
                    return True
            elif need.name == other.name and (need.key != other.key or needs_clash(need.needs, other.needs)):
                return True
    return False


def _fragments_clash(one: Need | NeedOn, other: Need | NeedOn) -> bool:
    if isinstance(one, NeedOn) and isinstance(other, NeedOn) and not one.types & other.types:
        return False
    return needs_clash(
        one.needs if isinstance(one, NeedOn) else (one,),
        other.needs if isinstance(other, NeedOn) else (other,),
    )
