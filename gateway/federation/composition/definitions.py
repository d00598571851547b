"""Directive definitions in a subgraph: those of its linked specifications, and its own, if compatible.

A subgraph may repeat a specification's definition, or narrow it (fewer locations, not repeatable, a
plainer argument type); it may not widen it. Source: federation specification, "Manually including
directive definitions".
"""

from __future__ import annotations

from graphql import specified_directives

from gateway.federation.composition import known
from gateway.federation.composition.errors import Problems
from gateway.federation.composition.model import BUILT_IN_SCALARS, ArgDef, DirectiveDef
from gateway.federation.composition.typerefs import is_list, is_non_null, list_item, nullable
from gateway.federation.composition.values import ABSENT, same_value, value_text
from gateway.federation.links import APOLLO, FEDERATION, LINK, Version
from gateway.federation.subgraph import Subgraph

_LINK_DEFINITION = "@link(url: String, as: String, for: <Purpose>, import: [<Import>]) repeatable on SCHEMA"
_BUILT_IN = ("include", "skip", "deprecated", "specifiedBy")


def complete(subgraph: Subgraph, problems: Problems) -> None:
    """Check the subgraph's own copies of known definitions, then add the definitions that it left out."""
    for name, expected in known_definitions(subgraph).items():
        own = subgraph.directives.get(name)
        if own is None or (subgraph.federation is None and _loose_federation_1(own, expected)):
            subgraph.directives[name] = expected
        else:
            check_definition(subgraph, own, expected, problems)
    _check_types(subgraph, problems)


def known_definitions(subgraph: Subgraph) -> dict[str, DirectiveDef]:
    """Definitions that hold in this subgraph, under the names it gives them."""
    texts: dict[str, str] = {}
    version = subgraph.federation or known.UPGRADED_FEDERATION
    definitions = known.federation_directives(version)
    for ours, name in subgraph.fed_names.items():
        texts[ours] = known.define(definitions[name], ours, subgraph.spec_type)
    link = subgraph.links.get(LINK)
    if link:
        texts[link.alias] = known.define(_LINK_DEFINITION, link.alias, link.type_name)
    for other in subgraph.links:
        name = other.url.identity.removeprefix(APOLLO)
        if other.url.identity.startswith(APOLLO) and name in known.COMPOSED.values():
            spec = known.supergraph_spec(name)
            for directive, text in spec.directives.items():
                ours = other.directive_name(directive)
                texts.setdefault(ours, known.define(text, ours, other.type_name))
    result = {name: subgraph.reader.definition(known.parse_definition(text), name) for name, text in texts.items()}
    return result | {name: item for name, item in built_in().items() if name not in result}


_built_in: dict[str, DirectiveDef] = {}


def built_in() -> dict[str, DirectiveDef]:
    """GraphQL's own directives."""
    if not _built_in:
        for directive in specified_directives:
            if directive.name not in _BUILT_IN:
                continue
            args = {
                name: ArgDef(name, type=str(arg.type), parent="@" + directive.name)
                for name, arg in directive.args.items()
            }
            if directive.name == "deprecated":
                args["reason"].default = "No longer supported"
                args["reason"].type = "String"
            locations = tuple(location.name for location in directive.locations)
            _built_in[directive.name] = DirectiveDef(directive.name, args=args, locations=locations)
    return _built_in


def _loose_federation_1(own: DirectiveDef, expected: DirectiveDef) -> bool:
    """Federation 1 schemas define key, requires and provides in ways that were never right but are common."""
    if own.name not in ("key", "requires", "provides"):
        return False
    if not own.args:
        return True
    fields = own.args.get("fields")
    return len(own.args) == 1 and fields is not None and fields.type in ("String", "_FieldSet", "FieldSet")


def check_definition(subgraph: Subgraph, own: DirectiveDef, expected: DirectiveDef, problems: Problems) -> None:
    """Report where a subgraph's own definition goes beyond the specification's."""

    def wrong(what: str, node: ArgDef | DirectiveDef = own) -> None:
        problems.error(
            "DIRECTIVE_DEFINITION_INVALID",
            f'Definition of "@{own.name}" differs from its specification: {what}',
            [(subgraph.name, node.node)],
        )

    for name, arg in expected.args.items():
        ours = own.args.get(name)
        if ours is None:
            if arg.required:
                wrong(f'argument "{name}" is missing')
            continue
        type_ = nullable(ours.type) if is_non_null(ours.type) and not is_non_null(arg.type) else ours.type
        if type_ != arg.type and not _may_stand_for(subgraph, arg.type, type_):
            wrong(f'argument "{name}" is of type "{ours.type}" and not "{arg.type}"', ours)
        elif not is_non_null(ours.type) and not same_value(arg.default, ours.default):
            wrong(f'the default of argument "{name}" is {_default(ours)} and not {_default(arg)}', ours)
    for name, ours in own.args.items():
        if name not in expected.args:
            wrong(f'argument "{name}" is not known', ours)
    if own.repeatable and not expected.repeatable:
        wrong("it is not repeatable")
    extra = [location for location in own.locations if location not in expected.locations]
    if extra:
        wrong(f"it does not belong on {', '.join(extra)}")


def _may_stand_for(subgraph: Subgraph, expected: str, actual: str) -> bool:
    """A specification's own scalar takes anything, so any type but another custom scalar may stand for it."""
    if expected == actual:
        return True
    if is_non_null(expected):
        return is_non_null(actual) and _may_stand_for(subgraph, nullable(expected), nullable(actual))
    if is_list(expected):
        whole = is_list(actual) and not is_non_null(actual)
        return whole and _may_stand_for(subgraph, list_item(expected), list_item(actual))
    own = subgraph.types.get(actual)
    custom = own is not None and own.kind == "Scalar" and actual not in BUILT_IN_SCALARS
    return expected not in BUILT_IN_SCALARS and not custom


def _default(arg: ArgDef) -> str:
    return "absent" if arg.default is ABSENT else value_text(arg.default)


def _check_types(subgraph: Subgraph, problems: Problems) -> None:
    """Types that belong to federation must be scalars when the subgraph declares them itself."""
    version = subgraph.federation
    names = known.federation_types(version) if version else ("FieldSet",)
    for name in names:
        own = subgraph.types.get(subgraph.spec_type(name))
        if own is not None and own.kind != "Scalar":
            problems.error(
                "TYPE_DEFINITION_INVALID",
                f'"{own.name}" is a scalar of the federation specification, but is defined as {own.kind}',
                [(subgraph.name, own.node)],
            )


def known_type_names(subgraph: Subgraph) -> set[str]:
    """Types that may be named without being defined here."""
    version: Version | None = subgraph.federation
    names = {subgraph.spec_type(name) for name in known.federation_types(version)} if version else set()
    for link in subgraph.links:
        if link.url.identity == LINK:
            names |= {link.type_name("Purpose"), link.type_name("Import")}
        elif link.url.identity == known.CONNECT:
            names |= {link.type_name(name) for name in known.CONNECT_TYPES}
        elif link.url.identity.startswith(APOLLO) and link.url.identity != FEDERATION:
            name = link.url.identity.removeprefix(APOLLO)
            if name in known.COMPOSED.values():
                names |= {link.type_name(item) for item in known.supergraph_spec(name).types}
    return names | BUILT_IN_SCALARS
