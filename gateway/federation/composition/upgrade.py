"""Federation 1 subgraphs read as Federation 2: what version 1 tolerated or implied is made explicit.

Source: federation documentation, "Moving to Apollo Federation 2" and "Backward compatibility". A version 1
subgraph has no @shareable, treats `extend type` as its own notion, and ignores many useless directives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.federation.composition import known
from gateway.federation.composition.definitions import check_definition, known_definitions
from gateway.federation.composition.errors import Problems
from gateway.federation.composition.facts import Facts
from gateway.federation.composition.model import Applied, Element, FieldDef, TypeDef
from gateway.federation.composition.selections import (
    Chosen,
    Narrowed,
    Selection,
    SelectionError,
    check_selection,
    parse_selection,
    selection_text,
)
from gateway.federation.composition.typerefs import named_type
from gateway.federation.composition.values import same_value
from gateway.federation.links import FEDERATION
from gateway.federation.subgraph import Subgraph


@dataclass(slots=True)
class _Original:
    """What the other subgraphs need to know of one type as it stood before any upgrade."""

    type: TypeDef
    defined: bool
    resolved: frozenset[str]
    first_key: frozenset[str]
    tags: dict[str, list[Applied]] = field(default_factory=dict)


_Originals = dict[str, dict[str, _Original]]  # type name -> subgraph name -> as it stood


def upgrade_all(subgraphs: Sequence[Subgraph], problems: Problems) -> None:
    """Upgrade every Federation 1 subgraph in place; Federation 2 subgraphs stay as they are."""
    if not any(subgraph.fed1 for subgraph in subgraphs):
        return
    originals = _remember(subgraphs)
    interface_keys: dict[str, list[str]] = {}
    newer = [subgraph for subgraph in subgraphs if not subgraph.fed1]
    for subgraph in subgraphs:
        if subgraph.fed1:
            for name in _Upgrade(subgraph, originals, problems).run():
                interface_keys.setdefault(name, []).append(subgraph.name)
    for subgraph in newer:
        for type_ in subgraph.types.values():
            if subgraph.is_interface_object(type_) and type_.name in interface_keys:
                others = ", ".join(f'"{name}"' for name in interface_keys[type_.name])
                problems.error(
                    "INTERFACE_OBJECT_USAGE_ERROR",
                    f'"{type_.name}" is an @interfaceObject, but {others} with a @key on the interface '
                    "is a Federation 1 subgraph",
                    [(subgraph.name, type_.node)],
                )


def _remember(subgraphs: Sequence[Subgraph]) -> _Originals:
    originals: _Originals = {}
    for subgraph in subgraphs:
        facts = Facts(subgraph)
        for type_ in subgraph.types.values():
            if type_.kind not in ("Object", "Interface"):
                continue
            resolved = frozenset(
                name
                for name, item in type_.fields.items()
                if not facts.is_external(item) or facts.is_partially_external(item)
            )
            keys = type_.all_fed("key")
            first = _top_level(facts, type_, keys[0]) if keys else ()
            tags = {name: item.all_fed("tag") for name, item in type_.fields.items() if not item.fed("external")}
            originals.setdefault(type_.name, {})[subgraph.name] = _Original(
                type_, type_.defined, resolved, frozenset(item.name for item in first), tags
            )
    return originals


def _top_level(facts: Facts, type_: TypeDef, key: Applied) -> list[FieldDef]:
    return [item for item in facts.chosen(type_, key, whole=False) if item.parent == type_.name]


class _Upgrade:
    def __init__(self, subgraph: Subgraph, originals: _Originals, problems: Problems) -> None:
        self.subgraph = subgraph
        self.originals = originals
        self.problems = problems
        facts = Facts(subgraph)
        self.was_key_field = {item for item in subgraph.fields() if facts.is_shareable(item)}

    def run(self) -> list[str]:
        """Do it; returns the interfaces whose keys were dropped."""
        before = len(self.problems.errors)
        self._check_extensions()
        self._adopt_definitions()
        if len(self.problems.errors) > before:
            return []
        self._fields_as_strings()
        self._drop_useless_externals()
        self._drop_externals_of_extensions()
        self._drop_inactive_selections()
        self._flatten_extensions()
        interfaces = self._drop_on_interfaces()
        self._drop_provides_on_leaves()
        self._drop_unused_externals()
        self._add_shareable()
        self._drop_repeated_tags()
        return interfaces

    def _is_extension(self, type_: TypeDef) -> bool:
        if type_.kind not in ("Object", "Interface"):
            return False
        return type_.fed("extends") is not None or (bool(type_.extensions) and not type_.defined)

    def _others(self, name: str) -> Iterator[_Original]:
        for subgraph, original in self.originals.get(name, {}).items():
            if subgraph != self.subgraph.name:
                yield original

    def _check_extensions(self) -> None:
        roots = set(self.subgraph.roots.values())
        for type_ in self.subgraph.types.values():
            if not self._is_extension(type_) or type_.name in roots:
                continue
            if not any(original.defined for original in self._others(type_.name)):
                node = type_.extensions[0] if type_.extensions else type_.node
                self.problems.error(
                    "EXTENSION_WITH_NO_BASE",
                    f'"{type_.name}" is extended, but defined in no subgraph',
                    [(self.subgraph.name, node)],
                )

    def _adopt_definitions(self) -> None:
        """From here on the subgraph knows the directives of federation 2.4 by their plain names."""
        subgraph = self.subgraph
        subgraph.federation, subgraph.fed1 = known.UPGRADED_FEDERATION, False
        own = {name for name, item in subgraph.directives.items() if item.node and item.node.loc}
        subgraph.fed_names = {name: name for name in known.federation_directives(known.UPGRADED_FEDERATION)}
        for name, expected in known_definitions(subgraph).items():
            if name in known.FEDERATION_1 or name not in subgraph.fed_names:
                continue
            if name in own:
                check_definition(subgraph, subgraph.directives[name], expected, self.problems)
            subgraph.directives[name] = expected
        for element in subgraph.elements() if own else ():
            for item in element.applied:
                if item.fed is None and item.name in subgraph.fed_names:
                    item.fed, item.spec = item.name, (FEDERATION, item.name)

    def _fields_as_strings(self) -> None:
        for element in self.subgraph.elements():
            for item in element.applied:
                if item.fed in ("key", "requires", "provides"):
                    fields = item.args.get("fields")
                    if isinstance(fields, list) and all(isinstance(part, str) for part in fields):
                        item.args["fields"] = " ".join(fields)
                    elif isinstance(fields, str):
                        item.args["fields"] = str(fields)

    def _drop_useless_externals(self) -> None:
        for type_ in self.subgraph.types.values():
            if type_.kind == "Interface":
                for item in type_.fields.values():
                    _drop(item, "external")
            elif type_.kind == "Object":
                _drop(type_, "external")

    def _drop_externals_of_extensions(self) -> None:
        facts = Facts(self.subgraph)
        for type_ in self.subgraph.types.values():
            if not self._is_extension(type_):
                continue
            keys = type_.all_fed("key")
            for key in keys:
                for item in _top_level(facts, type_, key):
                    _drop(item, "external")
            if not keys:
                for original in self._others(type_.name):
                    for name in original.first_key & type_.fields.keys():
                        _drop(type_.fields[name], "external")

    def _drop_inactive_selections(self) -> None:
        for type_ in self.subgraph.types.values():
            for item in type_.fields.values():
                for applied in [a for a in item.applied if a.fed in ("provides", "requires")]:
                    target = self.subgraph.types.get(named_type(item.type))
                    parent = type_ if applied.fed == "requires" else target
                    if parent is not None and parent.composite:
                        self._prune(item, parent, applied)

    def _prune(self, element: FieldDef, parent: TypeDef, applied: Applied) -> None:
        text = applied.args.get("fields")
        if not isinstance(text, str):
            return
        try:
            selection = parse_selection(text)
            check_selection(self.subgraph.types, self.subgraph.possible_types, parent, selection)
        except SelectionError:
            return
        if not self._selects_own(parent, selection):
            return
        kept = self._only_external(parent, selection)
        if kept:
            applied.args["fields"] = selection_text(kept)
        else:
            element.applied.remove(applied)

    def _is_external(self, parent: TypeDef, name: str) -> bool:
        item = parent.fields.get(name)
        if item is None or item.fed("external"):
            return item is not None
        return parent.kind == "Interface" and any(
            name in type_.fields and type_.fields[name].fed("external") is not None
            for type_ in self.subgraph.implementers(parent.name)
        )

    def _inner(self, parent: TypeDef, item: Chosen | Narrowed) -> TypeDef:
        if isinstance(item, Narrowed):
            return self.subgraph.types[item.condition] if item.condition else parent
        return self.subgraph.types[named_type(parent.fields[item.name].type)]

    def _selects_own(self, parent: TypeDef, selection: Selection) -> bool:
        """Whether a leaf of the selection is resolved by the subgraph itself."""
        for item in selection:
            if isinstance(item, Chosen):
                if item.name == "__typename" or self._is_external(parent, item.name):
                    continue
                if not item.inner:
                    return True
            if item.inner and self._selects_own(self._inner(parent, item), item.inner):
                return True
        return False

    def _only_external(self, parent: TypeDef, selection: Selection) -> Selection:
        kept: list[Chosen | Narrowed] = []
        for item in selection:
            if isinstance(item, Chosen) and self._is_external(parent, item.name):
                kept.append(item)
            elif item.inner:
                inner = self._only_external(self._inner(parent, item), item.inner)
                if inner and isinstance(item, Chosen):
                    kept.append(Chosen(item.name, item.alias, item.args, item.directives, inner))
                elif inner and isinstance(item, Narrowed):
                    kept.append(Narrowed(item.condition, item.directives, inner))
        return tuple(kept)

    def _flatten_extensions(self) -> None:
        for type_ in self.subgraph.types.values():
            if self._is_extension(type_):
                type_.extensions = []
                type_.defined = True
                for item in type_.applied:
                    item.extension = 0
                for member in type_.fields.values():
                    member.extension = 0

    def _drop_on_interfaces(self) -> list[str]:
        found = []
        for type_ in self.subgraph.types.values():
            if type_.kind != "Interface":
                continue
            if _drop(type_, "key"):
                found.append(type_.name)
            for item in type_.fields.values():
                _drop(item, "provides")
                _drop(item, "requires")
        return found

    def _drop_provides_on_leaves(self) -> None:
        for type_ in self.subgraph.types.values():
            for item in type_.fields.values() if type_.kind == "Object" else ():
                target = self.subgraph.types.get(named_type(item.type))
                if target is None or not target.composite:
                    _drop(item, "provides")

    def _drop_unused_externals(self) -> None:
        facts = Facts(self.subgraph)
        for type_ in list(self.subgraph.types.values()):
            if type_.kind not in ("Object", "Interface") or not type_.fields:
                continue
            for item in list(type_.fields.values()):
                if facts.is_external(item) and not facts.is_used(item):
                    del type_.fields[item.name]
            if type_.fields or type_.name == self.subgraph.roots.get("query"):
                continue
            if type_.fed("key") or self._is_referenced(type_.name):
                self.problems.error(
                    "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
                    f'"{type_.name}" has only @external fields, and none of them is used',
                    [(self.subgraph.name, type_.node)],
                )
            else:
                del self.subgraph.types[type_.name]

    def _is_referenced(self, name: str) -> bool:
        if name in self.subgraph.roots.values():
            return True
        return any(
            name in type_.members
            or name in type_.interfaces
            or any(named_type(item.type) == name for item in type_.fields.values())
            for type_ in self.subgraph.types.values()
        )

    def _add_shareable(self) -> None:
        roots = self.subgraph.roots
        for type_ in self.subgraph.types.values():
            if type_.kind != "Object" or type_.name == roots.get("subscription"):
                continue
            others = list(self._others(type_.name))
            if type_.fed("key") or type_.name in roots.values():
                for item in type_.fields.values():
                    shared = any(item.name in original.resolved for original in others)
                    if shared and item not in self.was_key_field and not item.fed("shareable"):
                        item.applied.append(_shareable())
            elif others and not type_.fed("shareable"):
                # As in version 2, this holds for the fields of the definition, not for those of extensions.
                type_.applied.append(_shareable())

    def _drop_repeated_tags(self) -> None:
        for item in self.subgraph.fields():
            if not item.fed("external"):
                continue
            elsewhere = [tag for original in self._others(item.parent) for tag in original.tags.get(item.name, ())]
            item.applied = [
                tag
                for tag in item.applied
                if tag.fed != "tag" or not any(same_value(tag.args, other.args) for other in elsewhere)
            ]


def _shareable() -> Applied:
    return Applied("shareable", {}, None, 0, (FEDERATION, "shareable"), "shareable")


def _drop(element: Element, name: str) -> bool:
    before = len(element.applied)
    element.applied = [item for item in element.applied if item.fed != name]
    return len(element.applied) < before
