"""The direct answer: today's bytes without today's look at every value, and nothing direct that is not proved."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
import strawberry
from graphql import GraphQLSchema, build_schema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.federation import execute
from gateway.federation.composition.compose import SubgraphInput, compose
from gateway.federation.direct import Surplus, surplus, take_away
from gateway.federation.execute import Executor, Outcome
from gateway.federation.fetcher import SubgraphRequest, SubgraphResponse
from gateway.federation.gate_points import GateNeed
from gateway.federation.local_fetcher import LocalFetcher
from gateway.federation.plan import FetchStep, GatePoint, Key, Need, NeedOn, QueryPlan, Rename
from gateway.federation.planner import Planner
from gateway.federation.prepared import Prepared
from gateway.federation.project import Projection
from gateway.federation.shape import Shapes, find_operation

TYPES = """
type Query { item: Item items: [Item!] node: Node any: Any kind: Kind }
type Item implements Node { id: ID! name: String size: Int! tags: [String!]! kind: Kind at: Date next: Item }
interface Node { id: ID! }
union Any = Item
enum Kind { A B }
scalar Date
"""
SCHEMA = build_schema(TYPES)
READ = frozenset({"items", "next"})


def shapes(schema: GraphQLSchema, query: str, decided: Mapping[str, bool] | None = None) -> Shapes:
    document = parse(query)
    return Shapes(schema, document, find_operation(document, None), decided or {})


def found(query: str, step: str | None = None, **changed: str) -> tuple[Surplus, ...] | None:
    """What a step's selections have more than the client's, over schemas that differ as `client` and `given` say,
    which are read as "old -> new"."""
    texts = []
    for side in ("client", "given"):
        old, _, new = changed.get(side, "").partition(" -> ")
        assert old in TYPES
        texts.append(TYPES.replace(old, new) if old else TYPES)
    client, given = (build_schema(text) for text in texts)
    return surplus(shapes(client, query), shapes(given, step or query), READ)


EVERYTHING = "{item{id name n:name size tags kind at __typename t:__typename next{id}} items{id}}"


def test_the_same_selections_of_the_same_types_are_the_clients_answer() -> None:
    assert found(EVERYTHING) == ()
    assert found("{...on Query{item{...F}}} fragment F on Item{size ...on Node{id}}", "{item{size id}}") == ()


@pytest.mark.parametrize(
    ("query", "step"),
    [
        ("{item{id name}}", "{item{name id}}"),
        ("{item{id} kind}", "{kind item{id}}"),
        ("{item{a:name b:name}}", "{item{b:name a:name}}"),
        ("{item{id name}}", "{item{id}}"),
        ("{item{id next{id name}}}", "{item{id next{name id}}}"),
        ("{item{id}}", "{item{id:name}}"),
        ("{item{id}}", "{item{id:__typename}}"),
        ("{item{t:__typename}}", "{item{t:id}}"),
        ("{node{id}}", "{node{id}}"),
        ("{any{__typename}}", "{any{__typename}}"),
        ("{__schema{queryType{name}}}", "{__schema{queryType{name}}}"),
    ],
)
def test_other_selections_are_not(query: str, step: str) -> None:
    assert found(query, step) is None


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ("{item{size}}", {"given": "size: Int! -> size: Int"}),
        ("{item{name}}", {"client": "name: String -> name: String!"}),
        ("{items{id}}", {"given": "[Item!] -> [Item]"}),
        ("{item{tags}}", {"given": "[String!]! -> [String!]"}),
        ("{item{tags}}", {"given": "[String!]! -> String!"}),
        ("{item{tags}}", {"client": "[String!]! -> [[String]]"}),
        ("{kind}", {"client": "{ A B } -> { A }"}),
        ("{kind}", {"given": "{ A B } -> { A B C }"}),
        ("{kind}", {"given": "enum Kind { A B } -> scalar Kind"}),
        ("{kind}", {"client": "enum Kind { A B } -> scalar Kind"}),
        ("{item{name}}", {"given": "name: String -> name: ID"}),
        ("{item{name}}", {"given": "name: String -> name: Date"}),
        ("{item{at}}", {"client": "at: Date -> at: String"}),
        ("{item{id}}", {"given": "item: Item -> item: Node"}),
        ("{item{id}}", {"client": "item: Item -> item: Node"}),
        ("{item{id}}", {"given": "item: Item -> item: Other type Other { id: ID! }  type Unused { u: Int }"}),
    ],
)
def test_types_that_might_give_what_the_clients_do_not_admit_are_not(query: str, changed: dict[str, str]) -> None:
    if "Other" in changed.get("given", ""):
        text = TYPES.replace("item: Item", "item: Other") + "type Other { id: ID! }"
        assert surplus(shapes(SCHEMA, query), shapes(build_schema(text), query), READ) is None
        return
    assert found(query, **changed) is None


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ("{item{name}}", {"given": "name: String -> name: String!"}),
        ("{items{id}}", {"client": "[Item!] -> [Item]"}),
        ("{kind}", {"given": "{ A B } -> { A }"}),
        ("{item{at}}", {"given": 'scalar Date -> scalar Date @specifiedBy(url: "https://x.example")'}),
    ],
)
def test_types_that_give_less_are(query: str, changed: dict[str, str]) -> None:
    assert found(query, **changed) == ()


def test_a_root_of_another_name_is_not() -> None:
    renamed = build_schema("schema { query: Root }" + TYPES.replace("type Query", "type Root"))
    assert surplus(shapes(SCHEMA, "{__typename}"), shapes(renamed, "{__typename}"), READ) is None


def test_conditions_are_those_of_the_request() -> None:
    query = "query($q:Boolean!){item{id name@include(if:$q)}}"
    assert surplus(shapes(SCHEMA, query, {"q": True}), shapes(SCHEMA, "{item{id name}}"), READ) == ()
    assert surplus(shapes(SCHEMA, query, {"q": False}), shapes(SCHEMA, "{item{id}}"), READ) == ()
    assert surplus(shapes(SCHEMA, query, {"q": True}), shapes(SCHEMA, "{item{id}}"), READ) is None


def test_a_proof_is_for_the_selections_that_were_executed() -> None:
    projection = Projection(SCHEMA, parse("{item{id}}"))
    assert projection.surplus(shapes(SCHEMA, "{item{id}}"), {}, READ) == ()
    assert projection.surplus(shapes(SCHEMA, "{item{id:name}}"), {}, READ) is None


def test_what_a_role_may_not_see_is_never_proved() -> None:
    projection = Projection(SCHEMA, parse("{item{id name}}"), forbidden=frozenset({("Item", "name")}))
    assert projection.surplus(shapes(SCHEMA, "{item{id name}}"), {}, READ) is None


def test_what_was_asked_for_besides_is_found_and_taken_away() -> None:
    more = found("{items{id next{name}}}", "{kind items{id __g_size:size next{__typename __g_id:id name}}}")
    assert more == (
        Surplus((), ("kind",)),
        Surplus((Key("items"),), ("__g_size",)),
        Surplus((Key("items"), Key("next")), ("__typename", "__g_id")),
    )
    item = {"id": "1", "__g_size": 1, "next": {"__typename": "Item", "__g_id": "2", "name": None}}
    tree = {"kind": "A", "items": [item, {"id": "3", "__g_size": 3, "next": None}]}
    take_away(tree, more)
    assert tree == {"items": [{"id": "1", "next": {"name": None}}, {"id": "3", "next": None}]}


def test_what_cannot_be_taken_away_is_not() -> None:
    assert found("{item{id}}", "{item{id name}}") is None
    assert found("{item{next{id}}}", "{item{next{id name}}}") is None
    assert found("{items{next{id}}}", "{items{next{id name}}}") is not None


@strawberry.enum
class Status(Enum):
    ACTIVE = "active"
    GONE = "gone"


@strawberry.type
class Code:
    text: str | None
    system: str


@strawberry.type
class Entry:
    id: strawberry.ID
    status: Status | None
    minutes: float | None
    codes: list[Code | None] | None
    place: int

    @strawberry.field
    def title(self) -> str | None:
        if self.place % 7 == 6:
            raise ValueError("a secret of the resolver's")
        return f"title {self.place}"

    @strawberry.field
    async def by(self) -> Patient | None:
        return person(self.place)


@strawberry.type
class Patient:
    number: strawberry.ID
    name: str | None
    strict: str | None

    @strawberry.field
    async def entries(self, first: int = 2) -> list[Entry]:
        await asyncio.sleep(0)
        return [entry(int(self.number) + each) for each in range(first)]

    @strawberry.field
    def best(self) -> Entry | None:
        return entry(int(self.number))


def person(number: int) -> Patient:
    return Patient(number=strawberry.ID(str(number)), name=f"name {number}" if number % 3 else None, strict="s")


def entry(place: int) -> Entry:
    codes = None if place % 4 == 3 else [Code(text=None, system="s"), None, Code(text="\N{BULLET}", system="")]
    status = (Status.ACTIVE, Status.GONE, None)[place % 3]
    return Entry(id=strawberry.ID(f"e{place}"), status=status, minutes=place / 2, codes=codes, place=place)


@strawberry.type
class Query:
    @strawberry.field
    async def patient(self, number: int) -> Patient | None:
        await asyncio.sleep(0)
        return person(number) if number else None

    @strawberry.field
    def people(self) -> list[Patient]:
        return [person(1), person(2)]

    @strawberry.field
    def count(self) -> int:
        return 2


LOCAL = strawberry.federation.Schema(Query, federation_version="2.9")
COMPOSED = compose([SubgraphInput("record", LOCAL.as_str(), "http://x")]).supergraph
assert COMPOSED is not None
API = COMPOSED.api_schema
PLANNER = Planner(COMPOSED)
FETCHER = LocalFetcher(LOCAL._schema, Query())


class Refusing:
    """Refuses these people and remembers whom it was shown."""

    def __init__(self, *refused: int) -> None:
        self.refused = {str(number) for number in refused}
        self.shown: list[Mapping[str, Any]] = []

    async def admit(self, values: Sequence[Mapping[str, Any]], context: Any) -> Sequence[bool]:
        self.shown += values
        return [value["number"] not in self.refused for value in values]


def prepare(query: str, **more: Any) -> Prepared:
    document = parse(query)
    assert not validate(API, document)
    plan = PLANNER.plan(document, gates={"Patient": (GateNeed("patient", "number"),)})
    return Prepared(plan, API, document, **more)


@contextmanager
def counted() -> Iterator[list[int]]:
    """Grows with every direct answer."""
    answers: list[int] = []

    def count(tree: Any, found: Any) -> None:
        answers.append(1)
        take_away(tree, found)

    with patch.object(execute, "take_away", count):
        yield answers


@pytest.fixture
def direct() -> Iterator[list[int]]:
    with counted() as answers:
        yield answers


async def run(prepared: Prepared, variables: Mapping[str, Any], gate: Refusing, *, encodable: bool) -> Outcome:
    executor = Executor({"record": FETCHER}, {"patient": gate})
    return await executor.run(prepared, variables, None, encodable=encodable)


async def ask(query: str, variables: Mapping[str, Any] | None = None, *refused: int, **more: Any) -> Outcome:
    """The outcome, which is the careful projection's to the byte, after the same question to the gate."""
    prepared = more.pop("prepared", None) or prepare(query, **more)
    careful_gate, gate = Refusing(*refused), Refusing(*refused)
    careful = await run(prepared, variables or {}, careful_gate, encodable=False)
    outcome = await run(prepared, variables or {}, gate, encodable=True)
    written = msgspec.json.encode(outcome.data)
    assert written == msgspec.json.encode(careful.data)
    assert outcome.errors == careful.errors
    assert gate.shown == careful_gate.shown
    assert b"__g_" not in written
    return outcome


