"""The ASGI application: routes, lifespan, and the life of one request from bytes to bytes.

Plain ASGI throughout: one wrapper class of the usual kind costs more than everything else on this page.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from gateway.config import Config
from gateway.errors import Refusal
from gateway.graphiql.assets import read_bundle
from gateway.graphiql.examples import BUILT_IN, Example, read_examples
from gateway.graphiql.page import Pages
from gateway.health import Health
from gateway.http.body import ClientGone, Receive, check_content_type, params_of_body, params_of_query, read_body
from gateway.http.cors import CorsRules
from gateway.http.csrf import refuse_forged_get
from gateway.http.multipart import send_frames
from gateway.http.negotiate import GRAPHQL, JSON, Accepted, negotiate, wants_page
from gateway.http.protocol import WHOLE, Whole
from gateway.http.reply import HSTS, PRIVATE, Header, Send, send_answer, send_body, send_refusal
from gateway.identity.claims import RoleOfCode
from gateway.identity.denied import DeniedFile
from gateway.identity.issuers import Authenticator, trusted_issuers
from gateway.metrics import CONTENT_TYPE, Metrics
from gateway.operation.documents import TrustedDocuments, read_manifests
from gateway.operation.prepare import Operations
from gateway.pipeline import Complete, Engine, Frames, Params, RequestInfo
from gateway.settings import Settings
from policies.caller import Caller

Scope = MutableMapping[str, Any]
Handler = Callable[[Scope, Receive, Send], Awaitable[None]]

log = structlog.get_logger("gateway")

_REQUEST_ID = re.compile(rb"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
COLLECT_AFTER = (50_000, 20, 100)
"""Objects before the cycle collector looks at the young ones; and rounds of theirs before it looks at older ones."""
_PLAIN = Accepted(JSON)


@dataclass(slots=True)
class Exchange:
    """One GraphQL request while it is in hand. `begun`: something of an answer may have left."""

    headers: dict[bytes, bytes]
    extra: tuple[Header, ...]
    id: str
    started: float
    whole: Whole | None
    accepted: Accepted = _PLAIN
    begun: bool = False


class Identity(Protocol):
    """Who asks. `Authenticator` is the one that believes tokens."""

    async def caller(self, authorization: list[bytes]) -> Caller: ...

    def ready(self) -> bool: ...

    async def warm(self) -> None: ...

    async def close(self) -> None: ...


class Gateway:
    """The application. Give it its parts; it owns their start and their end."""

    def __init__(
        self,
        config: Config,
        engine: Engine,
        identity: Identity,
        operations: Operations,
        *,
        metrics: Metrics | None = None,
        examples: tuple[Example, ...] = (),
        more: Mapping[str, Handler] | None = None,
    ) -> None:
        self.config = config
        self.engine = engine
        self.identity = identity
        self.operations = operations
        self.metrics = metrics or Metrics()
        self.health = Health()
        self._cors = CorsRules(config.cors)
        self._always: tuple[Header, ...] = (HSTS,) if config.server.hsts else ()
        self._pages = Pages(read_bundle(), self._session) if config.server.graphiql else None
        self._examples = examples
        self._in_flight = 0
        self.metrics.watch_documents(lambda: operations.hits, lambda: operations.misses)
        self.metrics.in_flight.set_function(lambda: self._in_flight)
        self._routes: dict[str, Handler] = {"/graphql": self._graphql, "/health/live": self._live}
        self._routes["/health/ready"] = self._ready
        self._routes |= more or {}
        if config.server.metrics:
            self._routes["/metrics"] = self._metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            handler = self._routes.get(scope["path"])
            if handler is None and self._pages is not None and self._pages.serves(scope["path"]):
                handler = self._pages
            await (handler or self._nothing)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def start(self) -> None:
        await self.engine.start()
        await self.identity.warm()
        self.health.started = True

    async def close(self) -> None:
        self.health.draining = True
        await self.engine.close()
        await self.identity.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception:
            log.exception("start_failed")
            await send({"type": "lifespan.startup.failed", "message": "the gateway could not start; see its log"})
            return
        _settle_memory()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if scope["method"] in ("GET", "HEAD") and self._is_page(scope, headers) and self._pages is not None:
            await self._pages(scope, receive, send)
            return
        origin = headers.get(b"origin")
        identifier = _request_id(headers.get(b"x-request-id"))
        extra = (*self._always, *self._cors.headers(origin), (b"x-request-id", identifier.encode("ascii")))
        if scope["method"] == "OPTIONS":
            rules = (*self._always, (b"allow", b"GET, POST, OPTIONS"), *self._cors.preflight(origin))
            await send_body(send, 204, [*PRIVATE, *rules], b"")
            return
        loop = asyncio.get_running_loop()
        exchange = Exchange(headers, extra, identifier, loop.time(), scope.get("extensions", {}).get(WHOLE))
        self._in_flight += 1
        try:
            await self._serve(exchange, scope, receive, send)
        except ClientGone:
            self.metrics.requests.labels("CLIENT_GONE").inc()
        finally:
            self._in_flight -= 1
            self.metrics.seconds.observe(loop.time() - exchange.started)

    async def _serve(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the stages; whatever they refuse or break becomes one JSON answer with a stable code."""
        try:
            exchange.accepted = negotiate(exchange.headers.get(b"accept"))
            await self._run(exchange, scope, receive, send)
        except ClientGone:
            raise
        except Refusal as refusal:
            await self._refuse(exchange, refusal, send)
        except Exception:
            log.exception("request_failed", request_id=exchange.id)
            await self._refuse(exchange, Refusal("INTERNAL_ERROR"), send)

    async def _run(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        if self._in_flight > self.config.server.in_flight:
            raise Refusal("OVERLOADED", headers=(("retry-after", "1"),))
        read_only = scope["method"] == "GET"
        self._refuse_by_head(scope, exchange.headers)
        tokens = [value for name, value in scope["headers"] if name == b"authorization"]
        caller = await self.identity.caller(tokens)
        params = await self._params(scope, exchange.headers, receive)
        visible = self.engine.schema_for(caller)
        operation = self.operations.prepare(params, visible, caller.client, read_only=read_only)
        request = RequestInfo(exchange.id, exchange.started, exchange.accepted.incremental, exchange.headers)
        answer = await self.engine.answer(operation, caller, request)
        exchange.begun = True
        if isinstance(answer, Frames):
            await send_frames(send, receive, answer.parts, exchange.extra)
        else:
            await self._complete(answer, exchange, send)
        self.metrics.ok.inc()

    async def _complete(self, answer: Complete, exchange: Exchange, send: Send) -> None:
        if answer.errors:
            self.metrics.answers_with_errors.inc()
        await send_answer(send, answer.body, exchange.accepted.media_type, exchange.extra, exchange.whole)

    def _refuse_by_head(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        """What method and headers already rule out; strangers cost no more than this and a token check."""
        if b"access_token=" in scope.get("query_string", b""):
            raise Refusal("BAD_REQUEST", "Tokens belong into the Authorization header.")
        if scope["method"] == "POST":
            check_content_type(headers.get(b"content-type"), headers.get(b"content-encoding"))
        elif scope["method"] == "GET":
            refuse_forged_get(headers)
        else:
            raise Refusal("METHOD_NOT_ALLOWED", headers=(("allow", "GET, POST, OPTIONS"),))

    async def _params(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Params:
        limits = self.config.limits
        if scope["method"] == "GET":
            return params_of_query(scope.get("query_string", b""), limits)
        seconds = self.config.server.body_timeout_s
        return params_of_body(await read_body(receive, headers.get(b"content-length"), limits, seconds), limits)

    async def _refuse(self, exchange: Exchange, refusal: Refusal, send: Send) -> None:
        self.metrics.requests.labels(refusal.code.name).inc()
        if exchange.begun:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        status = await send_refusal(send, refusal, exchange.accepted.media_type, exchange.extra)
        log.info("request_refused", request_id=exchange.id, code=refusal.code.name, status=status)

    def _is_page(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        """A browser's navigation to `/graphql` without a query gets GraphiQL."""
        return (
            self._pages is not None
            and b"query=" not in scope.get("query_string", b"")
            and wants_page(headers.get(b"accept"))
        )

    async def _session(self, authorization: list[bytes]) -> dict[str, Any]:
        """What GraphiQL shows a caller: role, organisation, and the examples that fit the role's schema."""
        caller = await self.identity.caller(authorization)
        visible = self.engine.schema_for(caller)
        fitting = (example for example in self._examples if example.fits(caller.role, visible.schema))
        return {
            "role": caller.role,
            "organisation": caller.organisation,
            "introspection": visible.may_introspect,
            "examples": [{"query": example.query, "variables": example.variables} for example in fitting],
        }

    async def _live(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        status, body = self.health.live()
        await _send_json(send, status, body)

    async def _ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        conditions = {**self.engine.ready(), "identity": self.identity.ready()} if self.health.started else {}
        status, body = self.health.ready(conditions)
        await _send_json(send, status, body)

    async def _metrics(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers: list[Header] = [(b"content-type", CONTENT_TYPE.encode("ascii")), *PRIVATE]
        await send_body(send, 200, headers, self.metrics.page())

    async def _nothing(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_refusal(send, Refusal("NOT_FOUND"), GRAPHQL, self._always)


def create_gateway(
    settings: Settings,
    engine: Engine,
    roles: frozenset[str],
    role_of_code: RoleOfCode | None = None,
    metrics: Metrics | None = None,
    more: Mapping[str, Handler] | None = None,
) -> Gateway:
    """The application for a configuration, over an engine and the policy floor's table of roles.

    `more` are further paths with their handlers.
    Raises KeySetError, ManifestError or ValueError, each naming the file at fault.
    """
    config = settings.config
    metrics = metrics or Metrics()
    denied = config.identity.denied_tokens_file
    identity = Authenticator(
        trusted_issuers(settings),
        roles,
        role_of_code=role_of_code,
        denied=DeniedFile(settings.path(denied)) if denied else None,
        remember=config.identity.token_cache,
        on_refused=metrics.token_refused,
    )
    manifests = read_manifests(settings.path(name) for name in config.documents.manifests)
    operations = Operations(config.limits, TrustedDocuments(manifests, config.documents.required_for))
    folder = settings.path(config.server.graphiql_examples) if config.server.graphiql_examples else BUILT_IN
    return Gateway(config, engine, identity, operations, metrics=metrics, examples=read_examples(folder), more=more)


def _settle_memory() -> None:
    """Take what start-up built out of the collector's rounds: schema and plans live as long as the process. A record's
    thousands of objects are no reason to collect either: requests leave few cycles behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _send_json(send: Send, status: int, body: bytes) -> None:
    await send_body(send, status, [(b"content-type", b"application/json"), *PRIVATE], body)


def _request_id(given: bytes | None) -> str:
    """The caller's correlation id if it is a UUID, else our own: anything freer could carry an NHS number."""
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
