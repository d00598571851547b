"""The in-process subgraph behind the executor's seam."""

from __future__ import annotations

import asyncio
from typing import Any

import strawberry
from graphql import GraphQLError

from gateway.federation.fetcher import SubgraphRequest, SubgraphResponse
from gateway.federation.local_fetcher import LocalFetcher

started: list[str] = []
release = asyncio.Event()


@strawberry.federation.type(keys=["nhsNumber"])
class Patient:
    nhs_number: strawberry.ID = strawberry.federation.field(name="nhsNumber")

    @classmethod
    async def resolve_reference(cls, info: strawberry.Info, nhs_number: str) -> Patient | None:
        started.append(nhs_number)
        if len(started) < info.context["together"]:
            await release.wait()
        release.set()
        if nhs_number == "9990000026":
            raise ValueError("secret 9990000026")
        if nhs_number == "9990000034":
            raise GraphQLError("No such person.", extensions={"code": "PATIENT_NOT_AVAILABLE"})
        return None if nhs_number == "9990000042" else cls(nhs_number=strawberry.ID(nhs_number))

    @strawberry.field
    def greeting(self) -> str:
        return f"hello {self.nhs_number}"


@strawberry.federation.type(keys=["odsCode"])
class Organisation:
    ods_code: str

    @classmethod
    def resolve_reference(cls, odsCode: str) -> Organisation:
        return cls(ods_code=odsCode)


@strawberry.type
class Query:
    patient: Patient | None = None
    organisation: Organisation | None = None


fetcher = LocalFetcher(strawberry.federation.Schema(Query)._schema, Query())
ENTITIES = (
    "query($r:[_Any!]!){_entities(representations:$r){...on Patient{nhsNumber greeting} ...on Organisation{odsCode}}}"
)


async def ask(*representations: dict[str, Any], together: int = 0) -> SubgraphResponse:
    started.clear()
    release.clear()
    request = SubgraphRequest("record", ENTITIES, None, {"r": list(representations)}, "query")
    return await fetcher.fetch(request, {"together": together})


def patient(number: str) -> dict[str, Any]:
    return {"__typename": "Patient", "nhsNumber": number}


async def test_references_are_resolved_side_by_side() -> None:
    numbers = ["9990000018", "9990000050", "9990000069"]
    response = await asyncio.wait_for(ask(*map(patient, numbers), together=3), 5)
    assert started == numbers
    assert response.data == {"_entities": [{"nhsNumber": n, "greeting": f"hello {n}"} for n in numbers]}


async def test_one_failing_reference_leaves_the_others() -> None:
    response = await ask(patient("9990000018"), patient("9990000026"), patient("9990000034"), patient("9990000042"))
    assert response.data is not None
    assert [entity and entity["nhsNumber"] for entity in response.data["_entities"]] == [
        "9990000018",
        None,
        None,
        None,
    ]
    assert [(error.path, error.extensions["code"]) for error in response.errors] == [
        (("_entities", 1), "INTERNAL_ERROR"),
        (("_entities", 2), "PATIENT_NOT_AVAILABLE"),
    ]
    assert response.errors[1].message == "No such person."
    assert "secret" not in str(response.errors)


async def test_keys_come_by_their_graphql_name_too() -> None:
    response = await ask({"__typename": "Organisation", "odsCode": "RRV"})
    assert response.data == {"_entities": [{"odsCode": "RRV"}]}


async def test_the_callers_representation_is_left_as_it_was() -> None:
    given = patient("9990000018")
    await ask(given)
    assert given == patient("9990000018")


async def test_an_unknown_type_is_an_error_of_its_own() -> None:
    response = await ask({"__typename": "Nobody", "id": "1"}, patient("9990000018"))
    assert response.data is not None
    assert response.data["_entities"][1]["nhsNumber"] == "9990000018"
    assert [error.path for error in response.errors] == [("_entities", 0)]


async def test_refused_variables_give_no_data_and_no_value_away() -> None:
    request = SubgraphRequest("record", ENTITIES, None, {"r": "secret"}, "query")
    response = await fetcher.fetch(SubgraphRequest("record", ENTITIES, None, {}, "query"), {"together": 0})
    assert response.data is None
    assert len(response.errors) == 1
    assert "secret" not in str((await fetcher.fetch(request, {"together": 0})).errors)
