"""The specifications that composition knows: their directives by version, and what becomes of each.

Facts from the federation, tag, inaccessible, cost, context, authenticated, requiresScopes, policy,
cacheTag and connect specifications; the definitions are kept as SDL so that they can be compared with a
subgraph's own and printed. A type of the specification itself is written `<Name>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from graphql import DirectiveDefinitionNode, parse

from gateway.federation.links import APOLLO, FEDERATION, Version

NEWEST_FEDERATION = Version(2, 14)
UPGRADED_FEDERATION = Version(2, 4)  # what a Federation 1 subgraph is taken to have imported
CONNECT = APOLLO + "connect"
Strategy = Literal["max", "nullable_max", "nullable_union", "nullable_and", "dnf"]

_ALL = (
    "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE"
    " | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
)
_AUTH = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_COST = "ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR"
_SIZES = (
    "assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true"
)

# (since federation version, definition); a later line replaces an earlier one of the same name.
_FEDERATION: tuple[tuple[Version, str], ...] = (
    (Version(2, 0), "@key(fields: <FieldSet>!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"),
    (Version(2, 0), "@requires(fields: <FieldSet>!) on FIELD_DEFINITION"),
    (Version(2, 0), "@provides(fields: <FieldSet>!) on FIELD_DEFINITION"),
    (Version(2, 0), "@external(reason: String) on OBJECT | FIELD_DEFINITION"),
    (Version(2, 0), f"@tag(name: String!) repeatable on {_ALL}"),
    (Version(2, 0), "@extends on OBJECT | INTERFACE"),
    (Version(2, 0), "@shareable on OBJECT | FIELD_DEFINITION"),
    (Version(2, 0), f"@inaccessible on {_ALL}"),
    (Version(2, 0), "@override(from: String!) on FIELD_DEFINITION"),
    (Version(2, 1), "@composeDirective(name: String) repeatable on SCHEMA"),
    (Version(2, 2), "@shareable repeatable on OBJECT | FIELD_DEFINITION"),
    (Version(2, 3), f"@tag(name: String!) repeatable on {_ALL} | SCHEMA"),
    (Version(2, 3), "@interfaceObject on OBJECT"),
    (Version(2, 5), f"@authenticated on {_AUTH}"),
    (Version(2, 5), f"@requiresScopes(scopes: [[<Scope>!]!]!) on {_AUTH}"),
    (Version(2, 6), f"@policy(policies: [[<Policy>!]!]!) on {_AUTH}"),
    (Version(2, 7), "@override(from: String!, label: String) on FIELD_DEFINITION"),
    (Version(2, 8), "@context(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    (Version(2, 8), "@fromContext(field: <ContextFieldValue>) on ARGUMENT_DEFINITION"),
    (Version(2, 9), f"@cost(weight: Int!) on {_COST}"),
    (Version(2, 9), f"@listSize({_SIZES}) on FIELD_DEFINITION"),
    (Version(2, 12), "@cacheTag(format: String!) repeatable on OBJECT | INTERFACE | FIELD_DEFINITION"),
)
_FEDERATION_TYPES: tuple[tuple[Version, str], ...] = (
    (Version(2, 0), "FieldSet"),
    (Version(2, 5), "Scope"),
    (Version(2, 6), "Policy"),
    (Version(2, 8), "ContextFieldValue"),
)
FEDERATION_1 = ("key", "requires", "provides", "external", "extends", "tag")

# Specifications that appear in a supergraph: version, purpose, definitions, types.
_SPECS: dict[str, tuple[Version, str | None, tuple[str, ...], tuple[str, ...]]] = {
    "tag": (Version(0, 3), None, (f"@tag(name: String!) repeatable on {_ALL} | SCHEMA",), ()),
    "inaccessible": (Version(0, 2), "SECURITY", (f"@inaccessible on {_ALL}",), ()),
    "authenticated": (Version(0, 1), "SECURITY", (f"@authenticated on {_AUTH}",), ()),
    "requiresScopes": (
        Version(0, 1),
        "SECURITY",
        (f"@requiresScopes(scopes: [[<Scope>!]!]!) on {_AUTH}",),
        ("Scope",),
    ),
    "policy": (
        Version(0, 1),
        "SECURITY",
        (f"@policy(policies: [[<Policy>!]!]!) on {_AUTH}",),
        ("Policy",),
    ),
    "cost": (
        Version(0, 1),
        None,
        (f"@cost(weight: Int!) on {_COST}", f"@listSize({_SIZES}) on FIELD_DEFINITION"),
        (),
    ),
    "context": (
        Version(0, 1),
        "SECURITY",
        (
            "@context(name: String!) repeatable on INTERFACE | OBJECT | UNION",
            "@fromContext(field: <ContextFieldValue>) on ARGUMENT_DEFINITION",
        ),
        ("ContextFieldValue",),
    ),
}
# Federation's directives that compose by default, and the supergraph specification that holds each.
COMPOSED = {
    "tag": "tag",
    "inaccessible": "inaccessible",
    "authenticated": "authenticated",
    "requiresScopes": "requiresScopes",
    "policy": "policy",
    "cost": "cost",
    "listSize": "cost",
    "context": "context",
}
MERGED_ARGUMENTS: dict[str, dict[str, Strategy]] = {
    "cost": {"weight": "max"},
    "listSize": {
        "assumedSize": "nullable_max",
        "slicingArguments": "nullable_union",
        "sizedFields": "nullable_union",
        "requireOneSlicingArgument": "nullable_and",
    },
    "requiresScopes": {"scopes": "dnf"},
    "policy": {"policies": "dnf"},
}
AUTH_DIRECTIVES = ("authenticated", "requiresScopes", "policy")
NAMES_OF_FEDERATION = frozenset(text.split("(")[0].split(" ")[0][1:] for _, text in _FEDERATION)


@dataclass(frozen=True, slots=True)
class SupergraphSpec:
    """A specification as the supergraph links it."""

    name: str
    version: Version
    purpose: str | None
    directives: dict[str, str]
    types: tuple[str, ...]

    @property
    def identity(self) -> str:
        return APOLLO + self.name


@cache
def federation_directives(version: Version) -> dict[str, str]:
    """Federation's directives in this version: name -> definition text without the keyword."""
    found: dict[str, str] = {}
    for since, text in _FEDERATION:
        if since <= version:
            found[_name_of(text)] = text
    return found


