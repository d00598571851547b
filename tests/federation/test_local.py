"""The in-process subgraph: what Strawberry promises its resolvers holds in generated execution."""

from __future__ import annotations

import asyncio
import datetime
import enum
from typing import Any, Generic, TypeVar

import pytest
import strawberry
from graphql import execute, parse
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

from gateway.federation.local import LocalOperation, LocalResult

T = TypeVar("T")
heard: list[Any] = []


@strawberry.enum
class Kind(enum.Enum):
    FOOD = "food"
    DRUG = strawberry.enum_value("drug", name="MEDICINE")


@strawberry.input
class Window:
    since: datetime.date
    kinds: list[Kind] | None = None


@strawberry.interface
class Entry:
    id: strawberry.ID
    display_name: str | None


@strawberry.type
class Allergy(Entry):
    kind: Kind
    noted_on: datetime.date | None = None
    reactions: tuple[str, ...] = strawberry.field(graphql_type=list[str], default=())

    @strawberry.field
    def label(self, upper: bool = False) -> str:
        text = self.display_name or "?"
        return text.upper() if upper else text


@strawberry.type
class Medicine(Entry):
    dose: float


@strawberry.type
class Connection(Generic[T]):
    nodes: list[T]
    total: int


class Loud(FieldExtension):
    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return f"{await next_(source, info, **kwargs)}!"


class Never(BasePermission):
    message = "no"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return False


@strawberry.type
class Patient:
    nhs_number: str = strawberry.field(name="nhsNumber")

    @strawberry.field
    async def allergies(self, info: strawberry.Info, first: int = 2) -> Connection[Allergy]:
        heard.append((str(info.path.as_list()), info.field_name, info.context, _look(info.selected_fields)))
        await asyncio.sleep(0)
        return Connection(nodes=[_allergy(index) for index in range(first)], total=first)

    @strawberry.field
    def entries(self) -> list[Entry]:
        return [_allergy(0), Medicine(id=strawberry.ID("m"), display_name=None, dose=1.5)]

    @strawberry.field
    def either(self, parent: strawberry.Parent[Any]) -> Allergy | Medicine:
        assert parent is self
        return Medicine(id=strawberry.ID("m"), display_name=None, dose=2)

    @strawberry.field
    def echo(self, window: Window) -> str:
        return f"{window.since!r} {window.kinds}"

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError("secret")

    @strawberry.field(extensions=[Loud()])
    async def loud(self) -> str:
        return "hello"

    @strawberry.field(permission_classes=[Never])
    def never(self) -> str | None:
        return "seen"


def _allergy(index: int) -> Allergy:
    day = datetime.date(2020, 1, index + 1)
    return Allergy(
        id=strawberry.ID(str(index)), display_name=f"n{index}", kind=Kind.DRUG, noted_on=day, reactions=("a", "b")
    )


def _look(selections: list[Any]) -> Any:
    return [(each.name, _look(each.selections)) for each in selections]


@strawberry.type
class Query:
    @strawberry.field
    async def patient(self, nhs_number: str) -> Patient | None:
        return Patient(nhs_number=nhs_number) if nhs_number else None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, value: int) -> int:
        heard.append(("start", value))
        await asyncio.sleep(0.01 if value == 1 else 0)
        heard.append(("end", value))
        return value

    @strawberry.mutation
    def fail(self) -> int | None:
        raise ValueError("x")


schema = strawberry.Schema(Query, Mutation, types=[Allergy, Medicine])
CONTEXT = {"who": "me"}


@pytest.fixture(autouse=True)
def nothing_heard() -> None:
    heard.clear()


async def both(query: str, variables: dict[str, Any] | None = None) -> LocalResult:
    """Our result, after checking that graphql-core gives the same data and error paths."""
    document = parse(query)
    ours = await LocalOperation(schema._schema, document).run(None, variables or {}, CONTEXT)
    kept = list(heard)
    theirs: Any = execute(schema._schema, document, None, CONTEXT, variables or {})
    theirs = await theirs if asyncio.iscoroutine(theirs) else theirs
    heard[:] = kept
    assert ours.data == theirs.data
    assert [list(error.path) for error in ours.errors] == [error.path for error in theirs.errors or []]
    return ours


def patient(selection: str) -> str:
    return f'{{patient(nhsNumber:"9990000018"){{{selection}}}}}'


