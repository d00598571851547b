"""GraphiQL from our own origin under a strict Content-Security-Policy.

The page holds no data and needs no token; the caller pastes one, it stays in the page's memory and travels as
`Authorization`, so there is nothing a foreign site could ride on. Nothing is written to the browser's storage.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.errors import Refusal
from gateway.graphiql.assets import Bundle
from gateway.http.body import Receive, as_json
from gateway.http.negotiate import JSON
from gateway.http.reply import PRIVATE, SECURITY, Header, Send, send_body, send_refusal

Scope = MutableMapping[str, Any]
Session = Callable[[list[bytes]], Awaitable[dict[str, Any]]]
"""Authorization headers → who the caller is and which examples fit. Raises Refusal."""

PAGE = "/graphiql"
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self' data:; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Editor themes need the nonce and inline style attributes; everything executable comes from files of ours."""

_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Joined-up record: GraphiQL</title>
<link rel="icon" href="{base}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{assets}/graphiql.css">
</head>
<body>
<div id="graphiql" nonce="{nonce}" data-endpoint="/graphql" data-session="{base}/session" data-assets="{assets}"></div>
<script type="module" src="{assets}/graphiql.js"></script>
</body>
</html>
"""
_WITHOUT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Joined-up record</title></head>
<body><h1>Joined-up record</h1><p>GraphiQL's files are not installed. Build them with
<code>npm ci &amp;&amp; node build.mjs</code> in <code>gateway/graphiql/ui</code>,
or POST GraphQL to <code>/graphql</code>.</p></body></html>
"""
_ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#005eb8"/>'
    b'<path d="M4 8h8M8 4v8" stroke="#fff" stroke-width="2.5"/></svg>'
)
_IMMUTABLE: Header = (b"cache-control", b"public, max-age=31536000, immutable")


class Pages:
    """Everything below `/graphiql`, and the page itself where `/graphql` hands a browser over."""

    def __init__(self, bundle: Bundle | None, session: Session) -> None:
        self._bundle = bundle
        self._session = session
        version = bundle.version if bundle else "none"
        self._assets = f"{PAGE}/assets/{version}"

    def serves(self, path: str) -> bool:
        return path == PAGE or path.startswith(f"{PAGE}/")

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        path = scope["path"]
        headers = dict(scope["headers"])
        if scope["method"] not in ("GET", "HEAD"):
            await send_refusal(send, Refusal("METHOD_NOT_ALLOWED", headers=(("allow", "GET"),)), JSON, ())
        elif path in (PAGE, "/graphql"):
            await self._page(send)
        elif path == f"{PAGE}/icon.svg":
            await send_body(send, 200, [(b"content-type", b"image/svg+xml"), *SECURITY], _ICON)
        elif path == f"{PAGE}/session":
            tokens = [value for name, value in scope["headers"] if name == b"authorization"]
            await self._who(send, tokens)
        else:
            await self._file(send, path, headers.get(b"accept-encoding", b""))

    async def _page(self, send: Send) -> None:
        nonce = secrets.token_urlsafe(18)
        html = _HTML.format(base=PAGE, assets=self._assets, nonce=nonce) if self._bundle else _WITHOUT
        headers: list[Header] = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-security-policy", _POLICY.format(nonce=nonce).encode("ascii")),
            (b"cache-control", b"no-store"),
            (b"vary", b"accept"),
            *SECURITY,
        ]
        await send_body(send, 200, headers, html.encode("utf-8"))

    async def _who(self, send: Send, tokens: list[bytes]) -> None:
        try:
            body = as_json(await self._session(tokens))
        except Refusal as refusal:
            await send_refusal(send, refusal, JSON, ())
            return
        await send_body(send, 200, [(b"content-type", b"application/json"), *PRIVATE], body)

    async def _file(self, send: Send, path: str, encodings: bytes) -> None:
        name = path.removeprefix(f"{self._assets}/")
        asset = self._bundle.files.get(name) if self._bundle else None
        if asset is None:
            await send_refusal(send, Refusal("NOT_FOUND"), JSON, ())
            return
        headers: list[Header] = [
            (b"content-type", asset.content_type),
            _IMMUTABLE,
            (b"vary", b"accept-encoding"),
            (b"content-security-policy", _worker_policy()),
            *SECURITY,
        ]
        if b"gzip" in encodings:
            await send_body(send, 200, [*headers, (b"content-encoding", b"gzip")], asset.gzipped)
        else:
            await send_body(send, 200, headers, asset.plain())


def _worker_policy() -> bytes:
    """A worker has the policy of its own file, not of the page: it may run, and reach nothing."""
    return b"default-src 'none'; script-src 'self'; frame-ancestors 'none'"
