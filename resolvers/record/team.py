"""Care team and personal contacts (PRSB: Professional contacts, Personal contacts; UK Core CareTeam, RelatedPerson)."""

from __future__ import annotations

from enum import Enum

import strawberry

from resolvers.record.values import Entry, Organisation, Period


@strawberry.enum(description="A professional, or somebody in the person's life.")
class ContactKind(Enum):
    PROFESSIONAL = "professional"
    PERSONAL = "personal"


@strawberry.type(
    description="Somebody who cares for the person, by profession or in their life (PRSB: Professional contacts, Personal "
    "contacts; UK Core CareTeam, RelatedPerson). `date` is when that began."
)
class CareTeamMember(Entry):
    kind: ContactKind = strawberry.field(default=ContactKind.PROFESSIONAL, description="Professional or personal.")
    name: str | None = strawberry.field(default=None, description="The name.")
    role: str | None = strawberry.field(default=None, description="What they do, or how they are related.")
    team: str | None = strawberry.field(default=None, description="The team they belong to.")
    organisation: Organisation | None = strawberry.field(default=None, description="Where they work.")
    telephone: str | None = strawberry.field(default=None, description="How to reach them.")
    period: Period | None = strawberry.field(default=None, description="Since when and until when.")
