"""Gates: what is not admitted never enters the tree, and leaves no trace in the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphql import build_schema, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.federation.execute import Execution, Executor, Outcome
from gateway.federation.fetcher import SubgraphError, SubgraphResponse
from gateway.federation.plan import (
    EntityInput,
    FetchStep,
    GatePoint,
    Key,
    Need,
    NeedOn,
    OnTypes,
    QueryPlan,
    Representation,
)
from gateway.federation.prepared import Prepared
from tests.federation.test_execute import Fake, errors, root

SCHEMA = build_schema(
    """
    type Query { patient: Patient entries: [Entry] strict: [Entry!]! grid: [[Entry]] either: [Either] }
    type Patient { nhsNumber: ID! name: String entries: [Entry] main: Entry! }
    type Entry { id: ID! code: String text: String other: String }
    type Plain { id: ID! }
    union Either = Entry | Plain
    """
)


class Codes:
    """Admits what has no secret code, and remembers what it was shown."""

    def __init__(self, secret: str = "secret") -> None:
        self.secret = secret
        self.shown: list[list[Mapping[str, Any]]] = []

    async def admit(self, values: Sequence[Mapping[str, Any]], context: Any) -> Sequence[bool]:
        self.shown.append(list(values))
        return [value.get("code") != self.secret for value in values]


class Failing:
    """A gate that cannot decide, in one of several ways."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def admit(self, values: Sequence[Mapping[str, Any]], context: Any) -> Sequence[bool]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]


CODE = (Need("code", "code"),)


def point(*path: Any, types: tuple[str, ...] = ("Entry",), gate: str = "entry", needs: Any = CODE) -> GatePoint:
    return GatePoint(path, frozenset(types), gate, needs)


def entry(name: str, code: str = "open", **more: Any) -> dict[str, Any]:
    return {"__typename": "Entry", "id": name, "code": code, "text": f"text {name}", **more}


def gated(document: str, *points: GatePoint, **more: Any) -> FetchStep:
    return root(0, "a", document, gates=points, **more)


async def run(query: str, steps: list[FetchStep], fakes: Mapping[str, Fake], **gates: Any) -> Outcome:
    prepared = Prepared(QueryPlan("query", tuple(steps)), SCHEMA, parse(query))
    return await Executor(fakes, {"entry": Codes(), **gates}).run(prepared, {}, "context")


async def test_a_withheld_item_vanishes_from_its_list() -> None:
    step = gated("{entries{id code text}}", point(Key("entries")))
    fake = Fake({"entries": [entry("1"), entry("2", "secret"), None, entry("3")]})
    outcome = await run("{entries{id text}}", [step], {"a": fake})
    assert outcome.data == {
        "entries": [{"id": "1", "text": "text 1"}, None, {"id": "3", "text": "text 3"}],
    }
    assert outcome.errors == []


async def test_a_withheld_object_is_null_without_an_error() -> None:
    step = gated("{patient{main{code}}}", point(Key("patient"), types=("Patient",)))
    fake = Fake({"patient": {"__typename": "Patient", "code": "secret", "name": "n"}})
    outcome = await run("{patient{name}}", [step], {"a": fake})
    assert outcome.data == {"patient": None}
    assert outcome.errors == []


async def test_a_withheld_object_that_may_not_be_null_takes_its_parent_silently() -> None:
    step = gated("{patient{main{code}}}", point(Key("patient"), Key("main")))
    fake = Fake({"patient": {"main": entry("1", "secret")}})
    outcome = await run("{patient{main{id}}}", [step], {"a": fake})
    assert outcome.data == {"patient": None}
    assert outcome.errors == []


async def test_withheld_items_vanish_from_strict_and_nested_lists() -> None:
    step = gated("{strict{code} grid{code}}", point(Key("strict")), point(Key("grid")))
    fake = Fake(
        {
            "strict": [entry("1", "secret"), entry("2")],
            "grid": [[entry("3", "secret")], [entry("4"), entry("5", "secret"), entry("6")], None],
        }
    )
    outcome = await run("{strict{id} grid{id}}", [step], {"a": fake})
    assert outcome.data == {"strict": [{"id": "2"}], "grid": [[], [{"id": "4"}, {"id": "6"}], None]}
    assert outcome.errors == []


async def test_withheld_data_is_never_in_the_tree() -> None:
    step = gated("{entries{id code text}}", point(Key("entries")))
    prepared = Prepared(QueryPlan("query", (step,)), SCHEMA, parse("{entries{id}}"))
    fake = Fake({"entries": [entry("marked", "secret"), entry("2")]})
    execution = Execution(Executor({"a": fake}, {"entry": Codes()}), prepared, {}, None)
    await execution.run_all()
    assert "marked" not in repr(execution.tree)
    assert "secret" not in repr(execution.tree)


