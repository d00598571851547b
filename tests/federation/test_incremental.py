"""@defer: the first answer at once, the rest when it is there; put together it is the whole answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from graphql import build_schema, parse, print_ast
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.federation.defer import MAX_DEFERRED, defer_variables, defers, split, without_defer
from gateway.federation.execute import Executor
from gateway.federation.fetcher import FetchFailure, SubgraphError, SubgraphRequest, SubgraphResponse
from gateway.federation.incremental import Frame, deliver
from gateway.federation.plan import GatePoint, Key, Need, QueryPlan
from gateway.federation.prepared import Prepared
from resolvers.sources.upstream import Failure
from tests.federation.shop import Shop
from tests.federation.test_execute import root

SHOP = Shop()


async def frames(query: str, variables: dict[str, Any] | None = None, executor: Executor | None = None) -> list[Frame]:
    parts = split(SHOP.schema, parse(query), None, variables or {})

    def prepared(part: Any) -> Prepared:
        return Prepared(SHOP.planner.plan(part.planned), SHOP.schema, part.shown)

    deferred = [(each, prepared(each.part)) for each in parts.deferred]
    found = []
    async for frame in deliver(executor or SHOP.executor(), prepared(parts.first), deferred, variables or {}, None):
        found.append(frame)
    return found


def together(payloads: Sequence[Mapping[str, Any]]) -> Any:
    """What a client makes of the payloads, after checking that they follow the format."""
    first, *rest = payloads
    data = first["data"]
    open_ids = {each["id"]: each["path"] for each in first.get("pending", ())}
    assert first.get("hasNext", False) is bool(open_ids)
    for payload in rest:
        open_ids |= {each["id"]: each["path"] for each in payload.get("pending", ())}
        for entry in payload.get("incremental", ()):
            target = data
            for key in open_ids[entry["id"]]:
                target = target[key]
            put(target, entry["data"])
        for entry in payload["completed"]:
            del open_ids[entry["id"]]
        assert payload["hasNext"] is bool(open_ids)
    return data


def put(target: dict[str, Any], part: dict[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            put(target[key], value)
        else:
            assert key not in target or target[key] == value
            target[key] = value


async def whole(query: str, variables: dict[str, Any] | None = None) -> Any:
    document = without_defer(parse(query))
    return (
        await SHOP.executor().run(Prepared(SHOP.planner.plan(document), SHOP.schema, document), variables or {}, None)
    ).data


async def test_the_first_answer_does_not_wait_for_what_is_deferred() -> None:
    query = '{me{name ...@defer(label:"later"){reviews{body product{inStock}}}}}'
    payloads = [frame.payload for frame in await frames(query)]
    assert payloads[0] == {
        "data": {"me": {"name": "Ada"}},
        "pending": [{"id": "0", "path": ["me"], "label": "later"}],
        "hasNext": True,
    }
    assert payloads[1]["completed"] == [{"id": "0"}]
    assert payloads[1]["hasNext"] is False
    assert together(payloads) == await whole(query)


async def test_a_slow_subgraph_holds_up_its_fragment_alone() -> None:
    release = asyncio.Event()

    class Held:
        async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
            await release.wait()
            return await SHOP.fetchers["reviews"].fetch(request, context)

    query = "{me{name ...@defer{reviews{id}}} topProducts{upc}}"
    parts = split(SHOP.schema, parse(query), None, {})
    made = [Prepared(SHOP.planner.plan(p.planned), SHOP.schema, p.shown) for p in (parts.first, parts.deferred[0].part)]
    executor = Executor({**SHOP.fetchers, "reviews": Held()})
    stream = deliver(executor, made[0], [(parts.deferred[0], made[1])], {}, None)
    first = await anext(stream)
    assert first.payload["data"]["me"] == {"name": "Ada"}
    release.set()
    second = await anext(stream)
    assert second.payload["incremental"] == [{"id": "0", "data": {"reviews": [{"id": "1"}, {"id": "2"}]}}]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_nested_fragments_come_after_those_around_them() -> None:
    query = '{me{id ...@defer(label:"a"){name ...@defer(label:"b"){reviews{id}}}}}'
    payloads = [frame.payload for frame in await frames(query)]
    assert [each["label"] for payload in payloads for each in payload.get("pending", ())] == ["a", "b"]
    assert together(payloads) == await whole(query)


async def test_conditions_decide_what_is_deferred() -> None:
    query = "query($d:Boolean!,$i:Boolean!){me{id ...@defer(if:$d)@include(if:$i){name}}}"
    for d in (True, False):
        for i in (True, False):
            payloads = [frame.payload for frame in await frames(query, {"d": d, "i": i})]
            assert len(payloads) == (2 if d and i else 1)
            assert together(payloads) == await whole(query, {"d": d, "i": i})
    assert ("hasNext" in (await frames(query, {"d": False, "i": True}))[0].payload) is False


async def test_a_fragment_of_an_object_that_is_not_there_is_not_announced() -> None:
    class Nobody:
        async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
            return SubgraphResponse({"me": None})

    executor = Executor({**SHOP.fetchers, "accounts": Nobody()})
    found = await frames("{me{id ...@defer{name}}}", executor=executor)
    assert [frame.payload for frame in found] == [{"data": {"me": None}}]


async def test_a_failing_fragment_tells_its_losses_in_its_own_frame() -> None:
    class Dead:
        async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
            raise FetchFailure(Failure.TIMED_OUT)

    executor = Executor({**SHOP.fetchers, "reviews": Dead()})
    first, second = await frames("{me{id ...@defer{reviews{id}}}}", executor=executor)
    assert "errors" not in first.payload
    entry = second.payload["incremental"][0]
    assert entry["data"] == {"reviews": None}
    assert [(error["path"], error["extensions"]["code"]) for error in entry["errors"]] == [
        (["me", "reviews"], "SOURCE_TIMEOUT")
    ]


SMALL = build_schema("type Query { patient: Patient other: Int } type Patient { id: ID! code: String slow: Int! }")


class Answers:
    """Answers by document."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        answer = self.answers[request.document]
        return answer if isinstance(answer, SubgraphResponse) else SubgraphResponse(answer)


