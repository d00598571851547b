"""Which plans have a typed tree, when they get it, and what is one object in it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from graphql import parse

from gateway.federation.execute import Executor
from gateway.federation.plan import FetchStep, GatePoint, Key, Need, NeedOn, QueryPlan, Rename
from gateway.federation.prepared import AGAIN, Prepared
from gateway.federation.typed import typed_plan
from tests.federation.test_execute import DEEP, REVIEWS, SCHEMA, STOCK, TOP, Fake, entities, reviewed, root, top

QUERY = "{topProducts{name inStock}}"


async def test_an_operation_is_compiled_once_it_has_come_often() -> None:
    prepared = Prepared(QueryPlan("query", (TOP, STOCK)), SCHEMA, parse(QUERY))
    products = Fake(top("1"))
    executor = Executor({"products": products, "inventory": Fake({"_entities": [{"inStock": True}]})})
    for _ in range(AGAIN + 1):
        await executor.run(prepared, {}, None, encodable=True)
    assert [each.decoder is None for each in products.asked] == [True] * AGAIN + [False]


async def test_an_answer_that_is_to_be_read_stays_a_dict() -> None:
    prepared = Prepared(QueryPlan("query", (TOP, STOCK)), SCHEMA, parse(QUERY))
    products = Fake(top("1"))
    executor = Executor({"products": products, "inventory": Fake({"_entities": [{"inStock": True}]})})
    for _ in range(AGAIN + 1):
        outcome = await executor.run(prepared, {}, None)
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": True}]}


def plan(*steps: FetchStep) -> Any:
    return typed_plan(QueryPlan("query", steps), SCHEMA)


NESTED = (Need("upc", "upc"), Need("brand", "brand", (Need("id", "id"),)))
OTHERS: dict[str, tuple[FetchStep, ...]] = {
    "a gate": (root(0, "a", "{me{id}}", gates=(GatePoint((), frozenset({"User"}), "g", ()),)),),
    "a private alias": (root(0, "a", "{me{_p0:id}}", renames=(Rename((), None, "_p0", "id"),)),),
    "an interface": (root(0, "a", "{node{id}}"),),
    "a part of one": (root(0, "a", "{node{...on User{id}}}"),),
    "arguments that differ": (root(0, "a", "{me{a:name(x:1)}}"), root(1, "b", "{users{a:name(x:2)}}")),
    "an object in a key": (TOP, entities(1, "x", "{price}", (Key("topProducts"),), needs=NESTED)),
    "needs by type": (
        TOP,
        entities(1, "x", "{price}", (Key("topProducts"),), needs=(NeedOn(frozenset({"Product"}), (Need("u", "u"),)),)),
    ),
    "a root below the root": (root(0, "a", "{me{id}}", root=(Key("again"),)),),
}


@pytest.mark.parametrize("steps", OTHERS.values(), ids=OTHERS)
def test_what_only_dicts_can_do_is_left_to_them(steps: tuple[FetchStep, ...]) -> None:
    assert plan(*steps) is None


def test_objects_of_which_nothing_but_the_key_is_told_become_one() -> None:
    made = plan(root(0, "a", "{me{reviews{id product{upc}}}}"), entities(1, "x", "{name}", DEEP))
    data = _tree(made, reviewed({"upc": "1"}, {"upc": "2"}, {"upc": "1"}))
    sent, users = made.steps[1].entities[0].collect(data)
    first, _, third = (each.f_product for each in data.f_me.f_reviews)
    assert [each["upc"] for each in sent] == ["1", "2"]
    assert [len(each) for each in users] == [1, 1]
    assert first is third


def test_objects_of_which_more_is_told_do_not() -> None:
    made = plan(root(0, "a", REVIEWS), entities(1, "x", "{name}", DEEP))
    data = _tree(made, reviewed({"upc": "1", "price": 1}, {"upc": "1", "price": 1}))
    _, users = made.steps[1].entities[0].collect(data)
    first, second = (each.f_product for each in data.f_me.f_reviews)
    assert first is not second
    assert users == [[first, second]]


def _tree(made: Any, data: dict[str, Any]) -> Any:
    tree = made.root()
    read = made.steps[0].decoder.decode(msgspec.json.encode({"data": data})).data
    for name in read.__struct_fields__:
        setattr(tree, name, getattr(read, name))
    return tree
