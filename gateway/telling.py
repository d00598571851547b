"""Names that tell of a sensitive matter by themselves: of a field, a type, or an enum's value.

The gate reads values. A field `hivStatus` says what it is about before it has one, whatever the gate then leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.federation.supergraph import Supergraph
from policies.decision import Decision, Withhold

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
Judge = Callable[[str], Decision]


def tells(judge: Judge, name: str) -> bool:
    """Whether a name, read as words, would be withheld if it stood in an entry."""
    return isinstance(judge(_HUMPS.sub(" ", name)), Withhold)


def telling_enums(supergraph: Supergraph, judge: Judge) -> frozenset[str]:
    """Enums of which a value would be withheld: the gate has to read them like words."""
    return frozenset(
        name
        for name, definition in supergraph.types.items()
        if definition.kind == "enum"
        and any(tells(judge, value) for values in definition.values.values() for value in values)
    )
