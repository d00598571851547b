"""The record subgraph: its schema, and its SDL for composition."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.mutation import Mutation
from resolvers.query import Query
from resolvers.scalars import SCALARS

RECORD = strawberry.federation.Schema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(scalar_map=SCALARS, sort_schema=False),
    federation_version="2.9",  # the newest that every composer in use understands
)
"""Strawberry defines, validates and introspects it; the generated execution runs it."""


def record_sdl() -> str:
    """The subgraph's SDL, federation directives included."""
    return RECORD.as_str()


def graphql_core_schema() -> Any:
    """The same as a graphql-core GraphQLSchema."""
    return RECORD._schema