async def test_attributes_go_by_their_python_names() -> None:
    result = await both(patient("nhsNumber allergies{total nodes{id displayName notedOn kind reactions}}"))
    assert result.data is not None
    assert result.data["patient"]["allergies"]["nodes"][1] == {
        "id": "1",
        "displayName": "n1",
        "notedOn": "2020-01-02",
        "kind": "MEDICINE",
        "reactions": ["a", "b"],
    }


async def test_a_resolver_sees_context_path_and_selection() -> None:
    await both(patient("a:allergies(first:1){nodes{id label(upper:true)}}"))
    assert heard == [
        ("['patient', 'a']", "allergies", CONTEXT, [("allergies", [("nodes", [("id", []), ("label", [])])])])
    ]


async def test_interfaces_and_unions_resolve_by_class() -> None:
    selection = "entries{__typename id ...on Allergy{kind} ...on Medicine{dose}} either{...on Medicine{dose}}"
    result = await both(patient(selection))
    assert result.data is not None
    assert [entry["__typename"] for entry in result.data["patient"]["entries"]] == ["Allergy", "Medicine"]


async def test_arguments_are_converted_as_strawberry_does() -> None:
    await both(patient('echo(window:{since:"2020-01-02",kinds:[FOOD,MEDICINE]})'))
    query = 'query($w:Window!){patient(nhsNumber:"1"){echo(window:$w) allergies(first:0){total}}}'
    result = await both(query, {"w": {"since": "2020-01-02"}})
    assert result.data == {
        "patient": {"echo": "datetime.date(2020, 1, 2) None", "allergies": {"total": 0}},
    }


async def test_a_refused_variable_is_told_before_anything_runs() -> None:
    document = parse('query($w:Window!){patient(nhsNumber:"1"){echo(window:$w)}}')
    result = await LocalOperation(schema._schema, document).run(None, {"w": {"since": "x"}}, CONTEXT)
    assert result.data is None
    assert len(result.refused) == 1


async def test_a_failing_resolver_costs_its_field() -> None:
    result = await both(patient("broken nhsNumber"))
    assert result.data == {"patient": {"broken": None, "nhsNumber": "9990000018"}}
    assert isinstance(result.errors[0].error, ValueError)


async def test_field_extensions_and_permissions_run() -> None:
    result = await both(patient("loud never"))
    assert result.data == {"patient": {"loud": "hello!", "never": None}}
    assert [error.path for error in result.errors] == [("patient", "never")]


async def test_mutations_run_one_after_the_other() -> None:
    result = await both("mutation{a:add(value:1) fail b:add(value:2)}")
    assert result.data == {"a": 1, "fail": None, "b": 2}
    assert heard == [("start", 1), ("end", 1), ("start", 2), ("end", 2)]


async def test_queries_run_side_by_side() -> None:
    order: list[str] = []

    @strawberry.type
    class Root:
        @strawberry.field
        async def slow(self) -> int:
            order.append("slow starts")
            await asyncio.sleep(0.01)
            order.append("slow ends")
            return 1

        @strawberry.field
        async def quick(self) -> int:
            order.append("quick")
            return 2

    built = strawberry.Schema(Root)
    await LocalOperation(built._schema, parse("{slow quick}")).run(None, {}, None)
    assert order == ["slow starts", "quick", "slow ends"]


async def test_introspection_is_answered_in_place() -> None:
    result = await both('query($n:String!){__type(name:$n){name} patient(nhsNumber:""){nhsNumber}}', {"n": "Patient"})
    assert result.data == {"__type": {"name": "Patient"}, "patient": None}


async def test_conditions_choose_among_compiled_variants() -> None:
    query = 'query($a:Boolean!){patient(nhsNumber:"1"){nhsNumber@include(if:$a) __typename}}'
    operation = LocalOperation(schema._schema, parse(query))
    for a in (True, False, True):
        result = await operation.run(None, {"a": a}, CONTEXT)
        assert result.data is not None
        assert ("nhsNumber" in result.data["patient"]) is a


async def test_a_cancelled_execution_cancels_its_resolvers() -> None:
    ended = asyncio.Event()

    @strawberry.type
    class Root:
        @strawberry.field
        async def forever(self) -> int:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return 1

        @strawberry.field
        async def other(self) -> int:
            await asyncio.Event().wait()
            return 1

    operation = LocalOperation(strawberry.Schema(Root)._schema, parse("{forever other}"))
    task = asyncio.ensure_future(operation.run(None, {}, None))
    await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert ended.is_set()
