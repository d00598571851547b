"""Short ways to compose in a test."""

from __future__ import annotations

from gateway.federation.composition.compose import Composition, compose
from gateway.federation.subgraph import SubgraphInput

_NAMES = [
    "key",
    "requires",
    "provides",
    "external",
    "tag",
    "extends",
    "shareable",
    "inaccessible",
    "override",
    "composeDirective",
    "interfaceObject",
    "authenticated",
    "requiresScopes",
    "policy",
    "context",
    "fromContext",
    "cost",
    "listSize",
]
FED = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{}])\n'.format(
    ", ".join(f'"@{name}"' for name in _NAMES)
)


def composed(**sdl: str) -> Composition:
    """Compose subgraphs given by name, as they are (Federation 1 unless they link)."""
    return compose([SubgraphInput(name, text, f"http://{name}") for name, text in sdl.items()])


def composed2(**sdl: str) -> Composition:
    """Compose Federation 2 subgraphs that import every directive; the first line is the link's."""
    return composed(**{name: FED + text for name, text in sdl.items()})


def codes(result: Composition) -> list[str]:
    return sorted({error.code for error in result.errors})


def good(result: Composition) -> Composition:
    assert result.ok, [str(error) for error in result.errors]
    return result