async def test_an_answer_with_nothing_wrong_is_direct(direct: list[int]) -> None:
    outcome = await ask("{patient(number:1){name entries{id status}} two:patient(number:2){n:number best{by{name}}}}")
    assert direct
    patient = outcome.data["patient"]
    assert isinstance(patient, dict)
    assert isinstance(patient["entries"][0], msgspec.Struct)
    assert msgspec.to_builtins(outcome.data)["two"] == {"n": "2", "best": {"by": {"name": "name 2"}}}


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("{patient(number:1){name}}", (1,)),
        ("{people{name entries{id}}}", (2,)),
        ("{patient(number:1){best{by{name}}} people{name}}", (2,)),
        ("{patient(number:6){name best{title codes{text}}}}", ()),
        ("{people{__typename name}}", ()),
    ],
)
async def test_answers_with_something_wrong_are_not(direct: list[int], query: str, refused: tuple[int, ...]) -> None:
    await ask(query, {}, *refused)
    assert bool(direct) is ("__typename" in query)


async def test_what_a_role_may_not_see_is_never_direct(direct: list[int]) -> None:
    outcome = await ask("{patient(number:1){name number}}", forbidden=frozenset({("Patient", "number")}))
    assert [error.code for error in outcome.errors] == ["FORBIDDEN"]
    assert not direct


