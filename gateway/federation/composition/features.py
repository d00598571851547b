"""Which specifications the supergraph links, because some subgraph uses a directive that composes.

Federation's own directives become those of smaller specifications: `@tag` of federation v2.3 is `@tag` of
tag v0.3 in the supergraph, under the name that the subgraphs use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.federation.composition import known
from gateway.federation.composition.merged import SupergraphLink
from gateway.federation.composition.merging import MergedDirective, Merging
from gateway.federation.composition.model import DirectiveDef
from gateway.federation.composition.reading import Reader
from gateway.federation.links import APOLLO, FEDERATION, Links, Version
from gateway.federation.subgraph import Subgraph

_JOIN_SINCE = ((Version(2, 8), Version(0, 5)), (Version(2, 7), Version(0, 4)))
_OLDEST_JOIN = Version(0, 3)
KEPT = {"cacheTag": Version(0, 1)}  # federation directives that are kept per graph: specification version
_CONNECT_NEEDS = {Version(0, 1): Version(2, 10), Version(0, 2): Version(2, 11)}  # others: v2.12


def join_version(subgraphs: Sequence[Subgraph]) -> Version:
    """The join specification that the newest federation version in use asks for."""
    newest = max(_needed(subgraph) for subgraph in subgraphs)
    for since, join in _JOIN_SINCE:
        if newest >= since:
            return join
    return _OLDEST_JOIN


def _needed(subgraph: Subgraph) -> Version:
    """The federation version a subgraph needs: what it links, or what its connectors imply."""
    linked = subgraph.federation or Version(2, 0)
    connect = subgraph.links.get(known.CONNECT)
    return max(linked, _CONNECT_NEEDS.get(connect.url.version, Version(2, 12))) if connect else linked


@dataclass(slots=True)
class _Use:
    """One composing directive and its name in each subgraph that applies it."""

    spec: str
    own: str
    names: dict[int, str] = field(default_factory=dict)


def link_features(ctx: Merging) -> bool:
    """Link what is used. False when a directive goes by different names, which is reported."""
    uses: dict[str, _Use] = {}
    connect = False
    for index, subgraph in enumerate(ctx.subgraphs):
        connect = connect or subgraph.links.get(known.CONNECT) is not None
        _hint_ignored(ctx, subgraph)
        seen: set[str] = set()
        for element in subgraph.elements():
            for item in element.applied:
                if item.spec is None or item.name in seen:
                    continue
                seen.add(item.name)
                identity, own = item.spec
                spec = _supergraph_spec(identity, own)
                if spec:
                    uses.setdefault(own, _Use(spec, own)).names[index] = item.name
                elif identity == FEDERATION and own in KEPT:
                    ctx.kept_directives[item.name] = f"federation__{own}"
    for use in uses.values():
        if len(set(use.names.values())) > 1:
            _report_names(ctx, use)
            return False
    for spec in dict.fromkeys(use.spec for use in uses.values()):
        _link(ctx, spec, [use for use in uses.values() if use.spec == spec])
    for own in dict.fromkeys(name.removeprefix("federation__") for name in ctx.kept_directives.values()):
        ctx.out.links.append(SupergraphLink(f"{APOLLO}{own}/{KEPT[own]}", "EXECUTION"))
    if connect:
        ctx.out.links.append(SupergraphLink(f"{known.CONNECT}/{CONNECT_VERSION}", "EXECUTION"))
    return True


CONNECT_VERSION = Version(0, 3)


def _hint_ignored(ctx: Merging, subgraph: Subgraph) -> None:
    """A specification that claims a part in security or execution, and that nobody here reads."""
    for link in subgraph.links:
        if link.purpose and known.known_elements(link.url.identity, link.url.version) is None:
            ctx.problems.hint(
                "LINKED_FEATURE_IGNORED",
                f'"{subgraph.name}" links {link.url} for {link.purpose}, which this gateway does not know: '
                "it has no effect here",
                [(subgraph.name, link.node)],
            )


def _supergraph_spec(identity: str, own: str) -> str | None:
    spec = known.COMPOSED.get(own)
    if spec and identity in (FEDERATION, APOLLO + spec):
        return spec
    return None


def _report_names(ctx: Merging, use: _Use) -> None:
    says = ", ".join(f'"@{name}" in "{ctx.name(index)}"' for index, name in use.names.items())
    places = []
    for index in use.names:
        link = ctx.subgraphs[index].links.get(FEDERATION)
        places.append((ctx.name(index), link.node if link else None))
    ctx.problems.error("LINK_IMPORT_NAME_MISMATCH", f'"@{use.own}" goes by different names: {says}', places)


def _link(ctx: Merging, name: str, uses: list[_Use]) -> None:
    spec = known.supergraph_spec(name)
    names = {use.own: next(iter(use.names.values())) for use in uses}
    imports = []
    for own in spec.directives:
        default = spec.name if own == spec.name else f"{spec.name}__{own}"
        ours = names.get(own, default)
        if ours != default:
            imports.append(("@" + own, "@" + ours))
        definition = supergraph_definition(spec, own, ours)
        ctx.out.spec_directives[ours] = definition
        if own in names:
            ctx.merged_directives[ours] = MergedDirective(
                own, known.MERGED_ARGUMENTS.get(own, {}), "name" if own == "context" else None
            )
    ctx.out.spec_types.extend(f"{spec.name}__{type_}" for type_ in spec.types)
    ctx.out.links.append(SupergraphLink(f"{spec.identity}/{spec.version}", spec.purpose, imports))


def supergraph_definition(spec: known.SupergraphSpec, own: str, ours: str) -> DirectiveDef:
    """A specification's directive as the supergraph defines it."""
    text = known.define(spec.directives[own], ours, lambda type_: f"{spec.name}__{type_}")
    return _READER.definition(known.parse_definition(text), ours)


_READER = Reader(Links(), {}, {})
