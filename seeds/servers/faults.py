"""Latency and faults that can be switched on while a server runs, as plain ASGI middleware.

`POST /_faults` with {"kind": ..., "milliseconds": ...} sets what happens to every later request:

    none            answer as usual, after the configured latency
    down            503 with an OperationOutcome
    slow            answer after `milliseconds`
    throttled       429 with an OperationOutcome and Retry-After
    malformed       200 with JSON that breaks off
    html            200 with a web page
    hang            never answer
    wrong-patient   answer about somebody else (the server looks at `faults.kind`)
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

KINDS = ("none", "down", "slow", "throttled", "malformed", "html", "hang", "wrong-patient")


@dataclass(slots=True)
class Faults:
    """What goes wrong at present, and what has been asked (method and path, for tests)."""

    kind: str = "none"
    milliseconds: int = 0
    latency: int = 0
    asked: list[str] = field(default_factory=list)


class FaultMiddleware:
    """Wraps a server's application; `faults` is shared with it."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"] == "/_faults":
            await self._control(scope, receive, send)
            return
        faults = self.faults
        faults.asked.append(f"{scope['method']} {scope['path']}")
        await asyncio.sleep((faults.milliseconds if faults.kind == "slow" else faults.latency) / 1000)
        if faults.kind == "hang":
            await asyncio.sleep(3600)
        reply = _broken(faults.kind)
        await (reply or self.app)(scope, receive, send)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["method"] == "POST":
            wanted = json.loads(body)
            if wanted.get("kind", "none") not in KINDS:
                await JSONResponse({"error": f"kind is one of {', '.join(KINDS)}"}, 400)(scope, receive, send)
                return
            self.faults.kind = wanted.get("kind", "none")
            self.faults.milliseconds = int(wanted.get("milliseconds", 0))
            self.faults.asked.clear()
        facts = {"kind": self.faults.kind, "milliseconds": self.faults.milliseconds, "asked": self.faults.asked}
        await JSONResponse(facts)(scope, receive, send)


def _broken(kind: str) -> Response | None:
    if kind == "down":
        return JSONResponse(_outcome("transient"), 503, media_type="application/fhir+json")
    if kind == "throttled":
        return JSONResponse(_outcome("throttled"), 429, {"Retry-After": "5"}, media_type="application/fhir+json")
    if kind == "malformed":
        return Response(b'{"resourceType": "Bundle", "entry": [{"resource": {', 200, media_type="application/fhir+json")
    if kind == "html":
        return Response(b"<html><body>Sign in</body></html>", 200, media_type="text/html")
    return None


def _outcome(code: str) -> dict[str, object]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}
