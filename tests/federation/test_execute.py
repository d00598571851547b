"""Running plans written by hand over subgraphs that record what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from graphql import build_schema, parse

from gateway.federation import prepared as preparing
from gateway.federation.errors import ErrorPolicy
from gateway.federation.execute import Execution, Executor, Outcome
from gateway.federation.fetcher import FetchFailure, SubgraphError, SubgraphRequest, SubgraphResponse
from gateway.federation.plan import (
    Condition,
    EntityInput,
    FetchStep,
    Key,
    Need,
    NeedOn,
    OnTypes,
    QueryPlan,
    Rename,
    Representation,
)
from gateway.federation.prepared import Prepared
from resolvers.sources.upstream import Failure
from tests.federation.wire import read

SCHEMA = build_schema(
    """
    type Query { users: [User] me: User topProducts: [Product] node: Node }
    type Mutation { first: Int second: Int }
    interface Node { id: ID! }
    type User implements Node { id: ID! name: String reviews: [Review] }
    type Review implements Node { id: ID! body: String product: Product }
    type Product { upc: ID! name: String price: Int inStock: Boolean shipping: Int must: Int! }
    """
)

Answer = Callable[[SubgraphRequest], Any]


class Fake:
    """A subgraph that answers as told and remembers its requests."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[SubgraphRequest] = []

    async def fetch(self, request: SubgraphRequest, context: Any) -> SubgraphResponse:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(request)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        response = answer if isinstance(answer, SubgraphResponse) else SubgraphResponse(answer)
        return response if request.decoder is None else read(request, response)


