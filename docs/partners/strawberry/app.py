"""A partner's subgraph in Python: equipment lent to people, added to Patient.

    pip install -r requirements.txt
    JOINUP_PUBLIC_KEY=gateway.pub.pem JOINUP_NAME=equipment uvicorn app:app --port 4001

Replace LOANS by your own database; keep the directives.
"""

import os
from pathlib import Path
from typing import NewType

import jwt
import strawberry
from strawberry.asgi import GraphQL
from strawberry.federation import schema_directive
from strawberry.schema.config import StrawberryConfig
from strawberry.schema_directive import Location

RECORD = "https://specs.joinup.example/record/v1.0"
PUBLIC_KEY = Path(os.environ["JOINUP_PUBLIC_KEY"]).read_bytes() if "JOINUP_PUBLIC_KEY" in os.environ else None
NAME = os.environ.get("JOINUP_NAME", "equipment")

LOANS = {
    "9990000026": [("walking-frame", "Walking frame", "2026-03-02", "For the way to the bathroom.")],
    "9990000093": [
        ("commode", "Commode", "2026-05-11", "While the stairs are unsafe."),
        ("alarm", "Pendant alarm", "2026-06-01", "Given after the MARAC about domestic abuse by her husband."),
    ],
    "9990000042": [("bed-rail", "Bed rail", "2026-01-20", "Left side of the bed.")],
}
"""Made-up people. The alarm's note is a sensitive matter: the gateway leaves that entry out."""

NHSNumber = NewType("NHSNumber", str)


@schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION], name="section", compose=True, import_url=RECORD
)
class Section:
    name: str


@schema_directive(locations=[Location.OBJECT], name="entry", compose=True, import_url=RECORD)
class Entry:
    text: list[str]


@strawberry.federation.type(directives=[Section(name="social_care"), Entry(text=["what", "since", "note"])])
class EquipmentLoan:
    """Something lent to the person, for use at home."""

    id: strawberry.ID
    what: str | None
    since: str | None
    note: str | None


@strawberry.federation.type(keys=["nhsNumber"])
class Patient:
    nhs_number: NHSNumber

    @strawberry.field(directives=[Section(name="social_care")])
    def equipment_loans(self) -> list[EquipmentLoan] | None:
        """Equipment on loan, in no order."""
        return [
            EquipmentLoan(id=strawberry.ID(f"equipment/{key}"), what=what, since=since, note=note)
            for key, what, since, note in LOANS[self.nhs_number]
        ]

    @classmethod
    def resolve_reference(cls, info: strawberry.Info, nhsNumber: str) -> "Patient | None":  # noqa: N803
        """Null for somebody whom you do not know: never an empty record."""
        if not is_from_gateway(info.context["request"].headers.get("joinup-context", "")):
            raise PermissionError("not from the gateway")
        return cls(nhs_number=NHSNumber(nhsNumber)) if nhsNumber in LOANS else None


def is_from_gateway(token: str) -> bool:
    """Whether the request carries the gateway's signed word. Its claims say who asks: role, organisation, purpose."""
    if PUBLIC_KEY is None:
        return True
    try:
        jwt.decode(token, PUBLIC_KEY, ["EdDSA"], audience=NAME, issuer="joinup")
    except jwt.PyJWTError:
        return False
    return True


schema = strawberry.federation.Schema(
    types=[Patient],
    federation_version="2.9",
    config=StrawberryConfig(
        scalar_map={NHSNumber: strawberry.scalar(name="NHSNumber", serialize=str, parse_value=str)}
    ),
)
app = GraphQL(schema, graphql_ide=None)