class Open:
    async def admit(self, values: Sequence[Mapping[str, Any]], context: Any) -> Sequence[bool]:
        return [value["code"] == "open" for value in values]


async def small(answers: Mapping[str, Any], *, gated: bool = False) -> list[dict[str, Any]]:
    parts = split(SMALL, parse("{patient{id ...@defer{slow}}}"), None, {})
    points = (GatePoint((Key("patient"),), frozenset({"Patient"}), "open", (Need("code", "code"),)),) if gated else ()

    def prepared(document: str, shown: Any) -> Prepared:
        return Prepared(QueryPlan("query", (root(0, "a", document, gates=points),)), SMALL, shown)

    first, later = (
        prepared("{patient{id}}", parts.first.shown),
        prepared("{patient{slow}}", parts.deferred[0].part.shown),
    )
    executor = Executor({"a": Answers(answers)}, {"open": Open()})
    return [frame.payload async for frame in deliver(executor, first, [(parts.deferred[0], later)], {}, None)]


async def test_gates_hold_for_every_frame() -> None:
    person = {"__typename": "Patient", "id": "1", "slow": 1}
    shown = {"{patient{id}}": {"patient": {**person, "code": "open"}}}
    found = await small({**shown, "{patient{slow}}": {"patient": {**person, "code": "shut"}}}, gated=True)
    assert found[0]["data"] == {"patient": {"id": "1"}}
    assert "incremental" not in found[1]
    assert "1" not in str(found[1].get("incremental", ""))
    hidden = {"{patient{id}}": {"patient": {**person, "code": "shut"}}}
    found = await small({**hidden, "{patient{slow}}": {"patient": {**person, "code": "open"}}}, gated=True)
    assert found == [{"data": {"patient": None}}]


async def test_a_null_that_reaches_the_fragments_object_fails_the_fragment() -> None:
    answer = SubgraphResponse({"patient": {"slow": None}}, (SubgraphError("x", ("patient", "slow")),))
    found = await small({"{patient{id}}": {"patient": {"id": "1"}}, "{patient{slow}}": answer})
    assert found[1]["completed"][0]["errors"][0]["path"] == ["patient", "slow"]
    assert "incremental" not in found[1]
    assert found[1]["hasNext"] is False