def test_what_is_never_direct_is_asked_for_in_dicts() -> None:
    query = "{patient(number:1){name number}}"
    assert prepare(query).read({}) == {"patient", "__g_number"}
    assert prepare(query, forbidden=frozenset({("Patient", "number")})).read({}) is None


async def test_a_claim_to_be_of_another_type_is_never_direct(direct: list[int]) -> None:
    outcome = await ask("{people{__typename:name strict}}", {}, 1, 2)
    assert outcome.data == {"people": None} or [error.code for error in outcome.errors]
    assert not direct


def planned(query: str, **more: Any) -> Prepared:
    """One step that asks the client's very question, for somebody whom a gate watches."""
    step = FetchStep(0, "record", "query", more.pop("document", query), None, (), **more)
    return Prepared(QueryPlan("query", (step,)), API, parse(query))


GATE = GatePoint((Key("patient"),), frozenset({"Patient"}), "patient", (Need("number", "number"),))


async def test_what_a_gate_reads_below_is_there_to_be_read(direct: list[int]) -> None:
    """However it is shown: a place in a best entry, and a text in its codes."""
    codes = Need("codes", "__g_codes", (NeedOn(frozenset({"Code"}), (Need("text", "text"),)),))
    needs = (Need("number", "number"), Need("best", "__g_best", (Need("place", "place"), codes)))
    gate = GatePoint((Key("patient"), Key("entries"), Key("by")), frozenset({"Patient"}), "patient", needs)
    asked = "{patient(number:1){entries{by{name number best{id}}}}}"
    read = asked.replace("}}}}}", "} __g_best:best{place __g_codes:codes{__typename text}}}}}}")
    prepared = planned(asked, document=read, gates=(gate,))
    await ask("", prepared=prepared)
    assert direct
    seen = Refusing()
    await run(prepared, {}, seen, encodable=True)
    assert seen.shown[0]["best"] == {"place": 1, "codes": [{"text": None}, None, {"text": "\N{BULLET}"}]}
    assert (await ask("", {}, 2, prepared=prepared)).data["patient"]["entries"][1] == {"by": None}


