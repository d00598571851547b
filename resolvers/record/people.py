"""Who a person is (PRSB: Person demographics; PDS and UK Core Patient)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
import strawberry

from resolvers.record.structs import record_type, says


@strawberry.enum(description="Administrative gender (FHIR Patient.gender).")
class Gender(Enum):
    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


@record_type("A name (FHIR HumanName).", shareable=True)
class HumanName(msgspec.Struct, gc=False):
    use: Annotated[str | None, says("usual, official, nickname and so on.")] = None
    prefix: Annotated[str | None, says("Title.")] = None
    given: Annotated[list[str], says("Given names in order.")] = []
    family: Annotated[str | None, says("Family name.")] = None
    text: Annotated[str | None, says("The whole name as it is written.")] = None


@record_type("An address (FHIR Address).", shareable=True)
class Address(msgspec.Struct, gc=False):
    lines: Annotated[list[str], says("Street, town and county, line by line.")] = []
    postcode: Annotated[str | None, says("Postcode.")] = None


@record_type("A telephone number or e-mail address (FHIR ContactPoint).", shareable=True)
class ContactPoint(msgspec.Struct, gc=False):
    system: Annotated[str | None, says("phone, email and so on.")] = None
    value: Annotated[str | None, says("The number or address.")] = None
    use: Annotated[str | None, says("home, mobile, work.")] = None
