"""What a gate was to read and could not: an object whose words were lost cannot be judged, and is withheld.

A subgraph is asked for a gate's fields under private keys, beside the client's own. It may fail at one and not at the
other, so that a lost value must never read like one that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.federation.plan import Need, NeedOn
from gateway.federation.tree import WITHHELD

_READ_BY_A_GATE = re.compile(r"(?:__c\d+_)?__g_")


def forget_lost(data: Any, errors: Iterable[Mapping[str, Any]]) -> None:
    """Take out of a subgraph's answer what its errors say is lost of the fields that gates read, in place.

    An error without a path may be about any of them: then all that are null are taken out.
    """
    for error in errors:
        path = error.get("path")
        if isinstance(path, list) and path:
            _forget(data, path)
        else:
            _forget_nulls(data)


def _forget(value: Any, path: list[Any]) -> None:
    for key in path:
        if isinstance(value, dict) and isinstance(key, str) and key in value:
            if _READ_BY_A_GATE.match(key):
                del value[key]
                return
            value = value[key]
        elif isinstance(value, list) and isinstance(key, int) and -1 < key < len(value):
            value = value[key]
        else:
            return


def _forget_nulls(value: Any) -> None:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            for key in [key for key, inner in one.items() if inner is None and _READ_BY_A_GATE.match(key)]:
                del one[key]
            pending += one.values()
        elif isinstance(one, list):
            pending += one


def is_unread(value: Mapping[str, Any], needs: Iterable[Need | NeedOn], typename: object) -> bool:
    """Whether something that a gate needs is not in the object: a field, or the type that says which fields."""
    for need in needs:
        if isinstance(need, NeedOn):
            if not isinstance(typename, str) or (typename in need.types and is_unread(value, need.needs, typename)):
                return True
        elif need.key not in value or (need.needs and _is_unread_below(value[need.key], need.needs)):
            return True
    return False


def _is_unread_below(value: Any, needs: tuple[Need | NeedOn, ...]) -> bool:
    if isinstance(value, list):
        return any(_is_unread_below(item, needs) for item in value if item is not WITHHELD)
    return isinstance(value, dict) and is_unread(value, needs, value.get("__typename"))
