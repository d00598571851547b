"""A council's adult social care interface: our JSON shape, version 1."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seeds.organisations import Seeded
from seeds.people import Somebody
from seeds.render_social import document
from seeds.servers.faults import Faults


def application(council: Seeded, everybody: Iterable[Somebody], faults: Faults) -> Starlette:
    """The interface as an ASGI application. It answers for everybody who lives in the borough."""
    residents = {person.nhs_number: person for person in everybody if person.council == council.id}

    async def read(request: Request) -> Response:
        person = residents.get(request.path_params["number"])
        if person is None:
            return JSONResponse({"code": "person-not-known"}, 404)
        if faults.kind == "wrong-patient":
            person = next(other for other in residents.values() if other is not person)
        include = frozenset(name for name in request.query_params.get("include", "").split(",") if name)
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return JSONResponse(document(council, person, include, now))

    return Starlette(routes=[Route("/v1/people/{number}/adult-social-care", read)])
