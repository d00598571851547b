"""Who a person is (PRSB: Person demographics; PDS and UK Core Patient)."""

from __future__ import annotations

from enum import Enum

import strawberry


@strawberry.enum(description="Administrative gender (FHIR Patient.gender).")
class Gender(Enum):
    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


@strawberry.federation.type(shareable=True, description="A name (FHIR HumanName).")
class HumanName:
    use: str | None = strawberry.field(default=None, description="usual, official, nickname and so on.")
    prefix: str | None = strawberry.field(default=None, description="Title.")
    given: list[str] = strawberry.field(default_factory=list, description="Given names in order.")
    family: str | None = strawberry.field(default=None, description="Family name.")
    text: str | None = strawberry.field(default=None, description="The whole name as it is written.")


@strawberry.federation.type(shareable=True, description="An address (FHIR Address).")
class Address:
    lines: list[str] = strawberry.field(default_factory=list, description="Street, town and county, line by line.")
    postcode: str | None = strawberry.field(default=None, description="Postcode.")


@strawberry.federation.type(shareable=True, description="A telephone number or e-mail address (FHIR ContactPoint).")
class ContactPoint:
    system: str | None = strawberry.field(default=None, description="phone, email and so on.")
    value: str | None = strawberry.field(default=None, description="The number or address.")
    use: str | None = strawberry.field(default=None, description="home, mobile, work.")
