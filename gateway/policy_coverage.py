"""What `joinup policy check` looks at: partners whose SDL is at hand, fields that no section names, loaded rows."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLInterfaceType, GraphQLObjectType

from gateway.federation.subgraph import SubgraphInput
from gateway.graph import Graph
from gateway.settings import Settings
from gateway.subgraphs import Partner
from policies.files import PolicyFiles
from policies.roles import Field
from policies.sensitivity.tables import COLUMNS, FOLDER, LOADED


def inputs_of(known: Sequence[Partner]) -> tuple[list[SubgraphInput], list[str]]:
    """Partners that can be composed without asking anybody, and the names of the others."""
    inputs = [SubgraphInput(one.entry.name, one.sdl) for one in known if one.sdl is not None]
    return inputs, [one.entry.name for one in known if one.sdl is None]


def schema_fields(graph: Graph) -> set[Field]:
    """Every field of the graph's API, the built-in ones aside."""
    types = graph.supergraph.api_schema.type_map.values()
    return {
        (kind.name, name)
        for kind in types
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("_")
        for name in kind.fields
        if not name.startswith("_")
    }


def loaded_rows(settings: Settings) -> int:
    """How many rows the deployment has loaded. Raises PolicyFileError."""
    folder = settings.config.policy.directory
    files = PolicyFiles(settings.path(folder) if folder else None)
    return sum(1 for _ in files.get(f"{FOLDER}/{LOADED}").table(COLUMNS))