async def test_what_is_not_proved_is_copied_from_structs(direct: list[int]) -> None:
    prepared = planned("{patient(number:1){name number best{id place}}}", document=OTHER_ORDER, gates=(GATE,))
    outcome = await ask("", prepared=prepared)
    assert isinstance(outcome.data, msgspec.Struct)
    assert not direct
    prepared = planned("{patient(number:1){name best{id place}}}", document=OTHER_ORDER, gates=(GATE,))
    assert (await ask("", {}, 1, prepared=prepared)).data == {"patient": None}


OTHER_ORDER = "{patient(number:1){name best{place id} number}}"


async def test_data_that_is_renamed_is_not_direct(direct: list[int]) -> None:
    moved = (Rename((), None, "c", "count"),)
    outcome = await ask("", prepared=planned("{count}", document="{count c:count}", renames=moved))
    assert msgspec.to_builtins(outcome.data) == {"count": 2}
    assert not direct


async def test_one_step_of_several_is_not_direct(direct: list[int]) -> None:
    steps = (
        FetchStep(0, "record", "query", "{count more:count}", None, ()),
        FetchStep(1, "record", "query", "{people{name} count}", None, ()),
    )
    outcome = await ask("", prepared=Prepared(QueryPlan("query", steps), API, parse("{people{name} count}")))
    assert msgspec.to_builtins(outcome.data) == {"people": [{"name": "name 1"}, {"name": "name 2"}], "count": 2}
    assert not direct


