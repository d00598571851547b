"""Care team and personal contacts (PRSB: Professional contacts, Personal contacts; UK Core CareTeam, RelatedPerson)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from resolvers.record.structs import record_type, says
from resolvers.record.values import Entry, Organisation, Period


@strawberry.enum(description="A professional, or somebody in the person's life.")
class ContactKind(Enum):
    PROFESSIONAL = "professional"
    PERSONAL = "personal"


@record_type(
    "Somebody who cares for the person, by profession or in their life (PRSB: Professional contacts, Personal "
    "contacts; UK Core CareTeam, RelatedPerson). `date` is when that began."
)
class CareTeamMember(Entry, gc=False):
    kind: Annotated[ContactKind, says("Professional or personal.")] = ContactKind.PROFESSIONAL
    name: Annotated[str | None, says("The name.")] = None
    role: Annotated[str | None, says("What they do, or how they are related.")] = None
    team: Annotated[str | None, says("The team they belong to.")] = None
    organisation: Annotated[Organisation | None, says("Where they work.")] = None
    telephone: Annotated[str | None, says("How to reach them.")] = None
    period: Annotated[Period | None, says("Since when and until when.")] = None