async def test_closing_the_stream_cancels_what_still_runs() -> None:
    ended = asyncio.Event()

    class Forever:
        async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError

    parts = split(SHOP.schema, parse("{me{id ...@defer{reviews{id}}}}"), None, {})
    made = [Prepared(SHOP.planner.plan(p.planned), SHOP.schema, p.shown) for p in (parts.first, parts.deferred[0].part)]
    executor = Executor({**SHOP.fetchers, "reviews": Forever()})
    stream = deliver(executor, made[0], [(parts.deferred[0], made[1])], {}, None)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert ended.is_set()


def texts(query: str, schema: Any = SHOP.schema, variables: Mapping[str, Any] | None = None) -> tuple[str, list[str]]:
    parts = split(schema, parse(query), None, variables or {})
    assert "defer" not in print_ast(parts.first.planned)
    return flat(parts.first.shown), [flat(each.part.shown) for each in parts.deferred]


def flat(document: Any) -> str:
    return " ".join(print_ast(document).split())


def test_fields_that_come_first_are_not_sent_again() -> None:
    assert texts("{me{id name ...@defer{id username}}}") == ("{ me { id name } }", ["{ me { username } }"])


def test_nothing_is_split_off_below_lists_or_abstract_types() -> None:
    for query in ("{users{id ...@defer{name}}}", "{me{reviews{id ...@defer{body}}}}"):
        first, deferred = texts(query)
        assert deferred == []
        assert "name" in first or "body" in first
    schema = build_schema(
        "type Query { node: Node } interface Node { id: ID! } type A implements Node { id: ID! a: Int }"
    )
    assert texts("{node{id ...@defer{id} ...on A@defer{a}}}", schema)[1] == []


def test_mutations_are_answered_at_once() -> None:
    schema = build_schema("type Query { a: Int } type Mutation { add: Thing } type Thing { id: ID! slow: Int }")
    assert texts("mutation{add{id ...@defer{slow}}}", schema)[1] == []


def test_named_fragments_and_aliases_are_followed() -> None:
    query = (
        "{who:me{...A}} fragment A on User{id ...B@defer} fragment B on User{name ...C} fragment C on User{username}"
    )
    first, deferred = texts(query)
    assert first.startswith("{ who: me { ... on User { id } } }")
    assert len(deferred) == 1
    assert deferred[0].startswith("{ who: me { name ...C } }")


def test_too_many_fragments_are_answered_at_once() -> None:
    query = "{me{" + " ".join(f"...@defer{{n{index}:name}}" for index in range(MAX_DEFERRED + 1)) + "}}"
    assert texts(query)[1] == []


def test_an_explosion_of_fragments_ends_early() -> None:
    levels = " ".join(f"fragment F{i} on User{{...F{i + 1} ...F{i + 1}}}" for i in range(40))
    query = f"{{me{{...F0}}}} {levels} fragment F40 on User{{...@defer{{name}}}}"
    assert texts(query)[1] == []


def test_defers_and_their_variables_are_found() -> None:
    assert defers(parse("{a ...F} fragment F on Query{...@defer{b}}"))
    assert not defers(parse("{a ...F} fragment F on Query{...{b}}"))
    assert defer_variables(parse("{...@defer(if:$b){a} ...F@defer(if:$a)} fragment F on Query{a}")) == ("a", "b")


@st.composite
def deferred_selections(draw: st.DrawFn, depth: int = 3) -> str:
    parts = draw(st.lists(st.sampled_from(["id", "name", "username", "reviews{id}", "__typename"]), max_size=3))
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        directive = draw(st.sampled_from(["@defer", "", "@defer(if:$d)", "@defer@include(if:$i)", "@skip(if:$i)"]))
        parts.append(f"...{directive}{{{draw(deferred_selections(depth - 1))}}}")
    return " ".join(draw(st.permutations(parts or ["id"])))


@settings(max_examples=60, deadline=None)
@given(deferred_selections(), st.booleans(), st.booleans())
async def test_put_together_the_frames_are_the_whole_answer(selection: str, d: bool, i: bool) -> None:
    query = f"query($d:Boolean!,$i:Boolean!){{me{{{selection}}} topProducts{{upc}}}}"
    variables = {"d": d, "i": i}
    found = await frames(query, variables)
    assert together([frame.payload for frame in found]) == await whole(query, variables)
    assert found[-1].payload.get("hasNext", False) is False
