"""@link: identities, versions, names."""

from __future__ import annotations

import pytest
from graphql import SchemaExtensionNode, parse

from gateway.federation.links import LinkError, Links, SpecUrl, Version
from gateway.federation.subgraph import resolve_links

FEDERATION = "https://specs.apollo.dev/federation"


def links(text: str) -> Links:
    node = parse(f"extend schema {text}").definitions[0]
    assert isinstance(node, SchemaExtensionNode)
    return resolve_links(list(node.directives or ()))


def test_url_has_three_parts() -> None:
    url = SpecUrl.parse("https://user@host.org/deep/name/v1.20?x#y")
    assert (url.identity, url.name, url.version) == ("https://host.org/deep/name", "name", Version(1, 20))


@pytest.mark.parametrize(
    "text",
    ["name/v1.0", "https://h.org", "https://h.org/", "https://h.org/v1.0", "https://h.org/a/v1", "https://h/a/v01.0"],
)
def test_bad_url_is_refused(text: str) -> None:
    with pytest.raises(LinkError) as caught:
        SpecUrl.parse(text)
    assert caught.value.code == "INVALID_LINK_IDENTIFIER"


def test_zero_minor_versions_stand_alone() -> None:
    assert Version(1, 3).satisfies(Version(1, 1))
    assert not Version(1, 0).satisfies(Version(1, 1))
    assert not Version(0, 3).satisfies(Version(0, 2))


def test_names_go_both_ways() -> None:
    found = links(f'@link(url: "{FEDERATION}/v2.5", import: ["@key", {{name: "@tag", as: "@mark"}}, "FieldSet"])')
    link = found.get(FEDERATION)
    assert link is not None
    assert [link.directive_name(name) for name in ("key", "tag", "external")] == ["key", "mark", "federation__external"]
    assert (link.type_name("FieldSet"), link.type_name("Scope")) == ("FieldSet", "federation__Scope")
    origins = {name: found.directive_origin(name) for name in ("key", "mark", "federation__external", "tag", "other")}
    assert {name: origin and origin[1] for name, origin in origins.items()} == {
        "key": "key",
        "mark": "tag",
        "federation__external": "external",
        "tag": None,
        "other": None,
    }


def test_imported_name_replaces_the_prefixed_one() -> None:
    found = links(f'@link(url: "{FEDERATION}/v2.5", import: [{{name: "@key", as: "@k"}}])')
    assert found.directive_origin("federation__key") is None


def test_link_itself_can_be_renamed() -> None:
    found = links(
        '@core(url: "https://specs.apollo.dev/link/v1.0", as: "core")'
        f' @core(url: "{FEDERATION}/v2.0", as: "fed", import: ["@key"])'
    )
    assert found.link_name == "core"
    link = found.get(FEDERATION)
    assert link is not None
    assert link.directive_name("tag") == "fed__tag"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f'@link(url: "{FEDERATION}/v3.0")', "UNKNOWN_FEDERATION_LINK_VERSION"),
        (f'@link(url: "{FEDERATION}/v2.99")', "UNKNOWN_FEDERATION_LINK_VERSION"),
        (f'@link(url: "{FEDERATION}/v2.0", import: ["@interfaceObject"])', "INVALID_LINK_DIRECTIVE_USAGE"),
        (f'@link(url: "{FEDERATION}/v2.0", import: ["key"])', "INVALID_LINK_DIRECTIVE_USAGE"),
        (f'@link(url: "{FEDERATION}/v2.0", import: [{{name: "@key", as: "k"}}])', "INVALID_LINK_DIRECTIVE_USAGE"),
        (f'@link(url: "{FEDERATION}/v2.0", import: [{{as: "@k"}}])', "INVALID_LINK_DIRECTIVE_USAGE"),
        (f'@link(url: "{FEDERATION}/v2.0", import: [3])', "INVALID_LINK_DIRECTIVE_USAGE"),
        (f'@link(url: "{FEDERATION}/v2.0", as: "a__b")', "INVALID_LINK_DIRECTIVE_USAGE"),
        (f'@link(url: "{FEDERATION}/v2.0") @link(url: "{FEDERATION}/v2.1")', "INVALID_LINK_DIRECTIVE_USAGE"),
        (
            f'@link(url: "{FEDERATION}/v2.0", import: ["@key"]) @link(url: "https://h/x/v1.0", import: ["@key"])',
            "INVALID_LINK_DIRECTIVE_USAGE",
        ),
        (
            f'@link(url: "{FEDERATION}/v2.0") @link(url: "https://h/federation/v1.0")',
            "INVALID_LINK_DIRECTIVE_USAGE",
        ),
        ('@link(url: "https://specs.apollo.dev/link/v2.0")', "UNKNOWN_LINK_VERSION"),
    ],
)
def test_bad_link_names_its_rule(text: str, code: str) -> None:
    with pytest.raises(LinkError) as caught:
        links(text)
    assert caught.value.code == code
    assert caught.value.node is not None