async def test_withheld_objects_are_not_asked_about() -> None:
    step = gated("{entries{id code}}", point(Key("entries")))
    entity = EntityInput(
        "_entities", "r", ((Key("entries"),),), (Representation(frozenset({"Entry"}), "Entry", (Need("id", "id"),)),)
    )
    more = root(1, "b", "query($r:[_Any!]!){_entities(representations:$r){...on Entry{other}}}", entities=(entity,))
    more = _after(more)
    other = Fake({"_entities": [{"other": "x"}]})
    data = {"entries": [entry("1", "secret"), entry("2")]}
    outcome = await run("{entries{id other}}", [step, more], {"a": Fake(data), "b": other})
    assert other.asked[0].variables["r"] == [{"__typename": "Entry", "id": "2"}]
    assert outcome.data == {"entries": [{"id": "2", "other": "x"}]}


def _after(step: FetchStep, **changes: Any) -> FetchStep:
    return replace(step, after=(0,), **changes)


async def test_an_entity_that_its_gate_withholds_is_withheld_where_it_stood() -> None:
    step = root(0, "a", "{entries{id}}")
    entity = EntityInput(
        "_entities", "r", ((Key("entries"),),), (Representation(frozenset({"Entry"}), "Entry", (Need("id", "id"),)),)
    )
    more = root(1, "b", "query($r:[_Any!]!){_entities(representations:$r){...on Entry{code other}}}")
    more = _after(more, entities=(entity,), gates=(point(),))
    data = {"entries": [entry("1"), entry("2"), entry("1")]}
    answers = Fake({"_entities": [{"code": "secret", "other": "x"}, {"code": "open", "other": "y"}]})
    outcome = await run("{entries{id text other}}", [step, more], {"a": Fake(data), "b": answers})
    assert outcome.data == {"entries": [{"id": "2", "text": "text 2", "other": "y"}]}
    assert outcome.errors == []


async def test_lists_of_two_sources_still_merge_by_position() -> None:
    one = gated("{entries{id code}}", point(Key("entries")))
    two = root(1, "b", "{entries{other}}")
    other = Fake({"entries": [{"other": "x"}, {"other": "y"}]})
    for first in (one, two):
        second = two if first is one else one
        data = Fake({"entries": [entry("1", "secret"), entry("2")]})
        outcome = await run("{entries{id other}}", [first, second], {"a": data, "b": other})
        assert outcome.data == {"entries": [{"id": "2", "other": "y"}]}
        other = Fake({"entries": [{"other": "x"}, {"other": "y"}]})


async def test_error_paths_do_not_count_what_was_withheld() -> None:
    step = gated("{entries{id code text}}", point(Key("entries")))
    rows = [entry("1", "secret"), {**entry("2"), "text": None}, {**entry("3", "secret"), "text": None}]
    broken = (SubgraphError("x", ("entries", 1, "text")), SubgraphError("x", ("entries", 2, "text")))
    outcome = await run("{entries{id text}}", [step], {"a": Fake(SubgraphResponse({"entries": rows}, broken))})
    assert outcome.data == {"entries": [{"id": "2", "text": None}]}
    assert errors(outcome) == [(("entries", 0, "text"), "SOURCE_ERROR", "a")]


async def test_an_error_in_a_list_that_is_lost_does_not_count_its_items() -> None:
    lost = tuple(SubgraphError("x", ("entries", index, "text")) for index in (2, 5))
    for points, paths in (
        ((point(Key("entries")),), [("entries",)]),
        ((), [("entries", 2, "text"), ("entries", 5, "text")]),
    ):
        step = gated("{entries{id code text}}", *points)
        outcome = await run("{entries{id text}}", [step], {"a": Fake(SubgraphResponse({"entries": None}, lost))})
        assert outcome.data == {"entries": None}
        assert [error.path for error in outcome.errors] == paths


async def test_a_gate_is_shown_what_it_needs_in_one_batch() -> None:
    gate = Codes()
    needs = (Need("code", "_g0"), Need("codings", "c", (Need("system", "s"),)))
    step = gated("{entries{id}}", point(Key("entries"), needs=needs))
    rows = [{"id": "1", "_g0": "x", "c": [{"s": 1, "more": 2}, None]}, {"id": "2", "_g0": None, "c": None}]
    await run("{entries{id}}", [step], {"a": Fake({"entries": rows})}, entry=gate)
    assert gate.shown == [[{"code": "x", "codings": [{"system": 1}, None]}, {"code": None, "codings": None}]]


async def test_needs_may_depend_on_the_type() -> None:
    gate = Codes()
    needs = (NeedOn(frozenset({"Entry"}), CODE), NeedOn(frozenset({"Plain"}), (Need("id", "id"),)))
    path = (Key("either"), OnTypes(frozenset({"Entry", "Plain"})))
    step = gated("{either{__typename}}", point(*path, types=("Entry", "Plain"), needs=needs))
    rows = [{"__typename": "Plain", "id": "p"}, entry("1")]
    await run("{either{...on Plain{id}}}", [step], {"a": Fake({"either": rows})}, entry=gate)
    assert gate.shown == [[{"id": "p"}, {"code": "open"}]]


