"""Selections as the planner sees them: merged, without fragments on abstract types, conditions on fields.

Selections are compared by identity and carry a text that says what they are, so that steps of a
search can be interned without hashing trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.federation.plan import Condition

Conditions = tuple[Condition, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FieldSel:
    """A field: `key` is its response key, `args` its printed arguments in name order, "" for none.
    `sel` is None for a leaf. `conditions` are its own, those of its ancestors not included."""

    name: str
    key: str
    args: str = ""
    variables: tuple[str, ...] = ()
    conditions: Conditions = ()
    sel: tuple[Sel, ...] | None = None
    ident: str = field(init=False)

    def __post_init__(self) -> None:
        alias = "" if self.key == self.name else f"{self.key}:"
        object.__setattr__(self, "ident", f"{alias}{self.name}{self.args}{show_conditions(self.conditions)}")

    @property
    def is_leaf(self) -> bool:
        return self.sel is None

    def __str__(self) -> str:
        return self.ident if self.sel is None else f"{self.ident} {{ {show(self.sel)} }}"


@dataclass(frozen=True, slots=True, eq=False)
class TypeSel:
    """A fragment on one object type."""

    type: str
    sel: tuple[Sel, ...]

    def __str__(self) -> str:
        return f"... on {self.type} {{ {show(self.sel)} }}"


Sel = FieldSel | TypeSel


def typename_sel(key: str = "__typename", conditions: Conditions = ()) -> FieldSel:
    """The meta field, under some response key."""
    return FieldSel("__typename", key, conditions=conditions)


def show(selection: tuple[Sel, ...]) -> str:
    """A selection as text; equal selections have equal texts."""
    return " ".join(str(item) for item in selection)


def show_conditions(conditions: Conditions) -> str:
    """Conditions as the directives that state them."""
    return "".join(f" @{'include' if c.value else 'skip'}(if: ${c.variable})" for c in conditions)


def field_names(selection: tuple[Sel, ...]) -> Iterator[str]:
    """Names of the fields at the top of a selection, through fragments."""
    for item in selection:
        if isinstance(item, FieldSel):
            yield item.name
        else:
            yield from field_names(item.sel)


def overlap(left: tuple[Sel, ...] | None, right: tuple[Sel, ...] | None) -> bool:
    """Whether two selections on one object ask for some field, with the same arguments, in common."""
    if not left or not right:
        return True
    mine = list(_flat(left))
    return any(
        one.name == other.name and one.args == other.args and overlap(one.sel, other.sel)
        for other in _flat(right)
        for one in mine
    )


def _flat(selection: tuple[Sel, ...]) -> Iterator[FieldSel]:
    for item in selection:
        if isinstance(item, FieldSel):
            yield item
        else:
            yield from _flat(item.sel)
