"""A partner borough's own subgraph: falls and housing adaptations, added to Patient (Apollo Federation 2, Strawberry).

It stands for a system in any language that the gateway did not write: it is reached over HTTP only, and says of its
fields what docs/decisions/0002-partner-classification.md asks. With the gateway's public key it answers nobody who
does not bring the gateway's signed word on who asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NewType

import jwt
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.federation import schema_directive
from strawberry.schema.config import StrawberryConfig
from strawberry.schema_directive import Location

from seeds.falls import adaptations, assessments
from seeds.organisations import Seeded
from seeds.people import Somebody
from seeds.servers.faults import Faults

SPECIFICATION = "https://specs.joinup.example/record/v1.0"
CONTEXT_HEADER = "joinup-context"
EVERY_ALGORITHM = ["EdDSA"]

NHSNumber = NewType("NHSNumber", str)
NHS_NUMBER = strawberry.scalar(
    name="NHSNumber",
    specified_by_url="https://www.datadictionary.nhs.uk/attributes/nhs_number.html",
    serialize=str,
    parse_value=str,
)


@schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION], name="section", compose=True, import_url=SPECIFICATION
)
class Section:
    name: str


@schema_directive(locations=[Location.OBJECT], name="entry", compose=True, import_url=SPECIFICATION)
class Entry:
    text: list[str]


FALLS = Section(name="falls")


@strawberry.federation.type(
    description="A falls assessment by the boroughs' falls service.",
    directives=[FALLS, Entry(text=["madeOn", "risk", "summary"])],
)
class FallsAssessment:
    id: strawberry.ID
    made_on: str | None = strawberry.field(description="The day, as 2026-11-22.")
    risk: str | None = strawberry.field(description="low, medium or high.")
    summary: str | None = strawberry.field(description="What was found and advised.")


@strawberry.federation.type(
    description="An adaptation of the home that the boroughs' housing teams fitted.",
    directives=[FALLS, Entry(text=["what", "fittedOn"])],
)
class HousingAdaptation:
    id: strawberry.ID
    what: str | None = strawberry.field(description="What was fitted.")
    fitted_on: str | None = strawberry.field(description="The day, as 2026-11-22.")


@dataclass(frozen=True, slots=True)
class Register:
    """Whom the service knows, as of which day."""

    people: dict[str, Somebody]
    today: date


@strawberry.federation.type(keys=["nhsNumber"])
class Patient:
    nhs_number: NHSNumber
    known: strawberry.Private[Somebody]
    today: strawberry.Private[date]

    @strawberry.field(description="Falls assessments, newest first.", directives=[FALLS])  # type: ignore[untyped-decorator]
    def falls_assessments(self) -> list[FallsAssessment] | None:
        return [
            FallsAssessment(id=strawberry.ID(one.id), made_on=one.made.isoformat(), risk=one.risk, summary=one.summary)
            for one in assessments(self.known, self.today)
        ]

    @strawberry.field(description="Adaptations of the home, newest first.", directives=[FALLS])  # type: ignore[untyped-decorator]
    def housing_adaptations(self) -> list[HousingAdaptation] | None:
        return [
            HousingAdaptation(id=strawberry.ID(one.id), what=one.what, fitted_on=one.fitted.isoformat())
            for one in adaptations(self.known, self.today)
        ]

    @classmethod
    def resolve_reference(cls, info: strawberry.Info[dict[str, Any], None], nhsNumber: str) -> Patient | None:  # noqa: N803
        """The person, or nobody. Strawberry hands the key over by its GraphQL name."""
        context = info.context
        if not context["admitted"]:
            raise PermissionError("the gateway's signed context is missing")
        register: Register = context["register"]
        person = register.people.get(nhsNumber)
        if person is None:
            return None
        return cls(nhs_number=NHSNumber(nhsNumber), known=person, today=register.today)


SCHEMA = strawberry.federation.Schema(
    types=[Patient],
    federation_version="2.9",
    config=StrawberryConfig(scalar_map={NHSNumber: NHS_NUMBER}),
)


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Believes the gateway's signed context for one subgraph; without a key it believes everybody."""

    audience: str
    public_key: bytes | None

    def admits(self, request: Request) -> bool:
        if self.public_key is None:
            return True
        try:
            jwt.decode(
                request.headers.get(CONTEXT_HEADER, ""), self.public_key, EVERY_ALGORITHM, audience=self.audience
            )
        except jwt.PyJWTError:
            return False
        return True


class Service(GraphQL[dict[str, Any], None]):
    """The subgraph's endpoint: each request gets the register and whether it was introduced."""

    def __init__(self, register: Register, doorkeeper: Doorkeeper) -> None:
        super().__init__(SCHEMA, graphql_ide=None)
        self._register = register
        self._doorkeeper = doorkeeper

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"register": self._register, "admitted": self._doorkeeper.admits(request)}


def application(
    organisation: Seeded, everybody: Iterable[Somebody], _faults: Faults, public_key: bytes | None = None
) -> Starlette:
    """The subgraph as an ASGI application. It knows everybody who lives in the five boroughs."""
    register = Register({person.nhs_number: person for person in everybody}, datetime.now(UTC).date())
    service = Service(register, Doorkeeper(organisation.id, public_key))
    return Starlette(routes=[Route("/graphql", service, methods=["GET", "POST"])])