async def test_other_types_pass_by() -> None:
    step = gated("{either{__typename}}", point(Key("either")))
    rows = [{"__typename": "Plain", "id": "p", "code": "secret"}, entry("1", "secret")]
    outcome = await run("{either{...on Plain{id}...on Entry{id}}}", [step], {"a": Fake({"either": rows})})
    assert outcome.data == {"either": [{"id": "p"}]}


async def test_an_object_whose_type_cannot_be_told_is_withheld() -> None:
    step = gated("{either{__typename}}", point(Key("either"), types=("Entry", "Plain")))
    rows = [{"id": "p"}, {"__typename": 7, "id": "q"}, entry("1")]
    outcome = await run("{either{...on Entry{id}}}", [step], {"a": Fake({"either": rows})})
    assert outcome.data == {"either": [{"id": "1"}]}


async def test_a_false_type_name_does_not_pass_a_gate_by() -> None:
    step = gated("{entries{id code}}", point(Key("entries")))
    rows = [{**entry("1", "secret"), "__typename": "Plain"}]
    outcome = await run("{entries{id}}", [step], {"a": Fake({"entries": rows})})
    assert outcome.data == {"entries": [None]}
    assert errors(outcome) == [(("entries", 0), "SOURCE_INVALID", "a")]


async def test_a_gate_that_cannot_decide_admits_nothing() -> None:
    step = gated("{entries{id code}}", point(Key("entries")))
    for answer in (ValueError("x"), [True], [True] * 3, None, [1, "yes"]):
        data = Fake({"entries": [entry("1"), entry("2")]})
        outcome = await run("{entries{id}}", [step], {"a": data}, entry=Failing(answer))
        assert outcome.data == {"entries": []}
        if answer != [1, "yes"]:
            assert outcome.failed_gates == ["entry"]
            assert [error.code for error in outcome.errors] == ["INTERNAL_ERROR"]


async def test_an_unknown_gate_admits_nothing() -> None:
    step = gated("{entries{id code}}", point(Key("entries"), gate="nowhere"))
    outcome = await run("{entries{id}}", [step], {"a": Fake({"entries": [entry("1")]})})
    assert outcome.data == {"entries": []}
    assert outcome.failed_gates == ["nowhere"]


async def test_outer_objects_are_decided_before_inner_ones() -> None:
    gate = Codes()
    step = gated(
        "{patient{entries{id}}}",
        point(Key("patient"), Key("entries")),
        point(Key("patient"), types=("Patient",), gate="patient", needs=(Need("nhsNumber", "nhsNumber"),)),
    )
    data = {"patient": {"nhsNumber": "9990000018", "entries": [entry("1")]}}
    outcome = await run("{patient{name}}", [step], {"a": Fake(data)}, entry=gate, patient=Failing([False]))
    assert gate.shown == []
    assert outcome.data == {"patient": None}


codes = st.lists(st.tuples(st.sampled_from(["open", "secret"]), st.booleans(), st.booleans()), max_size=6)


@settings(max_examples=100, deadline=None)
@given(codes)
async def test_the_answer_is_as_if_the_withheld_had_never_been(rows: list[tuple[str, bool, bool]]) -> None:
    """Over R with withheld entries among it, the answer, errors included, is the answer over R alone."""
    step = gated("{entries{id code text}}", point(Key("entries")))
    entity = EntityInput(
        "_entities", "r", ((Key("entries"),),), (Representation(frozenset({"Entry"}), "Entry", (Need("id", "id"),)),)
    )
    more = root(1, "b", "query($r:[_Any!]!){_entities(representations:$r){...on Entry{other}}}")
    more = _after(more, entities=(entity,))

    async def answer(kept: list[tuple[int, tuple[str, bool, bool]]]) -> tuple[Any, Any, Any]:
        items = [entry(str(number), code, text=None if broken else "t") for number, (code, broken, _) in kept]
        failed = tuple(
            SubgraphError("x", ("entries", index, "text")) for index, (_, (_, broken, _)) in enumerate(kept) if broken
        )

        def others(request: Any) -> dict[str, Any]:
            lost = {str(number) for number, (_, _, missing) in kept if missing}
            return {"_entities": [None if each["id"] in lost else {"other": "o"} for each in request.variables["r"]]}

        other = Fake(others)
        fakes = {"a": Fake(SubgraphResponse({"entries": items}, failed)), "b": other}
        outcome = await run("{entries{id text other}}", [step, more], fakes)
        return outcome.data, errors(outcome), [request.variables for request in other.asked]

    everything = list(enumerate(rows))
    admitted = [row for row in everything if row[1][0] == "open"]
    assert await answer(everything) == await answer(admitted)
