"""Generated code over a typed tree: collecting what an `_entities` field is asked for, and spreading its answers.

Names in it are GraphQL's, which are Python's behind a prefix; everything else is numbered or quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.federation.plan import EntityInput, Key, Need, Representation
from gateway.federation.typed_shape import EntityFields, NotPlain, Shape, ends_at

Users = list[list[Any]]
Collect = Callable[[Any], tuple[list[dict[str, Any]], Users]]
Spread = Callable[[Sequence[Any], Users, Sequence[Mapping[str, Any]]], None]

_Branch = dict[str, Any]
_END = ""
"""No response key: here a path ends."""
_SCALARS = frozenset({int, float, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Group:
    """One type and representation of what is asked for: `keys` are its fields, (name, response key)."""

    number: int
    type: str
    sent: str
    keys: tuple[tuple[str, str], ...]


class Odd(Exception):
    """The typed tree cannot hold or tell this; dicts can."""


def collector(entity: EntityInput, shape: Shape) -> Collect:
    """Finds the distinct representations in a tree and for each the objects that it stands for. It raises Odd; TypeError
    where a key is a list or an object."""
    source = _Source("def collect(root):")
    ends: dict[str, _Branch] = {}
    for path in entity.targets:
        end = ends_at(path, shape)
        if end is not None:
            branch = ends.setdefault(end, {})
            for segment in path:
                if isinstance(segment, Key):
                    branch = branch.setdefault(segment.key, {})
            branch[_END] = {}
            if branch is ends[end]:
                raise NotPlain
    return _grouping(source, wanted(entity, list(ends)), lambda group: _Walk(source, shape, group).go(ends[group.type]))


def regrouper(entity: EntityInput, shape: Shape) -> Collect:
    """As `collector`, for one type and one representation, from users that another input with the same targets and
    fewer keys has collected."""
    source = _Source("def collect(users):")

    def again(group: Group) -> None:
        source.add(1, "for u in users:")
        source.add(2, "for o in u:")
        _key(source, 3, "o", group)
        _enter(source, 3, "o", group)

    return _grouping(source, wanted(entity, [end for path in entity.targets if (end := ends_at(path, shape))]), again)


def _grouping(source: _Source, groups: list[Group], find: Callable[[Group], None]) -> Collect:
    sending: list[str] = []
    for group in groups:
        source.add(1, f"found{group.number} = {{}}")
        find(group)
        own = ", ".join(f"{name!r}: o.f_{key}" for name, key in group.keys)
        missing = " or ".join(f"o.f_{key} is UNSET" for _, key in group.keys)
        sending += [f"for u in found{group.number}.values():", "    o = u[0]", f"    if {missing}:", "        continue"]
        sending += [f"    sent.append({{'__typename': {group.sent!r}, {own}}})", "    found.append(u)"]
    source.add(1, "sent = []", "found = []", *sending, "return sent, found")
    return source.compiled("collect")  # type: ignore[no-any-return]


def spreader(fields: EntityFields, keys: Sequence[tuple[str, str]], structs: Mapping[str, type]) -> Spread:
    """Gives each answer to all objects that it was asked for. It raises Odd for an answer about another entity, and
    where two answers' objects would have to be merged; what was given before it stays."""
    source = _Source("def spread(entities, users, sent):", {f"T_{name}": structs[name] for name in fields.by_type})
    source.add(1, "for e, ts, s in zip(entities, users, sent):")
    source.add(2, "if e is None:", "    continue")
    for key, name in keys:
        source.add(2, f"v = e.f_{key}", f"w = s.get({name!r})")
        source.add(2, "if v != w and w is not None and v is not None and v is not UNSET:", "    raise Odd")
    source.add(2, "kind = ts[0].__class__")
    for name, mine in fields.by_type.items():
        source.add(2, f"if kind is T_{name}:")
        for key in [key for key, each in mine.items() if each.of]:
            source.add(3, f"v = e.f_{key}", "if v is not UNSET:", "    for t in ts:", f"        w = t.f_{key}")
            source.add(5, "if w is UNSET or w is None:", f"    t.f_{key} = v")
            source.add(5, "elif v is not None and v is not w:", "    raise Odd")
        leaves = [key for key, each in mine.items() if not each.of]
        if leaves:
            source.add(3, *[f"v{place} = e.f_{key}" for place, key in enumerate(leaves)])
            missing = " or ".join(f"v{place} is None or v{place} is UNSET" for place in range(len(leaves)))
            source.add(3, f"if {missing}:", *[f"    fill(ts, 'f_{key}', v{i})" for i, key in enumerate(leaves)])
            source.add(3, "else:", "    for t in ts:")
            source.add(5, *[f"t.f_{key} = v{place}" for place, key in enumerate(leaves)])
    return source.compiled("spread")  # type: ignore[no-any-return]