@pytest.fixture(params=["dicts", "structs"], autouse=True)
def tree(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs on either kind of tree; plans that are not plain run on dicts anyway."""
    if request.param == "structs":
        monkeypatch.setattr(preparing, "AGAIN", 0)


def root(identity: int, subgraph: str, document: str, **more: Any) -> FetchStep:
    more.setdefault("kind", "query")
    more.setdefault("variables", ())
    return FetchStep(identity, subgraph, document=document, operation_name=None, **more)


def entities(identity: int, subgraph: str, selection: str, *paths: tuple[Any, ...], **more: Any) -> FetchStep:
    name = more.pop("typename", "Product")
    needs = more.pop("needs", (Need("upc", "upc"),))
    entity = EntityInput("_entities", "r", paths, (Representation(frozenset({name}), name, needs),))
    document = f"query($r:[_Any!]!){{_entities(representations:$r){{...on {name}{selection}}}}}"
    more.setdefault("after", (0,))
    return root(identity, subgraph, document, entities=(entity,), **more)


async def run(
    query: str,
    steps: list[FetchStep],
    fakes: Mapping[str, Fake],
    variables: Mapping[str, Any] | None = None,
    **more: Any,
) -> Outcome:
    plan = QueryPlan("query", tuple(steps))
    prepared = Prepared(plan, SCHEMA, parse(query), **more)
    policy = ErrorPolicy(frozenset({"reference"}), frozenset({"record"}))
    outcome = await Executor(fakes, policy=policy).run(prepared, variables or {}, None, encodable=preparing.AGAIN == 0)
    return replace(outcome, data=msgspec.to_builtins(outcome.data))


def errors(outcome: Outcome) -> list[tuple[tuple[str | int, ...] | None, str, str | None]]:
    return [(error.path, error.code, error.service) for error in outcome.errors]


TOP = root(0, "products", "{topProducts{__typename upc name}}")
STOCK = entities(1, "inventory", "{inStock}", (Key("topProducts"),))


def top(*upcs: str) -> dict[str, Any]:
    return {"topProducts": [{"__typename": "Product", "upc": upc, "name": upc} for upc in upcs]}


async def test_entities_are_joined_to_their_objects() -> None:
    inventory = Fake({"_entities": [{"inStock": True}, {"inStock": False}]})
    outcome = await run(
        "{topProducts{name inStock}}", [TOP, STOCK], {"products": Fake(top("1", "2")), "inventory": inventory}
    )
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": True}, {"name": "2", "inStock": False}]}
    assert outcome.errors == []
    assert inventory.asked[0].variables == {
        "r": [{"__typename": "Product", "upc": "1"}, {"__typename": "Product", "upc": "2"}]
    }


async def test_equal_representations_are_sent_once() -> None:
    inventory = Fake({"_entities": [{"inStock": True}]})
    outcome = await run(
        "{topProducts{inStock}}", [TOP, STOCK], {"products": Fake(top("7", "7", "7")), "inventory": inventory}
    )
    assert len(inventory.asked[0].variables["r"]) == 1
    assert outcome.data == {"topProducts": [{"inStock": True}] * 3}


async def test_numbers_and_texts_are_different_keys() -> None:
    inventory = Fake({"_entities": [{"inStock": True}, {"inStock": False}, {"inStock": True}]})
    rows = [{"__typename": "Product", "upc": upc} for upc in ("1", 1, True)]
    await run("{topProducts{inStock}}", [TOP, STOCK], {"products": Fake({"topProducts": rows}), "inventory": inventory})
    assert [each["upc"] for each in inventory.asked[0].variables["r"]] == ["1", 1, True]


async def test_nothing_is_asked_about_no_objects() -> None:
    inventory = Fake({})
    outcome = await run(
        "{topProducts{inStock}}", [TOP, STOCK], {"products": Fake({"topProducts": []}), "inventory": inventory}
    )
    assert inventory.asked == []
    assert outcome.data == {"topProducts": []}
    assert outcome.errors == []


async def test_copies_of_an_answer_do_not_share_objects() -> None:
    reviews = Fake({"_entities": [{"reviews": [{"__typename": "Review", "id": "r"}]}]})
    step = entities(1, "reviews", "{reviews{id}}", (Key("users"),), typename="User", needs=(Need("id", "id"),))
    users = {"users": [{"__typename": "User", "id": "1"}, {"__typename": "User", "id": "1"}]}
    prepared = Prepared(QueryPlan("query", (root(0, "u", "{users{id}}"), step)), SCHEMA, parse("{users{reviews{id}}}"))
    execution = Execution(Executor({"u": Fake(users), "reviews": reviews}), prepared, {}, None)
    await execution.run_all()
    first, second = execution.tree["users"]
    assert first["reviews"] == second["reviews"]
    assert first["reviews"][0] is not second["reviews"][0]


async def test_a_step_waits_for_its_own_parents_only() -> None:
    slow = asyncio.Event()
    order: list[str] = []

    async def late(request: SubgraphRequest) -> dict[str, Any]:
        await slow.wait()
        order.append("slow")
        return {"me": {"__typename": "User", "id": "1"}}

    def stock(request: SubgraphRequest) -> dict[str, Any]:
        order.append("stock")
        slow.set()
        return {"_entities": [{"inStock": True}]}

    steps = [TOP, root(2, "accounts", "{me{id}}"), STOCK]
    outcome = await run(
        "{topProducts{inStock} me{id}}",
        steps,
        {"products": Fake(top("1")), "accounts": Fake(late), "inventory": Fake(stock)},
    )
    assert order == ["stock", "slow"]
    assert outcome.data == {"topProducts": [{"inStock": True}], "me": {"id": "1"}}


async def test_a_step_with_two_parents_runs_once_after_both() -> None:
    shipping = entities(
        3,
        "shipping",
        "{shipping}",
        (Key("topProducts"),),
        needs=(Need("upc", "upc"), Need("price", "price"), Need("inStock", "inStock")),
        after=(1, 2),
    )
    price = entities(2, "prices", "{price}", (Key("topProducts"),))
    fake = Fake({"_entities": [{"shipping": 4}]})
    outcome = await run(
        "{topProducts{shipping}}",
        [TOP, STOCK, price, shipping],
        {
            "products": Fake(top("1")),
            "inventory": Fake({"_entities": [{"inStock": True}]}),
            "prices": Fake({"_entities": [{"price": 9}]}),
            "shipping": fake,
        },
    )
    assert [request.variables["r"] for request in fake.asked] == [
        [{"__typename": "Product", "upc": "1", "price": 9, "inStock": True}]
    ]
    assert outcome.data == {"topProducts": [{"shipping": 4}]}


async def test_an_object_without_a_needed_field_is_skipped_and_one_with_null_is_not() -> None:
    rows = [{"__typename": "Product", "upc": "1"}, {"__typename": "Product"}, {"__typename": "Product", "upc": None}]
    inventory = Fake({"_entities": [{"inStock": True}, {"inStock": None}]})
    outcome = await run(
        "{topProducts{inStock}}", [TOP, STOCK], {"products": Fake({"topProducts": rows}), "inventory": inventory}
    )
    assert [each["upc"] for each in inventory.asked[0].variables["r"]] == ["1", None]
    assert outcome.data == {"topProducts": [{"inStock": True}, {"inStock": None}, {"inStock": None}]}
    assert errors(outcome) == [(("topProducts", 1, "inStock"), "SOURCE_INCOMPLETE", "inventory")]


async def test_nested_needs_branch_by_type_and_rename_fields() -> None:
    needs = (
        Need("id", "id"),
        Need("product", "_p0", (Need("upc", "upc"), NeedOn(frozenset({"Product"}), (Need("price", "price"),)))),
    )
    step = entities(1, "x", "{body}", (Key("me"), Key("reviews")), typename="Review", needs=needs)
    fake = Fake({"_entities": [{"body": "b"}]})
    product = {"__typename": "Product", "upc": "1", "price": 3, "name": "unneeded"}
    data = {"me": {"reviews": [{"__typename": "Review", "id": "r", "_p0": product}]}}
    outcome = await run("{me{reviews{body}}}", [root(0, "a", "{me{id}}"), step], {"a": Fake(data), "x": fake})
    assert fake.asked[0].variables["r"] == [
        {"__typename": "Review", "id": "r", "product": {"__typename": "Product", "upc": "1", "price": 3}}
    ]
    assert outcome.data == {"me": {"reviews": [{"body": "b"}]}}


async def test_a_type_condition_in_a_path_chooses_objects() -> None:
    step = entities(
        1, "x", "{name}", (Key("node"), OnTypes(frozenset({"User"}))), typename="User", needs=(Need("id", "id"),)
    )
    fake = Fake({})
    data = {"node": {"__typename": "Review", "id": "r", "body": "b"}}
    query = "{node{...on User{name} ...on Review{body}}}"
    outcome = await run(query, [root(0, "a", "{node{id}}"), step], {"a": Fake(data), "x": fake})
    assert fake.asked == []
    assert outcome.data == {"node": {"body": "b"}}


async def test_one_request_asks_for_several_kinds_of_entity() -> None:
    first = EntityInput("_e0", "a", ((Key("topProducts"),),), (_representation("Product", "upc"),))
    second = EntityInput("_e1", "b", ((Key("me"),),), (_representation("User", "id"),))
    step = root(
        2,
        "x",
        "query($a:[_Any!]!,$b:[_Any!]!){_e0:_entities(representations:$a){...on Product{price}}"
        "_e1:_entities(representations:$b){...on User{name}}}",
        entities=(first, second),
        after=(0, 1),
    )
    fake = Fake({"_e0": [{"price": 1}], "_e1": [{"name": "n"}]})
    outcome = await run(
        "{topProducts{price} me{name}}",
        [TOP, root(1, "a", "{me{id}}"), step],
        {"products": Fake(top("1")), "a": Fake({"me": {"__typename": "User", "id": "u"}}), "x": fake},
    )
    assert len(fake.asked) == 1
    assert outcome.data == {"topProducts": [{"price": 1}], "me": {"name": "n"}}


def _representation(name: str, key: str) -> Representation:
    return Representation(frozenset({name}), name, (Need(key, key),))


async def test_an_interface_object_gets_the_interface_name() -> None:
    entity = EntityInput(
        "_entities", "r", ((Key("node"),),), (Representation(frozenset({"User"}), "Node", (Need("id", "id"),)),)
    )
    step = root(
        1, "x", "query($r:[_Any!]!){_entities(representations:$r){...on Node{name}}}", entities=(entity,), after=(0,)
    )
    fake = Fake({"_entities": [{"__typename": "Node", "name": "n"}]})
    outcome = await run(
        "{node{__typename ...on User{name}}}",
        [root(0, "a", "{node{__typename id}}"), step],
        {"a": Fake({"node": {"__typename": "User", "id": "1"}}), "x": fake},
    )
    assert fake.asked[0].variables["r"] == [{"__typename": "Node", "id": "1"}]
    assert outcome.data == {"node": {"__typename": "User", "name": "n"}}


async def test_private_aliases_are_renamed_back_in_data_and_errors() -> None:
    step = root(
        0,
        "a",
        "{topProducts{__typename _p0:name}}",
        renames=(Rename((Key("topProducts"),), frozenset({"Product"}), "_p0", "name"),),
    )
    answer = SubgraphResponse(
        {"topProducts": [{"__typename": "Product", "_p0": "a"}, {"__typename": "Product", "_p0": None}]},
        (SubgraphError("secret", ("topProducts", 1, "_p0")),),
    )
    outcome = await run("{topProducts{name}}", [step], {"a": Fake(answer)})
    assert outcome.data == {"topProducts": [{"name": "a"}, {"name": None}]}
    assert errors(outcome) == [(("topProducts", 1, "name"), "SOURCE_ERROR", "a")]


async def test_shared_roots_merge_by_position_and_null_never_wins() -> None:
    one = {"topProducts": [{"upc": "1", "name": None}, {"upc": "2", "name": "b"}]}
    two = {"topProducts": [{"price": 1, "name": "a"}, {"price": 2, "name": None}]}
    steps = [root(0, "a", "{topProducts{upc name}}"), root(1, "b", "{topProducts{price name}}")]
    outcome = await run("{topProducts{upc name price}}", steps, {"a": Fake(one), "b": Fake(two)})
    assert outcome.data == {
        "topProducts": [{"upc": "1", "name": "a", "price": 1}, {"upc": "2", "name": "b", "price": 2}]
    }


async def test_lists_of_different_lengths_are_not_joined() -> None:
    one = {"topProducts": [{"upc": "1"}, {"upc": "2"}]}
    two = {"topProducts": [{"price": 1}]}
    steps = [root(0, "a", "{topProducts{upc}}"), root(1, "b", "{topProducts{price}}")]
    outcome = await run("{topProducts{upc price}}", steps, {"a": Fake(one), "b": Fake(two)})
    assert outcome.data == {"topProducts": [{"upc": "1", "price": None}, {"upc": "2", "price": None}]}
    assert {(code, service) for _path, code, service in errors(outcome)} == {("SOURCE_MALFORMED", "b")}


async def test_conditions_decide_whether_a_step_runs() -> None:
    query = "query($a:Boolean!,$b:Boolean!){topProducts{name inStock@include(if:$a)@skip(if:$b)}}"
    step = entities(
        1,
        "inventory",
        "{inStock}",
        (Key("topProducts"),),
        conditions=((Condition("a", True), Condition("b", False)),),
    )
    for a in (True, False):
        for b in (True, False):
            inventory = Fake({"_entities": [{"inStock": True}]})
            fakes = {"products": Fake(top("1")), "inventory": inventory}
            outcome = await run(query, [TOP, step], fakes, {"a": a, "b": b})
            wanted = a and not b
            assert bool(inventory.asked) is wanted
            assert outcome.data == {"topProducts": [{"name": "1", **({"inStock": True} if wanted else {})}]}
            assert outcome.errors == []


async def test_any_of_several_conditions_is_enough() -> None:
    step = root(0, "a", "{me{id}}", conditions=((Condition("a", True),), (Condition("b", True),)))
    query = "query($a:Boolean!,$b:Boolean!){me@include(if:$a){id} ...@include(if:$b){me{id}}}"
    fake = Fake({"me": {"id": "1"}})
    assert (await run(query, [step], {"a": fake}, {"a": False, "b": True})).data == {"me": {"id": "1"}}
    assert (await run(query, [step], {"a": fake}, {"a": False, "b": False})).data == {}
    assert len(fake.asked) == 1


async def test_only_used_variables_travel() -> None:
    fake = Fake({"me": {"id": "1"}})
    step = root(0, "a", "query($x:Int,$z:Int){me{id}}", variables=("x", "z"))
    await run("query($x:Int,$y:Int,$z:Int){me{id}}", [step], {"a": fake}, {"x": 1, "y": 2})
    assert fake.asked[0].variables == {"x": 1}


async def test_a_dead_root_costs_its_own_fields() -> None:
    steps = [TOP, root(1, "accounts", "{who:me{id}}")]
    fakes = {"products": Fake(top("1")), "accounts": Fake(FetchFailure(Failure.TIMED_OUT))}
    outcome = await run("{topProducts{name} who: me{id}}", steps, fakes)
    assert outcome.data == {"topProducts": [{"name": "1"}], "who": None}
    assert errors(outcome) == [(("who",), "SOURCE_TIMEOUT", "accounts")]


async def test_every_value_lost_to_a_dead_subgraph_has_an_error() -> None:
    step = entities(1, "inventory", "{inStock cost:price}", (Key("topProducts"),))
    for failure, code in (
        (Failure.TIMED_OUT, "SOURCE_TIMEOUT"),
        (Failure.UNAVAILABLE, "SOURCE_UNAVAILABLE"),
        (Failure.REFUSED, "SOURCE_REFUSED"),
        (Failure.MALFORMED, "SOURCE_MALFORMED"),
    ):
        fakes = {"products": Fake(top("1", "2")), "inventory": Fake(FetchFailure(failure))}
        outcome = await run("{topProducts{name inStock cost:price}}", [TOP, step], fakes)
        assert outcome.data == {
            "topProducts": [
                {"name": "1", "inStock": None, "cost": None},
                {"name": "2", "inStock": None, "cost": None},
            ]
        }
        assert errors(outcome) == [
            (("topProducts", index, field), code, "inventory") for index in (0, 1) for field in ("inStock", "cost")
        ]


async def test_a_loss_names_the_source_that_broke_the_chain() -> None:
    shipping = entities(
        2,
        "shipping",
        "{shipping}",
        (Key("topProducts"),),
        needs=(Need("upc", "upc"), Need("price", "price")),
        after=(1,),
    )
    price = entities(1, "prices", "{price}", (Key("topProducts"),))
    fake = Fake({})
    fakes = {"products": Fake(top("1")), "prices": Fake(FetchFailure(Failure.UNAVAILABLE)), "shipping": fake}
    outcome = await run("{topProducts{shipping}}", [TOP, price, shipping], fakes)
    assert fake.asked == []
    assert errors(outcome) == [(("topProducts", 0, "shipping"), "SOURCE_UNAVAILABLE", "prices")]


async def test_an_entity_error_reaches_every_target() -> None:
    answer = SubgraphResponse(
        {"_entities": [{"inStock": None}, None]},
        (
            SubgraphError("patient 9990000018 is out", ("_entities", 0, "inStock"), {"reference": "r1", "debug": "x"}),
            SubgraphError("gone", ("_entities", 1)),
        ),
    )
    outcome = await run(
        "{topProducts{inStock}}", [TOP, STOCK], {"products": Fake(top("1", "2", "1")), "inventory": Fake(answer)}
    )
    assert outcome.data == {"topProducts": [{"inStock": None}] * 3}
    assert sorted(errors(outcome), key=str) == [
        (("topProducts", 0, "inStock"), "SOURCE_ERROR", "inventory"),
        (("topProducts", 1, "inStock"), "SOURCE_ERROR", "inventory"),
        (("topProducts", 2, "inStock"), "SOURCE_ERROR", "inventory"),
    ]
    written = [error.to_json() for error in outcome.errors]
    assert "9990000018" not in str(written)
    assert "debug" not in str(written)
    assert written[0]["extensions"] == {"reference": "r1", "code": "SOURCE_ERROR", "service": "inventory"}


async def test_an_error_about_an_internal_field_explains_what_it_cost() -> None:
    answer = SubgraphResponse({"topProducts": [{"__typename": "Product", "name": "a"}]})
    failing = SubgraphResponse(answer.data, (SubgraphError("x", ("topProducts", 0, "upc")),))
    outcome = await run("{topProducts{name inStock}}", [TOP, STOCK], {"products": Fake(failing), "inventory": Fake({})})
    assert outcome.data == {"topProducts": [{"name": "a", "inStock": None}]}
    assert errors(outcome) == [(("topProducts", 0, "inStock"), "SOURCE_ERROR", "products")]


async def test_a_made_up_error_path_is_cut_to_what_was_asked() -> None:
    answer = SubgraphResponse(
        {"me": {"id": "1"}},
        (SubgraphError("x", ("me", "Mr Smith")), SubgraphError("y", ("nowhere",)), SubgraphError("z", ("me", True))),
    )
    outcome = await run("{me{id}}", [root(0, "a", "{me{id}}")], {"a": Fake(answer)})
    assert "Smith" not in str([error.to_json() for error in outcome.errors])
    assert {error.path for error in outcome.errors} == {("me",), None}


async def test_the_messages_of_our_own_subgraph_pass() -> None:
    answer = SubgraphResponse({"me": None}, (SubgraphError("Not here.", ("me",), {"code": "PATIENT_NOT_AVAILABLE"}),))
    for name, message, code in (
        ("record", "Not here.", "PATIENT_NOT_AVAILABLE"),
        ("partner", "The source reported an error for this value.", "SOURCE_ERROR"),
    ):
        outcome = await run("{me{id}}", [root(0, name, "{me{id}}")], {name: Fake(answer)})
        written = outcome.errors[0].to_json()
        assert written["message"] == message
        assert written["extensions"]["code"] == code
        assert written["path"] == ["me"]


async def test_no_data_at_all_is_a_loss_of_every_field() -> None:
    answer = SubgraphResponse(None, (SubgraphError("x"),))
    outcome = await run("{me{id} topProducts{name}}", [root(0, "a", "{me{id} topProducts{name}}")], {"a": Fake(answer)})
    assert outcome.data == {"me": None, "topProducts": None}
    assert {error.path for error in outcome.errors} >= {("me",), ("topProducts",)}


async def test_a_wrong_number_of_entities_is_refused() -> None:
    for wrong in ([], [{"inStock": True}], [{"inStock": True}] * 3, None, {}):
        fakes = {"products": Fake(top("1", "2")), "inventory": Fake({"_entities": wrong})}
        outcome = await run("{topProducts{name inStock}}", [TOP, STOCK], fakes)
        assert outcome.data == {"topProducts": [{"name": "1", "inStock": None}, {"name": "2", "inStock": None}]}
        assert [code for _path, code, _service in errors(outcome)] == ["SOURCE_MALFORMED"] * 2


async def test_a_null_entity_is_told_and_the_rest_intact() -> None:
    fakes = {"products": Fake(top("1", "2")), "inventory": Fake({"_entities": [None, {"inStock": True}]})}
    outcome = await run("{topProducts{name inStock}}", [TOP, STOCK], fakes)
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": None}, {"name": "2", "inStock": True}]}
    assert errors(outcome) == [(("topProducts", 0, "inStock"), "SOURCE_INCOMPLETE", "inventory")]


async def test_a_lost_value_that_may_not_be_null_takes_its_object_along() -> None:
    step = entities(1, "inventory", "{must}", (Key("topProducts"),))
    fakes = {"products": Fake(top("1", "2")), "inventory": Fake({"_entities": [{"must": 1}, None]})}
    outcome = await run("{topProducts{name must}}", [TOP, step], fakes)
    assert outcome.data == {"topProducts": [{"name": "1", "must": 1}, None]}
    assert errors(outcome) == [(("topProducts", 1, "must"), "SOURCE_INCOMPLETE", "inventory")]


async def test_a_null_with_a_subgraph_error_is_reported_once() -> None:
    answer = SubgraphResponse({"topProducts": [{"must": None}]}, (SubgraphError("x", ("topProducts", 0, "must")),))
    outcome = await run("{topProducts{must}}", [root(0, "a", "{topProducts{must}}")], {"a": Fake(answer)})
    assert outcome.data == {"topProducts": [None]}
    assert errors(outcome) == [(("topProducts", 0, "must"), "SOURCE_ERROR", "a")]


async def test_a_fault_in_a_step_costs_that_step_alone() -> None:
    fakes = {"products": Fake(top("1")), "inventory": Fake(ZeroDivisionError("x"))}
    outcome = await run("{topProducts{name inStock}}", [TOP, STOCK], fakes)
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": None}]}
    assert errors(outcome) == [(("topProducts", 0, "inStock"), "INTERNAL_ERROR", "inventory")]


async def test_a_field_that_the_role_may_not_see_is_null_with_its_path() -> None:
    fake = Fake({"topProducts": [{"upc": "1"}]})
    outcome = await run(
        "{topProducts{upc price}}",
        [root(0, "a", "{topProducts{upc}}")],
        {"a": fake},
        forbidden=frozenset({("Product", "price")}),
    )
    assert outcome.data == {"topProducts": [{"upc": "1", "price": None}]}
    assert errors(outcome) == [(("topProducts", 0, "price"), "FORBIDDEN", None)]


async def test_cancelling_the_request_cancels_its_fetches() -> None:
    ended = asyncio.Event()

    async def forever(request: SubgraphRequest) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return {}

    steps = [TOP, root(1, "accounts", "{me{id}}")]
    fakes = {"products": Fake(forever), "accounts": Fake(forever)}
    task = asyncio.ensure_future(run("{topProducts{name} me{id}}", steps, fakes))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert ended.is_set()


async def test_an_operation_without_fetches_is_answered() -> None:
    outcome = await run('{__typename __type(name:"User"){name}}', [], {})
    assert outcome.data == {"__typename": "Query", "__type": {"name": "User"}}


async def test_what_was_not_asked_for_is_not_merged() -> None:
    inventory = Fake({"_entities": [{"inStock": True, "name": "forged", "price": 1}], "me": {"id": "forged"}})
    products = Fake({**top("1"), "me": {"id": "forged"}})
    accounts = root(2, "accounts", "{me{id}}", after=(0, 1))
    fakes = {"products": products, "inventory": inventory, "accounts": Fake({"me": None})}
    outcome = await run("{topProducts{name inStock} me{id}}", [TOP, STOCK, accounts], fakes)
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": True}], "me": None}


async def test_an_entity_that_is_somebody_elses_is_refused() -> None:
    step = entities(1, "inventory", "{k:upc inStock}", (Key("topProducts"),))
    answers = [{"k": "2", "inStock": True}, {"k": "2", "inStock": True}, {"k": None, "inStock": False}]
    fakes = {"products": Fake(top("1", "2", "3")), "inventory": Fake({"_entities": answers})}
    outcome = await run("{topProducts{name inStock}}", [TOP, step], fakes)
    assert [each["inStock"] for each in outcome.data["topProducts"]] == [None, True, False]  # type: ignore[index]
    assert errors(outcome) == [(("topProducts", 0, "inStock"), "SOURCE_MALFORMED", "inventory")]


async def test_a_key_may_be_written_differently() -> None:
    rows = [{"__typename": "Product", "upc": "999 000-0018"}, {"__typename": "Product", "upc": "rrv"}]
    step = entities(1, "inventory", "{upc inStock}", (Key("topProducts"),))
    answers = [{"upc": 9990000018, "inStock": True}, {"upc": "RRV", "inStock": True}]
    fakes = {"products": Fake({"topProducts": rows}), "inventory": Fake({"_entities": answers})}
    outcome = await run("{topProducts{inStock}}", [TOP, step], fakes)
    assert outcome.data == {"topProducts": [{"inStock": True}] * 2}


async def test_our_own_subgraph_may_answer_for_a_superseded_key() -> None:
    step = entities(1, "record", "{upc inStock}", (Key("topProducts"),))
    fakes = {"products": Fake(top("1")), "record": Fake({"_entities": [{"upc": "2", "inStock": True}]})}
    outcome = await run("{topProducts{inStock}}", [TOP, step], fakes)
    assert outcome.data == {"topProducts": [{"inStock": True}]}


DEEP = (Key("me"), Key("reviews"), Key("product"))
REVIEWS = "{me{reviews{id product{upc price}}}}"


def reviewed(*products: dict[str, Any]) -> dict[str, Any]:
    return {"me": {"reviews": [{"id": str(index), "product": each} for index, each in enumerate(products)]}}


async def test_objects_that_a_subgraph_tells_apart_stay_apart() -> None:
    steps = [root(0, "a", REVIEWS), entities(1, "x", "{name}", DEEP)]
    data = reviewed({"upc": "1", "price": 1}, {"upc": "1", "price": 2})
    fakes = {"a": Fake(data), "x": Fake({"_entities": [{"name": "n"}]})}
    outcome = await run("{me{reviews{product{price name}}}}", steps, fakes)
    assert outcome.data == {
        "me": {"reviews": [{"product": {"price": 1, "name": "n"}}, {"product": {"price": 2, "name": "n"}}]}
    }
    assert len(fakes["x"].asked[0].variables["r"]) == 1


async def test_an_answer_that_comes_after_the_tree_has_changed_its_kind_finds_its_objects() -> None:
    """The first step's answer cannot be merged as it is (an error), while the second is under way."""
    gone = asyncio.Event()

    def failing(_request: SubgraphRequest) -> SubgraphResponse:
        gone.set()
        return SubgraphResponse({"_entities": [{"price": 3}, None]}, (SubgraphError("no", ("_entities", 1)),))

    async def late(_request: SubgraphRequest) -> dict[str, Any]:
        await gone.wait()
        for _ in range(5):
            await asyncio.sleep(0)
        return {"_entities": [{"inStock": True}, {"inStock": False}]}

    steps = [
        root(0, "a", "{me{reviews{id product{upc}}}}"),
        entities(1, "x", "{price}", DEEP),
        entities(2, "y", "{inStock}", DEEP),
    ]
    data = reviewed({"upc": "1"}, {"upc": "2"}, {"upc": "1"})
    fakes = {"a": Fake(data), "x": Fake(failing), "y": Fake(late)}
    outcome = await run("{me{reviews{product{price inStock}}}}", steps, fakes)
    first, second = {"price": 3, "inStock": True}, {"price": None, "inStock": False}
    assert outcome.data == {"me": {"reviews": [{"product": first}, {"product": second}, {"product": first}]}}
    assert [path for path, _, _ in errors(outcome)] == [("me", "reviews", 1, "product", "price")]


async def test_what_was_collected_before_is_not_what_new_objects_need() -> None:
    """Two steps ask about the same paths; between them another one brings more objects there."""
    steps = [
        root(0, "a", "{me{id} topProducts{upc}}"),
        entities(1, "x", "{inStock}", (Key("topProducts"),), DEEP),
        entities(2, "b", "{reviews{product{upc}}}", (Key("me"),), typename="User", needs=(Need("id", "id"),)),
        entities(3, "y", "{price}", (Key("topProducts"),), DEEP, after=(1, 2)),
    ]
    fakes = {
        "a": Fake({"me": {"id": "u"}, "topProducts": [{"upc": "1"}]}),
        "x": Fake({"_entities": [{"inStock": True}]}),
        "b": Fake({"_entities": [{"reviews": [{"product": {"upc": "2"}}]}]}),
        "y": Fake({"_entities": [{"price": 1}, {"price": 2}]}),
    }
    outcome = await run("{topProducts{price inStock} me{reviews{product{price}}}}", steps, fakes)
    assert [each["upc"] for each in fakes["y"].asked[0].variables["r"]] == ["1", "2"]
    assert outcome.data == {
        "topProducts": [{"price": 1, "inStock": True}],
        "me": {"reviews": [{"product": {"price": 2}}]},
    }


ANSWERS_SHARED = [
    root(0, "a", "{me{id} users{id}}"),
    entities(
        1, "b", "{reviews{product{upc}}}", (Key("me"),), (Key("users"),), typename="User", needs=(Need("id", "id"),)
    ),
]
"""One answer goes to `me` and to the last of `users`, and one product is in both users' answers."""


def two_users() -> dict[str, Fake]:
    return {
        "a": Fake({"me": {"id": "2"}, "users": [{"id": "1"}, {"id": "2"}]}),
        "b": Fake({"_entities": [{"reviews": [{"product": {"upc": "7"}}]} for _ in range(2)]}),
    }


async def test_an_object_at_two_places_keeps_what_only_one_of_them_is_asked_for() -> None:
    async def late(_request: SubgraphRequest) -> dict[str, Any]:
        for _ in range(5):
            await asyncio.sleep(0)
        return {"_entities": [{"price": 3}]}

    steps = [
        *ANSWERS_SHARED,
        entities(2, "x", "{price}", (Key("me"), Key("reviews"), Key("product")), after=(1,)),
        entities(3, "y", "{inStock}", (Key("users"), Key("reviews"), Key("product")), after=(1,)),
    ]
    fakes = {**two_users(), "x": Fake(late), "y": Fake({"_entities": [{"inStock": True}]})}
    outcome = await run("{me{reviews{product{price}}} users{reviews{product{inStock}}}}", steps, fakes)
    assert outcome.errors == []
    assert outcome.data == {
        "me": {"reviews": [{"product": {"price": 3}}]},
        "users": [{"reviews": [{"product": {"inStock": True}}]}] * 2,
    }


async def test_an_error_is_reported_only_where_it_was_asked() -> None:
    def asked(alias: str, user: str) -> EntityInput:
        needs = Representation(frozenset({"Product"}), "Product", (Need("upc", "upc"),))
        return EntityInput(alias, alias, ((Key(user), Key("reviews"), Key("product")),), (needs,))

    document = "query($p:[_Any!]!,$q:[_Any!]!){p:_entities(representations:$p){...on Product{price}} q:_entities(representations:$q){...on Product{inStock}}}"
    step = root(2, "x", document, entities=(asked("p", "me"), asked("q", "users")), after=(1,))
    failed = SubgraphResponse({"p": [{"price": 3}], "q": [None]}, (SubgraphError("no", ("q", 0)),))
    outcome = await run(
        "{me{reviews{product{price}}} users{reviews{product{inStock}}}}",
        [*ANSWERS_SHARED, step],
        {**two_users(), "x": Fake(failed)},
    )
    assert outcome.data == {
        "me": {"reviews": [{"product": {"price": 3}}]},
        "users": [{"reviews": [{"product": {"inStock": None}}]}] * 2,
    }
    assert [path for path, *_ in errors(outcome)] == [
        ("users", index, "reviews", 0, "product", "inStock") for index in (0, 1)
    ]
