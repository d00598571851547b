"""Subgraphs over HTTP that misbehave: each fault is typed, nothing of it leaks, the rest of the answer is intact."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse

from gateway.federation.execute import Executor, Outcome
from gateway.federation.fetcher import FetchFailure, SubgraphRequest
from gateway.federation.http_fetcher import HttpFetcher, Sending, read_reply
from gateway.federation.plan import QueryPlan
from gateway.federation.prepared import Prepared
from resolvers.sources.upstream import Failure, Reply, UpstreamError
from tests.federation.test_execute import SCHEMA, STOCK, TOP, Fake, errors, top

JSON = {"content-type": "application/json; charset=utf-8"}
SECRET = "Mr Smith 9990000018"


class Recorded:
    """An upstream that answers as told and remembers what was sent."""

    base_url = "https://partner.test/graphql"

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.sent: list[dict[str, Any]] = []

    async def send(self, method: str, path: str, **given: Any) -> Reply:
        self.sent.append({"method": method, "path": path, **given})
        if isinstance(self.answer, Exception):
            raise self.answer
        if callable(self.answer):
            return await self.answer()  # type: ignore[no-any-return]
        return self.answer  # type: ignore[no-any-return]


def reply(body: Any, status: int = 200, headers: Mapping[str, str] = JSON) -> Reply:
    return Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)


def over(upstream: Recorded, share: str | None = None, **more: Any) -> HttpFetcher:
    return HttpFetcher({"inventory": upstream}, lambda _request, _context: Sending(5.0, {"x-who": "me"}, share), **more)


async def joined(upstream: Recorded, **more: Any) -> Outcome:
    """A query over a good subgraph and the one under test."""
    prepared = Prepared(QueryPlan("query", (TOP, STOCK)), SCHEMA, parse("{topProducts{name inStock}}"))
    fetchers = {"products": Fake(top("1", "2")), "inventory": over(upstream, **more)}
    return await Executor(fetchers).run(prepared, {}, None)


async def test_a_good_answer_is_joined() -> None:
    upstream = Recorded(reply({"data": {"_entities": [{"inStock": True}, {"inStock": False}]}}))
    outcome = await joined(upstream)
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": True}, {"name": "2", "inStock": False}]}
    sent = upstream.sent[0]
    assert (sent["method"], sent["path"], sent["deadline"], sent["idempotent"]) == ("POST", "", 5.0, True)
    assert sent["headers"]["x-who"] == "me"
    assert sent["headers"]["content-type"] == "application/json"
    assert set(json.loads(sent["content"])) == {"query", "variables"}


BAD = {
    "HTML": (reply(f"<html>{SECRET}</html>".encode(), headers={"content-type": "text/html"}), "SOURCE_MALFORMED"),
    "HTML that claims to be JSON": (reply(f"<html>{SECRET}".encode()), "SOURCE_MALFORMED"),
    "no content type": (reply({"data": {}}, headers={}), "SOURCE_MALFORMED"),
    "status 500": (reply({"data": None, "errors": [{"message": SECRET}]}, 500), "SOURCE_UNAVAILABLE"),
    "status 429": (reply({"error": SECRET}, 429), "SOURCE_UNAVAILABLE"),
    "status 401": (reply({"error": SECRET}, 401), "SOURCE_REFUSED"),
    "status 403": (reply({"error": SECRET}, 403), "SOURCE_REFUSED"),
    "status 404": (reply({"error": SECRET}, 404), "SOURCE_MALFORMED"),
    "a redirect": (reply(b"", 302), "SOURCE_MALFORMED"),
    "truncated JSON": (reply(b'{"data":{"_entities":[{"inStock":tr'), "SOURCE_MALFORMED"),
    "an empty body": (reply(b""), "SOURCE_MALFORMED"),
    "trailing text": (reply(b'{"data":{"_entities":[]}} x'), "SOURCE_MALFORMED"),
    "text that is no UTF-8": (reply(b'{"data":{"x":"\xff"}}'), "SOURCE_MALFORMED"),
    "a list": (reply([1]), "SOURCE_MALFORMED"),
    "a string": (reply(SECRET), "SOURCE_MALFORMED"),
    "no data and no errors": (reply({}), "SOURCE_MALFORMED"),
    "data of a wrong type": (reply({"data": [1]}), "SOURCE_MALFORMED"),
    "errors of a wrong type": (reply({"data": {}, "errors": SECRET}), "SOURCE_MALFORMED"),
    "errors that are texts": (reply({"data": {}, "errors": [SECRET]}), "SOURCE_MALFORMED"),
    "data null and no errors": (reply({"data": None}), "SOURCE_MALFORMED"),
    "errors alone": (reply({"errors": [{"message": SECRET}]}), "SOURCE_ERROR"),
    "too few entities": (reply({"data": {"_entities": [{"inStock": True}]}}), "SOURCE_MALFORMED"),
    "too many entities": (reply({"data": {"_entities": [{"inStock": True}] * 3}}), "SOURCE_MALFORMED"),
    "entities that are no list": (reply({"data": {"_entities": {"0": {}}}}), "SOURCE_MALFORMED"),
    "no entities": (reply({"data": {}}), "SOURCE_MALFORMED"),
    "nesting without end": (reply(b'{"data":' + b"[" * 100_000), "SOURCE_MALFORMED"),
    "a deep object": (reply(b'{"data":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"), "SOURCE_MALFORMED"),
    "never answers": (UpstreamError(Failure.TIMED_OUT, "total"), "SOURCE_TIMEOUT"),
    "closes mid-body": (UpstreamError(Failure.UNAVAILABLE, "closed"), "SOURCE_UNAVAILABLE"),
    "a body beyond the cap": (UpstreamError(Failure.MALFORMED, "too large"), "SOURCE_MALFORMED"),
    "a transport's own fault": (ZeroDivisionError(SECRET), "INTERNAL_ERROR"),
}


@pytest.mark.parametrize("fault", BAD)
async def test_a_faulty_subgraph_costs_its_own_fields(fault: str) -> None:
    answer, code = BAD[fault]
    outcome = await joined(Recorded(answer))
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": None}, {"name": "2", "inStock": None}]}
    lost = [error for error in errors(outcome) if error[0] is not None]
    assert lost == [(("topProducts", index, "inStock"), code, "inventory") for index in (0, 1)]
    written = str([error.to_json() for error in outcome.errors])
    assert "Smith" not in written
    assert "9990000018" not in written


async def test_a_body_larger_than_the_cap_is_refused() -> None:
    body = {"data": {"_entities": [{"inStock": True, "pad": "x" * 2000}, {"inStock": True}]}}
    outcome = await joined(Recorded(reply(body)), max_body=1000)
    assert {code for _path, code, _service in errors(outcome)} == {"SOURCE_MALFORMED"}
    assert (await joined(Recorded(reply(body)), max_body=10_000)).errors == []


async def test_a_wrong_scalar_type_costs_that_value() -> None:
    body = {"data": {"_entities": [{"inStock": "yes"}, {"inStock": True}]}}
    outcome = await joined(Recorded(reply(body)))
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": None}, {"name": "2", "inStock": True}]}
    assert errors(outcome) == [(("topProducts", 0, "inStock"), "SOURCE_INVALID", "inventory")]


async def test_entities_of_wrong_types_cost_themselves() -> None:
    body = {"data": {"_entities": ["x", {"inStock": True}]}}
    outcome = await joined(Recorded(reply(body)))
    assert outcome.data == {"topProducts": [{"name": "1", "inStock": None}, {"name": "2", "inStock": True}]}


def test_errors_of_any_shape_are_read() -> None:
    odd = [{"message": 5, "path": "x", "extensions": []}, {}, {"path": [{}, None, 1.5]}]
    response = read_reply(reply({"data": {}, "errors": odd}))
    assert [(error.message, error.path, error.extensions) for error in response.errors] == [
        ("", None, {}),
        ("", None, {}),
        ("", ({}, None, 1.5), {}),
    ]


def test_a_graphql_response_with_an_error_status_is_read() -> None:
    body = {"errors": [{"message": "x"}]}
    headers = {"content-type": "application/graphql-response+json"}
    assert read_reply(reply(body, 400, headers)).data is None
    with pytest.raises(FetchFailure):
        read_reply(reply(body, 400))


async def test_a_subgraph_without_an_upstream_is_unavailable() -> None:
    with pytest.raises(FetchFailure) as caught:
        await over(Recorded(None)).fetch(SubgraphRequest("other", "{a}", None, {}, "query"), None)
    assert caught.value.failure is Failure.UNAVAILABLE


async def test_a_mutation_is_not_sent_twice_or_shared() -> None:
    upstream = Recorded(reply({"data": {"a": 1}}))
    fetcher = over(upstream, share="me")
    request = SubgraphRequest("inventory", "mutation{a}", None, {}, "mutation")
    await asyncio.gather(fetcher.fetch(request, None), fetcher.fetch(request, None))
    assert [sent["idempotent"] for sent in upstream.sent] == [False, False]


class Slow(Recorded):
    def __init__(self) -> None:
        super().__init__(self.later)
        self.release = asyncio.Event()
        self.cancelled = False

    async def later(self) -> Reply:
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return reply({"data": {"a": [1]}})


REQUEST = SubgraphRequest("inventory", "query($v:Int){a}", None, {"v": 1}, "query")


async def test_identical_requests_of_one_caller_share_a_call() -> None:
    upstream = Slow()
    fetcher = over(upstream, share="me")
    tasks = [asyncio.ensure_future(fetcher.fetch(REQUEST, None)) for _ in range(3)]
    await asyncio.sleep(0)
    upstream.release.set()
    first, second, _third = await asyncio.gather(*tasks)
    assert len(upstream.sent) == 1
    assert first.data == second.data
    assert first.data is not second.data
    await fetcher.fetch(REQUEST, None)
    assert len(upstream.sent) == 2


async def test_what_differs_is_not_shared() -> None:
    upstream = Slow()
    upstream.release.set()
    other = SubgraphRequest("inventory", "query($v:Int){a}", None, {"v": 2}, "query")
    mine = HttpFetcher({"inventory": upstream}, lambda _request, who: Sending(5.0, {}, who))
    await asyncio.gather(mine.fetch(REQUEST, "a"), mine.fetch(REQUEST, "b"), mine.fetch(other, "a"))
    await asyncio.gather(mine.fetch(REQUEST, None), mine.fetch(REQUEST, None))
    assert len(upstream.sent) == 5


async def test_a_waiter_that_leaves_does_not_take_the_call_along() -> None:
    upstream = Slow()
    fetcher = over(upstream, share="me")
    leaving, staying = (asyncio.ensure_future(fetcher.fetch(REQUEST, None)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    upstream.release.set()
    assert (await staying).data == {"a": [1]}
    assert not upstream.cancelled


async def test_the_last_waiter_takes_the_call_along() -> None:
    upstream = Slow()
    fetcher = over(upstream, share="me")
    task = asyncio.ensure_future(fetcher.fetch(REQUEST, None))
    await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert upstream.cancelled


async def test_a_shared_failure_reaches_every_waiter() -> None:
    upstream = Recorded(UpstreamError(Failure.TIMED_OUT))
    fetcher = over(upstream, share="me")
    results = await asyncio.gather(*[fetcher.fetch(REQUEST, None) for _ in range(2)], return_exceptions=True)
    assert [type(result) for result in results] == [FetchFailure, FetchFailure]
    assert len(upstream.sent) == 1
