"""Health, metrics and lifespan."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.gateway.kit import SmallEngine, authenticator, client, gateway, token


async def get(app: Any, path: str) -> Any:
    async with client(app, None) as http:
        return await http.get(path)


async def test_alive_is_not_yet_ready() -> None:
    app = gateway()
    assert (await get(app, "/health/live")).status_code == 200
    assert (await get(app, "/health/ready")).status_code == 503
    await app.start()
    assert (await get(app, "/health/ready")).json() == {
        "status": "ready",
        "checks": {"started": True, "serving": True, "supergraph": True, "identity": True},
    }


async def test_unready_while_draining() -> None:
    app = gateway()
    await app.start()
    app.health.draining = True
    reply = await get(app, "/health/ready")
    assert (reply.status_code, reply.json()["checks"]["serving"]) == (503, False)
    assert (await get(app, "/health/live")).status_code == 200


async def test_unready_without_the_engine_or_keys() -> None:
    engine = SmallEngine()
    engine.ready = lambda: {"supergraph": False}  # type: ignore[method-assign]
    app = gateway(engine)
    await app.start()
    assert (await get(app, "/health/ready")).status_code == 503
    identity = authenticator()
    identity._issuers = {}
    app = gateway(identity=identity)
    await app.start()
    assert (await get(app, "/health/ready")).json()["checks"]["identity"] is False


async def test_metrics_count_outcomes_without_names() -> None:
    app = gateway()
    async with client(app) as http:
        for query in ("{hello}", "{hello}", "{nope}", "{crash}"):
            await http.post("/graphql", json={"query": query})
        await http.post("/graphql", json={"query": "{hello}"}, headers={"authorization": f"Bearer {token(aud='x')}"})
        page = (await http.get("/metrics")).text
    assert 'joinup_requests_total{outcome="ok"} 3.0' in page
    assert 'joinup_requests_total{outcome="GRAPHQL_VALIDATION_FAILED"} 1.0' in page
    assert 'joinup_tokens_refused_total{reason="InvalidAudienceError"} 1.0' in page
    assert "joinup_answers_with_errors_total 1.0" in page
    assert 'joinup_documents_looked_up{found="yes"} 1.0' in page
    assert "joinup_requests_in_flight 0.0" in page
    assert "joinup_request_seconds_count 5.0" in page
    assert "dr-1" not in page


async def test_metrics_and_graphiql_can_be_closed() -> None:
    app = gateway(config={"server": {"metrics": False, "graphiql": False}})
    for path in ("/metrics", "/graphiql", "/graphiql/session"):
        assert (await get(app, path)).status_code == 404


async def run_lifespan(app: Any) -> list[str]:
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        assert "secret" not in str(message)

    for kind in ("lifespan.startup", "lifespan.shutdown"):
        incoming.put_nowait({"type": kind})
    await app({"type": "lifespan"}, incoming.get, send)
    return sent


async def test_lifespan_starts_and_ends_the_engine() -> None:
    engine, seen = SmallEngine(), []

    async def note(what: str) -> None:
        seen.append(what)

    engine.start = lambda: note("start")  # type: ignore[method-assign]
    engine.close = lambda: note("close")  # type: ignore[method-assign]
    assert await run_lifespan(gateway(engine)) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert seen == ["start", "close"]


async def test_engine_that_cannot_start_fails_the_start() -> None:
    engine = SmallEngine()

    async def fail() -> None:
        raise RuntimeError("secret")

    engine.start = fail  # type: ignore[method-assign]
    assert await run_lifespan(gateway(engine)) == ["lifespan.startup.failed"]


async def test_websockets_are_closed() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await gateway()({"type": "websocket", "path": "/graphql"}, receive, send)
    assert sent == ["websocket.close"]
