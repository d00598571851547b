"""Every field of the published schema stands in a section: what nobody classified, nobody would see."""

from __future__ import annotations

import pytest
from graphql import InterfaceTypeDefinitionNode, ObjectTypeDefinitionNode, ObjectTypeExtensionNode, parse

from policies.roles import Field, RoleMatrix
from resolvers.schema import record_sdl


@pytest.fixture(scope="module")
def fields() -> set[Field]:
    kinds = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode, ObjectTypeExtensionNode)
    return {
        (node.name.value, field.name.value)
        for node in parse(record_sdl()).definitions
        if isinstance(node, kinds) and not node.name.value.startswith("_")
        for field in node.fields
        if not field.name.value.startswith("_")
    }


def test_every_field_of_the_schema_is_classified(matrix: RoleMatrix, fields: set[Field]) -> None:
    assert matrix.unclassified(fields) == []


def test_the_table_names_no_field_that_the_schema_lacks(matrix: RoleMatrix, fields: set[Field]) -> None:
    assert matrix.unknown(fields) == []
