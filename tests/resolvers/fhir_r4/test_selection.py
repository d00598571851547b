"""An operation is answered alike whether sources are told what it selects or not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLOutputType, get_named_type, is_abstract_type, is_leaf_type

from resolvers.lookahead import SECTION_FIELDS
from resolvers.schema import graphql_core_schema
from tests.resolvers.fhir_r4.full import OTHERS, RESOURCES
from tests.resolvers.fhir_r4.kit import EVERYTHING
from tests.resolvers.fhir_r4.server import NUMBER, FhirServer, declared, patient, source
from tests.resolvers.kit import People, ask, context, person

NAME = re.compile(r"\w+")


async def answered(body: str, told: bool) -> Any:
    """The data of an operation over the person's record, sources told what is selected or not."""
    query = f'{{ patient(nhsNumber: "{NUMBER}") {{ {body} }} }}'
    includes = {key: ["*"] for key in EVERYTHING}
    server = FhirServer([patient(), *RESOURCES, *OTHERS], declared(EVERYTHING, includes=includes))
    made = context(source(server), people=People({NUMBER: person(NUMBER)}))
    made.names = frozenset(NAME.findall(query)) if told else None
    answer = await ask(query, made)
    assert not answer.errors, answer.errors
    return answer.data


def selected(output: GraphQLOutputType, depth: int = 3) -> str:
    """All fields of a type, and of those below."""
    named: Any = get_named_type(output)
    if is_leaf_type(named):
        return ""
    if is_abstract_type(named) or depth == 0:
        return "{ __typename }"
    return "{ " + " ".join(f"{name} {selected(field.type, depth - 1)}" for name, field in named.fields.items()) + " }"


def entry_type(section: str) -> GraphQLObjectType:
    types: Any = graphql_core_schema().type_map
    connection: Any = get_named_type(types["Patient"].fields[section].type)
    found = get_named_type(connection.fields["nodes"].type)
    assert isinstance(found, GraphQLObjectType)
    return found


@pytest.mark.parametrize("section", sorted(SECTION_FIELDS))
async def test_each_field_alone(section: str) -> None:
    for name, field in entry_type(section).fields.items():
        body = f"{section} {{ nodes {{ {name} {selected(field.type)} }} totalCount completeness finding }}"
        assert await answered(body, told=True) == await answered(body, told=False), name


@pytest.mark.parametrize(
    "body",
    [
        "allergies { groups { label entries { id } conflicts { kind entries } } conflicts { kind entries } }",
        "medications { groups { label entries { id } conflicts { kind entries } } }",
        'testResults(category: "laboratory") { nodes { id } totalCount }',
        'testResults(category: "imaging") { nodes { id } totalCount }',
        "appointments(when: FUTURE) { nodes { id } }",
        "appointments(when: PAST, status: [BOOKED]) { nodes { id } }",
        "hospitalStays(kind: [INPATIENT]) { nodes { id } }",
        "hospitalStays(kind: [EMERGENCY]) { nodes { id } }",
        'conditions(since: "2024-06-01", status: [ACTIVE]) { nodes { id } }',
        "allergies(first: 1) { edges { cursor node { id } } pageInfo { hasNextPage } }",
        "a: conditions { nodes { id } } b: conditions { nodes { note severity { text } } } medications { nodes { id } }",
    ],
)
async def test_filters_groups_and_aliases(body: str) -> None:
    assert await answered(body, told=True) == await answered(body, told=False)


async def test_what_nobody_selects_costs_nothing() -> None:
    wrong = [{**each, "interpretation": 5} if each["resourceType"] == "Observation" else each for each in RESOURCES]
    states = {}
    for names in (frozenset({"nodes", "id"}), None):
        made = context(
            source(FhirServer([patient(), *wrong], declared(EVERYTHING))), people=People({NUMBER: person(NUMBER)})
        )
        made.names = names
        query = f'{{ patient(nhsNumber: "{NUMBER}") {{ testResults {{ sources {{ status }} }} }} }}'
        answer: Any = (await ask(query, made)).data
        states[names] = answer["patient"]["testResults"]["sources"][0]["status"]
    assert list(states.values()) == ["ANSWERED", "PARTIAL"]
