"""@composeDirective: a subgraph's own directives, from its own specifications, in the supergraph.

Source: federation specification v2.1. A directive composes when its specification is linked, with one
identity, one name and one major version wherever it is composed.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.federation.composition import known
from gateway.federation.composition.errors import Place
from gateway.federation.composition.merge_arguments import merge_argument
from gateway.federation.composition.merged import SupergraphLink
from gateway.federation.composition.merging import Merging
from gateway.federation.composition.model import Applied, ArgDef, DirectiveDef
from gateway.federation.composition.schema_rules import placed
from gateway.federation.links import APOLLO, CORE, FEDERATION, JOIN, LINK, Link

_OURS = frozenset({CORE, JOIN, LINK, FEDERATION, APOLLO + "source"}) | {
    APOLLO + name for name in known.COMPOSED.values()
}
_BY_DEFAULT = ("tag", "inaccessible", "authenticated", "requiresScopes", "policy", "context")


@dataclass(frozen=True, slots=True)
class _Item:
    index: int
    link: Link
    own: str
    ours: str
    applied: Applied


def compose_directives(ctx: Merging) -> None:
    """Decide what composes, link it in the supergraph and define it there."""
    items = [item for index in range(len(ctx.subgraphs)) for item in _requested(ctx, index)]
    latest = {identity: _latest(ctx, identity, items) for identity in dict.fromkeys(_identities(ctx))}
    refused = _disagreements(ctx, items)
    chosen: dict[str, _Item] = {}
    for item in items:
        if latest.get(item.link.url.identity) is None or item.ours in refused:
            continue
        ctx.composed.setdefault(item.index, set()).add(item.ours)
        chosen.setdefault(item.ours, item)
    links: dict[str, SupergraphLink] = {}
    for item in chosen.values():
        newest = latest[item.link.url.identity]
        assert newest is not None
        link = links.get(newest.url.identity)
        if link is None:
            link = links[newest.url.identity] = SupergraphLink(str(newest.url))
            ctx.out.links.append(link)
        link.imports.append(("@" + item.own, "@" + item.ours))
        ctx.out.composed[item.ours] = (newest.url.identity, item.own)
        _define(ctx, item, newest)


def _requested(ctx: Merging, index: int) -> list[_Item]:
    subgraph = ctx.subgraphs[index]
    found = []
    for applied in subgraph.schema.all_fed("composeDirective"):
        name = applied.args.get("name")

        def wrong(message: str, at: Applied = applied) -> None:
            text = f'@composeDirective in "{subgraph.name}": {message}'
            ctx.problems.error("DIRECTIVE_COMPOSITION_ERROR", text, [(subgraph.name, at.node)])

        if not isinstance(name, str) or not name.startswith("@"):
            wrong(f'the name must begin with "@" (found {name!r})')
            continue
        ours = name[1:]
        if ours not in subgraph.directives:
            wrong(f'"{name}" is not defined in this subgraph')
            continue
        origin = subgraph.links.directive_origin(ours)
        if origin is None:
            wrong(f'"{name}" belongs to no linked specification')
            continue
        link, own = origin
        if link.url.identity in _OURS:
            if own in _BY_DEFAULT:
                ctx.hint("DIRECTIVE_COMPOSITION_INFO", f'"{name}" composes by itself; no need to ask for it')
            else:
                wrong(f'"{name}" is a federation directive, which is not composed this way')
            continue
        clash = next((fed for fed in ("tag", "inaccessible") if _is_called(ctx, fed, ours)), None)
        if clash:
            wrong(f'"{name}" clashes with federation\'s "@{clash}", which composes by itself')
            continue
        found.append(_Item(index, link, own, ours, applied))
    return found


def _is_called(ctx: Merging, fed: str, name: str) -> bool:
    return any(subgraph.fed_names.get(name) == fed for subgraph in ctx.subgraphs)


def _identities(ctx: Merging) -> list[str]:
    return [link.url.identity for subgraph in ctx.subgraphs for link in subgraph.links]


def _latest(ctx: Merging, identity: str, items: list[_Item]) -> Link | None:
    """The newest link of a composed specification; None when none is composed, or majors differ."""
    asked = {item.index for item in items if item.link.url.identity == identity}
    best: tuple[Link, bool] | None = None
    for index, subgraph in enumerate(ctx.subgraphs):
        link = subgraph.links.get(identity)
        if link is None:
            continue
        composed = index in asked
        if best is None:
            best = (link, composed)
            continue
        if best[0].url.version.major != link.url.version.major:
            if best[1] and composed:
                ctx.problems.error(
                    "DIRECTIVE_COMPOSITION_ERROR",
                    f"{identity} is composed in different major versions",
                    _link_places(ctx, identity),
                )
                return None
            ctx.hint("DIRECTIVE_COMPOSITION_INFO", f"{identity} is linked in different major versions")
            best = best if best[1] else (link, composed)
        elif best[1] != composed:
            best = best if best[1] else (link, composed)
        elif link.url.version.minor >= best[0].url.version.minor:
            best = (link, composed)
    return best[0] if best and best[1] else None


def _link_places(ctx: Merging, identity: str) -> list[Place]:
    links = [(subgraph.name, subgraph.links.get(identity)) for subgraph in ctx.subgraphs]
    return [(name, link.node) for name, link in links if link is not None]


def _disagreements(ctx: Merging, items: list[_Item]) -> set[str]:
    refused: set[str] = set()

    def wrong(message: str, group: list[_Item]) -> None:
        refused.update(item.ours for item in group)
        places = [(ctx.name(item.index), item.applied.node) for item in group]
        ctx.problems.error("DIRECTIVE_COMPOSITION_ERROR", message, places)

    for name in dict.fromkeys(item.ours for item in items):
        group = [item for item in items if item.ours == name]
        if len({item.own for item in group}) > 1:
            wrong(f'"@{name}" is not the same directive in every subgraph', group)
        if len({item.link.url.identity for item in group}) > 1:
            wrong(f'"@{name}" comes from different specifications', group)
    for own in dict.fromkeys(item.own for item in items):
        group = [item for item in items if item.own == own]
        if len({item.ours for item in group}) > 1:
            wrong(f'"@{own}" is composed under different names', group)
    return refused


def _define(ctx: Merging, item: _Item, newest: Link) -> None:
    """Take the definition of the subgraph that links the newest version (the last one in name order)."""
    for subgraph in reversed(ctx.subgraphs):
        link = subgraph.links.get(newest.url.identity)
        if link is None or link.url.version != newest.url.version:
            continue
        definition = subgraph.directives.get(link.directive_name(item.own))
        if definition is not None:
            ctx.out.directives[item.ours] = _copy(definition, item.ours)
            return
    ctx.problems.error(
        "DIRECTIVE_COMPOSITION_ERROR",
        f'No subgraph that links {newest.url} defines "@{item.own}"',
        [(ctx.name(item.index), item.applied.node)],
    )


def _copy(definition: DirectiveDef, name: str) -> DirectiveDef:
    return DirectiveDef(
        name=name,
        description=definition.description,
        args=definition.args,
        locations=definition.locations,
        repeatable=definition.repeatable,
    )


def check_placements(ctx: Merging) -> None:
    """The definition that won must allow every application, of whichever subgraph."""
    composed = {name for names in ctx.composed.values() for name in names}
    if not composed:
        return
    for index, subgraph in enumerate(ctx.subgraphs):
        for element, place in placed(subgraph.schema, subgraph.types.values(), ()):
            for item in element.applied:
                definition = ctx.out.directives.get(item.name)
                if item.name not in ctx.composed.get(index, ()) or definition is None:
                    continue
                missing = [arg.name for arg in definition.args.values() if arg.required and arg.name not in item.args]
                unknown = [name for name in item.args if name not in definition.args]
                if place in definition.locations and not missing and not unknown:
                    continue
                ctx.problems.error(
                    "DIRECTIVE_COMPOSITION_ERROR",
                    f'"@{item.name}" as used on {place} in "{subgraph.name}" does not fit the composed definition',
                    [(subgraph.name, item.node)],
                    "Define the directive alike in every subgraph.",
                )


def merge_composed_arguments(ctx: Merging) -> None:
    """Arguments of composed directives, once all other merged directives are known."""
    for definition in ctx.out.directives.values():
        merged = {}
        for name, arg in definition.args.items():
            dest = ArgDef(name=name, parent=definition.coordinate)
            index = next(
                (i for i, s in enumerate(ctx.subgraphs) if any(d.args.get(name) is arg for d in s.directives.values())),
                0,
            )
            merge_argument(ctx, {index: arg}, dest)
            merged[name] = dest
        definition.args = merged