def wanted(entity: EntityInput, ends: Sequence[str]) -> list[Group]:
    """What is asked for, by type and representation, in the order in which it is sent. Raises NotPlain."""
    names = dict.fromkeys(name for each in entity.representations for name in sorted(each.types))
    found = [(name, each) for name in names if name in ends for each in entity.representations if name in each.types]
    return [Group(number, name, each.typename or name, tuple(_keys(each))) for number, (name, each) in enumerate(found)]


def _keys(representation: Representation) -> list[tuple[str, str]]:
    """The needed fields, (name, response key). Raises NotPlain if they are not all read from the object itself."""
    keys: list[tuple[str, str]] = []
    for need in representation.needs:
        if not isinstance(need, Need) or need.needs:
            raise NotPlain
        if need.name != "__typename":
            keys.append((need.name, need.key))
    if not keys:
        raise NotPlain
    return keys


class _Walk:
    """Loops down to the ends of paths, what they have in common only once."""

    def __init__(self, source: _Source, shape: Shape, group: Group) -> None:
        self._source = source
        self._shape = shape
        self._group = group
        self._names = 0

    def go(self, branch: _Branch) -> None:
        self._down(branch, self._shape.root, "root", 1, (), looped=False)

    def _down(self, branch: _Branch, parent: str, here: str, depth: int, at: tuple[str, ...], *, looped: bool) -> None:
        source = self._source
        for key, below in branch.items():
            if key == _END:
                continue
            field = self._shape.types[parent][key]
            assert field.of is not None, "the path has an end"
            place, inner, loops = f"{here}.f_{key}", depth, looped
            value = place
            for _ in range(field.depth):
                value, items = self._name(), value
                source.add(inner, f"for {value} in {items} or ():")
                inner, loops = inner + 1, True
            if not field.depth:
                value = self._name()
                source.add(inner, f"{value} = {place}")
            source.add(inner, f"if {value}:")
            if _END in below:
                self._end(value, place, inner + 1, (*at, key), may_be_one=loops and not field.depth)
            self._down(below, field.of, value, inner + 1, (*at, key), looped=loops)

    def _end(self, here: str, place: str, depth: int, at: tuple[str, ...], *, may_be_one: bool) -> None:
        source, group = self._source, self._group
        _key(source, depth, here, group)
        alike = self._shape.alike(at) if may_be_one else None
        if alike is not None:  # from now on, objects that are sent as one are one
            one = source.number("one", (group.number, alike))
            source.add(depth, f"w = {one}.get(k)", "if w is None:", f"    {one}[k] = {here}")
            _enter(source, depth + 1, here, group)
            source.add(depth, f"elif w is not {here}:", f"    {place} = w")
        else:
            _enter(source, depth, here, group)

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"


def _key(source: _Source, depth: int, here: str, group: Group) -> None:
    if len(group.keys) == 1:
        source.add(depth, f"k = {here}.f_{group.keys[0][1]}", "if k.__class__ is not str:", "    k = scalar(k)")
        return
    values = [f"{here}.f_{key}" for _, key in group.keys]
    source.add(depth, f"k = ({', '.join(values)}, {', '.join(f'{value}.__class__' for value in values)})")


def _enter(source: _Source, depth: int, here: str, group: Group) -> None:
    found = f"found{group.number}"
    source.add(
        depth, f"u = {found}.get(k)", "if u is None:", f"    {found}[k] = [{here}]", "else:", f"    u.append({here})"
    )


def _scalar(value: Any) -> Any:
    """A key that is no text, so that 1, 1.0 and true are not one."""
    if value.__class__ in _SCALARS:
        return value, value.__class__
    raise Odd


def _fill(targets: Sequence[Any], name: str, value: Any) -> None:
    """A null, or nothing, never overwrites a value."""
    if value is msgspec.UNSET:
        return
    for target in targets:
        if value is not None or getattr(target, name) is msgspec.UNSET:
            setattr(target, name, value)


class _Source:
    """Lines of one function, and the names that it uses."""

    def __init__(self, head: str, names: Mapping[str, Any] | None = None) -> None:
        self._lines = [head]
        self._numbers: dict[Any, str] = {}
        self._names = {"UNSET": msgspec.UNSET, "Odd": Odd, "scalar": _scalar, "fill": _fill, **(names or {})}

    def add(self, depth: int, *lines: str) -> None:
        self._lines += [" " * depth + line.replace("    ", " ") for line in lines]

    def number(self, kind: str, key: Any) -> str:
        """A dict of the function's own, the same for the same key."""
        name = self._numbers.get(key)
        if name is None:
            name = self._numbers[key] = f"{kind}{len(self._numbers)}"
            self._lines.insert(1, f" {name} = {{}}")
        return name

    def compiled(self, name: str) -> Any:
        """The function. Raises SyntaxError where it is nested more deeply than Python allows."""
        exec(compile("\n".join(self._lines), f"<{name}>", "exec"), self._names)  # noqa: S102
        return self._names[name]