async def test_what_was_not_completed_here_is_not_direct(direct: list[int]) -> None:
    class Elsewhere:
        async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
            return SubgraphResponse({"count": "many"})

    outcome = await Executor({"record": Elsewhere()}).run(prepare("{count}"), {}, None, encodable=True)
    assert outcome.data is None
    assert not direct


async def test_each_combination_of_conditions_is_proved_for_itself(direct: list[int]) -> None:
    query = "query($q:Boolean!){people{name number@include(if:$q) best@skip(if:$q){id}} count@include(if:$q)}"
    prepared = prepare(query)
    for q in (True, False, True):
        outcome = await ask(query, {"q": q}, prepared=prepared)
        assert ("count" in outcome.data) is q
    assert len(direct) == 3


LEAVES = {
    "Patient": ["number", "name", "n:name", "number", "strict", "__typename"],
    "Entry": ["id", "status", "s:status", "minutes", "place", "title", "__typename", "t:__typename"],
    "Code": ["text", "system", "x:text", "__typename"],
}
BELOW = {
    "Patient": [("entries", "Entry"), ("entries", "Entry"), ("some:entries(first:3)", "Entry"), ("best", "Entry")],
    "Entry": [("codes", "Code"), ("by", "Patient"), ("author:by", "Patient")],
    "Code": [],
}
ROOTS = [("patient(number:$n)", "Patient"), ("two:patient(number:2)", "Patient"), ("people", "Patient")]
CONDITIONS = st.sampled_from(["", "", "", "@include(if:$a)", "@skip(if:$b)"])


@st.composite
def selections(draw: st.DrawFn, typename: str, depth: int) -> str:
    parts = [
        f"{leaf}{draw(CONDITIONS)}"
        for leaf in draw(st.lists(st.sampled_from(LEAVES[typename]), min_size=1, max_size=4))
    ]
    for field, below in BELOW[typename] if depth else []:
        if draw(st.booleans()):
            parts.append(f"{field}{draw(CONDITIONS)}{{{draw(selections(below, depth - 1))}}}")
    parts = draw(st.permutations(parts))
    cut = draw(st.integers(0, len(parts)))
    if draw(st.booleans()) and parts[cut:]:
        return f"{' '.join(parts[:cut])} ...on {typename}{draw(CONDITIONS)}{{{' '.join(parts[cut:])}}}"
    return " ".join(parts)


@st.composite
def queries(draw: st.DrawFn) -> str:
    roots = draw(st.lists(st.sampled_from(ROOTS), min_size=1, max_size=3))
    body = " ".join(f"{field}{draw(CONDITIONS)}{{{draw(selections(name, 2))}}}" for field, name in roots)
    body = draw(st.sampled_from(["", "count "])) + body
    kinds = {"$a": "Boolean!", "$b": "Boolean!", "$n": "Int!"}
    declared = ",".join(f"{name}:{kind}" for name, kind in kinds.items() if name in body)
    return f"query({declared}){{{body}}}" if declared else f"{{{body}}}"


@settings(max_examples=150, deadline=None)
@given(queries(), st.booleans(), st.booleans(), st.integers(0, 6), st.sets(st.integers(0, 5), max_size=1))
async def test_any_answer_is_the_careful_ones_to_the_byte(q: str, a: bool, b: bool, n: int, refused: set[int]) -> None:
    """And direct where nothing is wrong; under conditions the order of a step's fields may be another than the client's."""
    prepared, variables = prepare(q), {"a": a, "b": b, "n": n}
    with counted() as answers:
        outcome = await ask(q, variables, *refused, prepared=prepared)
    if outcome.errors or not prepared.projection.has_quick(variables):
        assert not answers
    elif "@" not in q and not refused:
        assert answers