@cache
def federation_types(version: Version) -> tuple[str, ...]:
    return tuple(name for since, name in _FEDERATION_TYPES if since <= version)


@cache
def supergraph_spec(name: str) -> SupergraphSpec:
    version, purpose, directives, types = _SPECS[name]
    return SupergraphSpec(name, version, purpose, {_name_of(text): text for text in directives}, types)


def known_elements(identity: str, version: Version) -> frozenset[str] | None:
    """Names that may be imported from a specification we know, or None for one we do not."""
    if identity == FEDERATION:
        names = federation_directives(version)
        return frozenset({"@" + name for name in names} | set(federation_types(version)))
    if identity.startswith(APOLLO):
        spec = _SPECS.get(identity.removeprefix(APOLLO))
        if spec:
            return frozenset({"@" + _name_of(text) for text in spec[2]} | set(spec[3]))
        if identity == CONNECT:
            return frozenset({"@connect", "@source"}) | CONNECT_TYPES
        if identity == APOLLO + "link":
            return frozenset({"@link", "Purpose", "Import"})
    return None


CONNECT_TYPES = frozenset(
    {
        "ConnectHTTP",
        "SourceHTTP",
        "ConnectBatch",
        "ConnectorErrors",
        "HTTPHeaderMapping",
        "JSONSelection",
        "URLTemplate",
        "URLPathTemplate",
    }
)


def define(text: str, name: str, type_name: Callable[[str], str]) -> str:
    """A definition under the name that a schema gives it, with its own types named by `type_name`."""
    own = _name_of(text)
    body = re.sub(r"<(\w+)>", lambda match: type_name(match[1]), text[1 + len(own) :])
    return f"directive @{name}{body}"


@cache
def parse_definition(sdl: str) -> DirectiveDefinitionNode:
    node = parse(sdl, no_location=True).definitions[0]
    assert isinstance(node, DirectiveDefinitionNode)
    return node


def _name_of(text: str) -> str:
    return re.split(r"[( ]", text, maxsplit=1)[0][1:]
